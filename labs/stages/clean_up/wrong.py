"""Known mistakes of stage 07."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from labs.ledger.names import KIT_TAG, OWNER_TAG
from labs.lesson.bench import Bench
from labs.lesson.cleaning import clean
from labs.lesson.eventual import answering
from labs.lesson.stage import Wrong
from labs.stages.clean_up.solve import solve
from labs.subjects.push import lab_repository
from labs.subjects.tasks.execution_policy import TRUST


def _nothing(_: Bench) -> None:
    """The notebook was opened, nothing was run."""


def _untagged(bench: Bench) -> None:
    """Somebody took the lab's tag off a role: cleaning leaves what it cannot know to be the lab's."""
    target = bench.target
    name = target.names.role("forgotten")
    bench.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    bench.client("iam").untag_role(RoleName=name, TagKeys=[KIT_TAG])
    clean(bench, lambda _line: None)
    # By hand, as the receipt asks: the next cleaning finds nothing.
    bench.client("iam").delete_role(RoleName=name)


def _stray(**tags: Callable[[Bench], str]) -> Callable[[Bench], Bench]:
    """A role that was made past the kit, in the console: it has the lab's name and some or none of its tags."""

    def do(bench: Bench) -> Bench:
        solve(bench)
        target = bench.target
        iam: Any = target.session.client("iam", endpoint_url=target.endpoint or None)
        name = target.names.role("stray")
        given = [{"Key": key, "Value": value(bench)} for key, value in tags.items()]
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=given)

        def once(answer: Mapping[str, Any]) -> Mapping[str, Any]:
            # Seen by the check, it is taken away: this stage's reset only forgets.
            if answer["Role"]["RoleName"] == name:
                iam.delete_role(RoleName=name)
            return answer

        return answering(bench, "iam", "get_role", once)

    return do


def _made_since(bench: Bench) -> None:
    solve(bench)
    lab_repository.create(bench)


WRONG = (
    Wrong("nothing was run", "clean.no_receipt", _nothing),
    Wrong("a role without the lab's tag", "clean.left", _untagged),
    Wrong("a role with the lab's name and no tags", "clean.unclaimed", _stray()),
    Wrong(
        "a role with the kit's tag and no owner",
        "clean.unclaimed",
        _stray(**{KIT_TAG: lambda bench: bench.target.prefix}),
    ),
    Wrong("a role of somebody else's", "clean.pass", _stray(**{OWNER_TAG: lambda _: "bob"})),
    Wrong("something was made afterwards", "clean.made_since", _made_since),
)
