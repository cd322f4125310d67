"""labs sweep against a real labs cloud: what is past its time goes, whoever's it is; nothing else does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labs import cli
from labs.ledger import cleanup, sweep
from labs.ledger.names import stamp
from labs.session import Target, connect
from labs.session import target as targets
from labs.session.local import Cloud
from tests.ledger import whole_lab


def quiet(_line: str) -> None:
    pass


PAST = stamp(datetime.now(UTC) - timedelta(hours=1))
FUTURE = stamp(datetime.now(UTC) + timedelta(hours=5))


@pytest.fixture
def target(on_local_aws: Cloud) -> Iterator[Target]:
    found = connect()
    yield found
    cleanup.clean(found, quiet)


@pytest.fixture
def ecr(target: Target) -> Iterator[Any]:
    """Another trainee's client; every repository goes at the end."""
    client = target.session.client("ecr", endpoint_url=target.endpoint)
    yield client
    for each in client.describe_repositories()["repositories"]:
        client.delete_repository(repositoryName=each["repositoryName"], force=True)


def make(ecr: Any, name: str, **tags: str) -> None:
    pairs = [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]
    ecr.create_repository(repositoryName=name, tags=pairs)


def make_all(ecr: Any) -> None:
    """One forgotten, and one of each shape that must stay."""
    make(ecr, "fargate-lab-ben/app", fargate_lab_kit="fargate-lab-ben", owner="ben", expires_at=PAST)
    make(ecr, "fargate-lab-eve/app", fargate_lab_kit="fargate-lab-eve", owner="eve", expires_at=FUTURE)
    make(ecr, "fargate-lab-old/app", fargate_lab_kit="fargate-lab-old", owner="old")
    make(ecr, "fargate-lab-odd/app", fargate_lab_kit="fargate-lab-odd", owner="odd", expires_at="yesterday")
    make(ecr, "production/app", owner="ben", expires_at=PAST)
    make(ecr, "fargate-labour/app", fargate_lab_kit="fargate-labour", expires_at=PAST)


def names_in(ecr: Any) -> list[str]:
    return sorted(each["repositoryName"] for each in ecr.describe_repositories()["repositories"])


def test_the_list_changes_nothing_and_tells_the_expired_from_the_rest(
    ecr: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    make_all(ecr)
    before = names_in(ecr)
    assert cli.main(["sweep"]) == 0
    told = capsys.readouterr().out
    assert (
        f"expired   ecr repository               fargate-lab-ben/app  (lab fargate-lab-ben, owner ben, {PAST})" in told
    )
    assert (
        f"stays     ecr repository               fargate-lab-eve/app  (lab fargate-lab-eve, owner eve, {FUTURE})"
        in told
    )
    assert "fargate-lab-old/app  (lab fargate-lab-old, owner old, no expires-at)" in told
    assert "production" not in told
    assert "fargate-labour" not in told
    assert "Next: labs sweep --delete" in told
    assert names_in(ecr) == before


def test_delete_takes_the_expired_of_any_owner_and_only_that(ecr: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make_all(ecr)
    before = names_in(ecr)
    assert cli.main(["sweep", "--delete"]) == 0
    assert "gone 1, left 0" in capsys.readouterr().out
    assert names_in(ecr) == [name for name in before if name != "fargate-lab-ben/app"]


def test_on_aws_the_account_is_confirmed_each_time(
    ecr: Any, target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], on_local_aws: Cloud
) -> None:
    make_all(ecr)
    # Forget what the fixture's connect() replaced: these are the user's own settings.
    monkeypatch.setattr(targets, "_replaced", {})
    monkeypatch.setenv("LAB_TARGET", "aws")
    for name, value in on_local_aws.variables().items():
        monkeypatch.setenv(name, value)
    connect().confirm(target.account)
    assert cli.main(["sweep", "--delete"]) == 2
    assert f"labs sweep --delete --account {target.account}" in capsys.readouterr().err
    assert cli.main(["sweep", "--delete", "--account", "999999999999"]) == 2
    assert "fargate-lab-ben/app" in names_in(ecr)
    assert cli.main(["sweep", "--delete", "--account", target.account]) == 0
    assert "fargate-lab-ben/app" not in names_in(ecr)


def test_a_whole_forgotten_lab_goes_in_dependency_order(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_TRAINEE", "ben")
    monkeypatch.setenv("LAB_HOURS", "0.001")
    bens = connect()
    whole_lab.build(bens)
    later = datetime.now(UTC) + timedelta(seconds=10)
    expired = sweep.search(target).expired(later)
    kinds_found = {each.kind for each in expired}
    assert {"ec2 vpc", "ec2 vpc endpoint", "ecs service", "iam role", "ssm parameter"} <= kinds_found
    assert {each.owner for each in expired} == {"ben"}
    items = sweep.delete(target, expired, later, quiet)
    assert {item.outcome for item in items} == {cleanup.Outcome.GONE}, [str(item) for item in items]
    # Ben's own receipt finds everything gone.
    receipt = cleanup.clean(bens, quiet)
    assert (receipt.created, receipt.gone, receipt.left) == (receipt.gone, receipt.gone, ())


def test_what_was_renewed_after_the_search_is_not_touched(ecr: Any, target: Target) -> None:
    make_all(ecr)
    now = datetime.now(UTC)
    expired = sweep.search(target).expired(now)
    arn = ecr.describe_repositories(repositoryNames=["fargate-lab-ben/app"])["repositories"][0]["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "expires-at", "Value": FUTURE}])
    [item] = sweep.delete(target, expired, now, quiet)
    assert item.reason == "its tags have changed since the search; not touched"
    assert "fargate-lab-ben/app" in names_in(ecr)


def test_what_is_swept_of_this_lab_is_gone_in_its_ledger(target: Target) -> None:
    target.client("ecr").create_repository(repositoryName="fargate-lab/app")
    later = datetime.now(UTC) + timedelta(hours=9)
    sweep.delete(target, sweep.search(target).expired(later), later, quiet)
    assert [entry.state.value for entry in target.ledger.entries()] == ["gone"]
