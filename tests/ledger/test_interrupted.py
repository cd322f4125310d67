"""The lab's process is killed at every point, building and cleaning, against a real labs cloud: nothing is lost."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from labs.ledger import cleanup, kinds
from labs.ledger.kind import Kind
from labs.ledger.ledger import Ledger
from labs.session import Target, connect
from labs.session.local import Cloud
from tests.ledger import whole_lab


@pytest.fixture
def target(on_local_aws: Cloud) -> Iterator[Target]:
    found = connect()
    for kind in kinds.known():
        # Their models are read once, here, and not again in every child.
        found.client(kind.service)
    yield found
    cleanup.clean(found, quiet)


def quiet(_line: str) -> None:
    pass


def named(name: str) -> Kind:
    kind = kinds.known().named(name)
    assert kind is not None
    return kind


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], object]) -> bool:
    """Whether ``work``, in a process of its own, was killed; False when it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    assert os.WEXITSTATUS(status) == 0, "the child has failed; its traceback is above"
    return False


def build_until_written_down(target: Target, kind: Kind) -> None:
    """Killed after the intention is in the ledger, before the call is sent."""
    intend = Ledger.intend

    def stop(self: Ledger, name: str, *rest: object) -> int:
        n = intend(self, name, *rest)  # type: ignore[arg-type]
        if name == kind.name:
            die()
        return n

    Ledger.intend = stop  # type: ignore[method-assign,assignment]
    whole_lab.build_one_of_each(target)


def build_until_answered(target: Target, kind: Kind) -> None:
    """Killed when the account has made it and answered, before the ledger has heard of it."""
    created = Ledger.created

    def stop(self: Ledger, n: int, id: str = "") -> None:
        if any(entry.n == n and entry.kind == kind.name for entry in self.entries()):
            die()
        created(self, n, id)

    Ledger.created = stop  # type: ignore[method-assign]
    whole_lab.build_one_of_each(target)


@pytest.mark.parametrize("kind", tuple(kinds.known()), ids=lambda kind: kind.name)
@pytest.mark.parametrize("build", [build_until_written_down, build_until_answered])
def test_a_build_killed_at_any_resource_is_taken_back_whole(
    target: Target, kind: Kind, build: Callable[[Target, Kind], None]
) -> None:
    assert killed(lambda: build(target, kind))
    before = target.ledger.entries()
    told: list[str] = []
    receipt = cleanup.clean(target, told.append)
    assert receipt.left == ()
    # The one whose answer was lost is completed, not entered a second time.
    assert len(target.ledger.entries()) == len(before)
    # A task without an image may have stopped by itself before it was looked for: that leaves nothing to take back.
    lost = build is build_until_written_down or (kind.name == "ecs task" and receipt.created < len(before))
    assert receipt.created == receipt.gone == len(before) - lost, "\n".join(told)


def clean_until(target: Target, deleted: bool) -> Callable[[], object]:
    """A cleaning killed at its first delete: before it is sent, or when it is done and the ledger not told."""

    def work() -> None:
        delete = Kind.delete

        def stop(kind: Kind, client: object, id: str) -> None:
            if deleted:
                delete(kind, client, id)
            die()

        Kind.delete = stop  # type: ignore[method-assign]
        cleanup.clean(target, quiet)

    return work


def test_a_cleaning_killed_at_every_delete_still_ends_with_nothing_left(target: Target) -> None:
    whole_lab.build_one_of_each(target)
    built = len(target.ledger.entries())
    kills = 0
    while killed(clean_until(target, deleted=kills % 3 != 0)):
        kills += 1
        assert kills < 3 * built
    # Every resource was the one at which a process died; the last receipt found nothing to delete.
    assert kills >= built
    receipt = cleanup.clean(target, quiet)
    assert (receipt.created, receipt.gone, receipt.left) == (built, built, ())


def test_a_ledger_lost_after_a_kill_loses_no_tagged_resource(target: Target) -> None:
    assert killed(lambda: build_until_answered(target, named("ecs service")))
    target.ledger.file.unlink()
    receipt = cleanup.clean(replace(target), quiet)
    assert receipt.left == ()
    # The rest has no tags of its own and went with its table or role; the task may have ended by itself.
    found = {entry.kind for entry in target.ledger.entries()} | {"ecs task"}
    assert found == {kind.name for kind in kinds.known()} - whole_lab.UNTAGGED - whole_lab.LEDGER_ALONE
    target.session.client("ecr").delete_repository_creation_template(prefix=whole_lab.template(target))
