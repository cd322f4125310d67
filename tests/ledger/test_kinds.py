"""The kinds of resources: found by the folders of those who make them, and removed in the order of what they use."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

import labs.stages
from labs.errors import LabError
from labs.ledger import cleanup, costing, kinds, sweep
from labs.ledger.kind import Kind
from labs.ledger.kinds import Kinds, Room
from labs.session import Target

# Removed at the same time, then one after the other.
SLOW = ["ecs service", "ecs task", "ec2 nat gateway", "ec2 vpc endpoint"]
REST = [
    "ecs task definition", "ecs cluster", "ec2 elastic ip", "ec2 network interface", "ec2 route",
    "ec2 route table association", "ec2 internet gateway", "ec2 egress-only internet gateway",
    "ec2 security group rule", "ec2 security group", "ec2 subnet", "ec2 network acl", "ec2 route table",
    "ec2 vpc", "logs log group", "ssm parameter", "secretsmanager secret", "iam role attachment",
    "iam role policy", "iam role", "iam oidc provider", "ecr creation template", "ecr repository",
]  # fmt: skip
KEY_PAIRS = """
from labs.ledger.ec2_kind import Described, ec2_kind

KEYS = Described(
    describe="describe_key_pairs", ids="KeyNames", items="KeyPairs", id="KeyName", delete="delete_key_pair"
)
KINDS = (
    ec2_kind(
        KEYS,
        name="ec2 key pair",
        resource_type="key-pair",
        create="CreateKeyPair",
        delete="DeleteKeyPair",
        named_by=("KeyName",),
        prefixed=True,
    ),
)
"""


def kind(name: str, *uses: str, **fields: object) -> Kind:
    made = Kind(
        name=name, service=name.split()[0], creates=(f"Create {name}",), tags=lambda *_: None, remove=lambda *_: None
    )
    return replace(made, uses=uses, **fields)  # type: ignore[arg-type]


def fitted(*each: Kind) -> Kinds:
    return Kinds([Room("a/kinds.py", each[:1]), Room("b/kinds.py", each[1:])])


def test_the_order_of_removal_follows_from_what_each_kind_uses() -> None:
    assert [each.name for each in kinds.known()] == SLOW + REST


def test_every_kind_the_ledger_knows_can_be_removed() -> None:
    assert all(callable(each.tags) and callable(each.remove) for each in kinds.known())


def test_only_the_slow_ones_are_removed_at_the_same_time() -> None:
    known = kinds.known()
    assert len({known.wave(name) for name in SLOW}) == 1
    assert len({known.wave(name) for name in (SLOW[0], *REST)}) == 1 + len(REST)
    assert sorted(known.wave(name) for name in REST) == [known.wave(name) for name in REST]


def test_what_uses_another_goes_before_it_in_whatever_order_the_kinds_are_read() -> None:
    shuffled = list(kinds.known())
    for seed in range(20):
        Random(seed).shuffle(shuffled)
        order = [each.name for each in Kinds([Room("a", tuple(shuffled))])]
        assert all(order.index(each.name) < order.index(used) for each in shuffled for used in each.uses)


def test_slow_ones_of_which_one_uses_the_other_are_not_removed_at_the_same_time() -> None:
    known = fitted(kind("a one", slow=True), kind("a two", "a one", slow=True), kind("a three", slow=True))
    assert [each.name for each in known] == ["a two", "a one", "a three"]
    assert known.wave("a two") < known.wave("a one") == known.wave("a three")


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((kind("a one"),), "same kind of resource, 'a one': one in a/kinds.py, one in b/kinds.py"),
        ((kind("a two", creates=("Create a one",)),), "same create call, 'a:Create a one'"),
        ((kind("a two", "a three"),), "'a two' uses 'a three', which is not a kind"),
        ((kind("a two", "a three"), kind("a three", "a two")), "use each other in a circle: a two, a three"),
    ],
)
def test_kinds_that_do_not_fit_together_are_refused(others: tuple[Kind, ...], told: str) -> None:
    with pytest.raises(LabError, match=told):
        fitted(kind("a one"), *others)


@pytest.fixture
def stage_with_key_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stage beside the others, of which only its own folder knows."""
    (tmp_path / "log_in").mkdir()
    (tmp_path / "log_in" / "kinds.py").write_text(KEY_PAIRS)
    monkeypatch.setattr(labs.stages, "__path__", [*labs.stages.__path__, str(tmp_path)])
    kinds.known.cache_clear()
    yield
    kinds.known.cache_clear()


@pytest.mark.usefixtures("stage_with_key_pairs")
def test_a_new_stage_brings_its_own_kind_and_edits_nothing_else(account: Target) -> None:
    ec2, theirs = account.client("ec2"), account.session.client("ec2")
    theirs.create_key_pair(KeyName="fargate-lab-theirs")
    with pytest.raises(LabError, match="the name 'somebodys' does not begin with 'fargate-lab'"):
        ec2.create_key_pair(KeyName="somebodys")
    for name in ("fargate-lab-first", "fargate-lab-second"):
        ec2.create_key_pair(KeyName=name)
    bill = costing.bill(account, {})
    assert "ec2 key pair fargate-lab-first: no price in the table" in str(bill)
    assert "without 2 of unknown price" in bill.total_line()
    later = datetime.now(UTC) + timedelta(hours=9)
    forgotten = [each for each in sweep.search(account).expired(later) if each.id == "fargate-lab-first"]
    assert [str(item) for item in sweep.delete(account, forgotten, later, lambda _line: None)] == [
        "  gone      ec2 key pair                 fargate-lab-first"
    ]
    receipt = cleanup.clean(account, lambda _line: None)
    assert (receipt.created, receipt.gone, receipt.left) == (2, 2, ())
    assert [each["KeyName"] for each in theirs.describe_key_pairs()["KeyPairs"]] == ["fargate-lab-theirs"]


def test_without_its_stage_the_call_is_not_sent(account: Target) -> None:
    with pytest.raises(LabError, match="ec2:CreateKeyPair was not sent") as told:
        account.client("ec2").create_key_pair(KeyName="fargate-lab-first")
    assert "kinds.py" in told.value.next_step
