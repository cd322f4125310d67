from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labs.cost import Bill, Period, Usage, builtin, estimate
from labs.cost.meters import gigabytes, vcpus

T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INTERFACE = {"type": "Interface", "service": "com.amazonaws.us-east-1.logs", "subnets": ["subnet-a", "subnet-b"]}
ARM = {"family": "f", "cpu": "256", "memory": "512", "architecture": "ARM64"}


def after(**span: float) -> datetime:
    return T0 + timedelta(**span)


def usage(
    kind: str, facts: Mapping[str, Any] | None = None, end: datetime | None = None, region: str = "us-east-1"
) -> Usage:
    return Usage(kind, f"{kind} 1", region, (Period(T0, end, facts or {}),))


def bill(*usages: Usage, at: datetime, hours: float = 12) -> Bill:
    return estimate(usages, builtin(), at, timedelta(hours=hours))


@pytest.mark.parametrize(("minutes", "hours"), [(0, 1), (1, 1), (60, 1), (61, 2), (600, 10)])
def test_an_endpoint_is_charged_by_the_started_hour_in_each_zone(minutes: int, hours: int) -> None:
    assert bill(usage("ec2 vpc endpoint", INTERFACE), at=after(minutes=minutes)).so_far == pytest.approx(hours * 0.02)


def test_left_overnight_is_what_comes_on_top() -> None:
    told = bill(usage("ec2 vpc endpoint", INTERFACE), at=after(minutes=30))
    assert told.more == pytest.approx(12 * 0.02)
    gone = bill(usage("ec2 vpc endpoint", INTERFACE, end=after(minutes=10)), at=after(hours=5))
    assert (gone.so_far, gone.more) == (pytest.approx(0.02), 0)


def test_a_task_is_charged_by_the_second_one_minute_at_least() -> None:
    definition = Usage("ecs task definition", "f:1", "us-east-1", (Period(T0, None, ARM),))
    per_hour = 0.25 * 0.03238 + 0.5 * 0.00356
    task = {"definition": "arn:aws:ecs:us-east-1:111122223333:task-definition/f:1"}
    for seconds, charged in ((1, 60), (60, 60), (90, 90)):
        told = bill(definition, usage("ecs task", task, end=after(seconds=seconds)), at=after(hours=1))
        assert told.so_far == pytest.approx(per_hour * charged / 3600)


def test_a_service_is_charged_for_its_count_and_a_family_means_its_newest_revision() -> None:
    small = Usage("ecs task definition", "f:9", "us-east-1", (Period(T0, None, ARM),))
    large = Usage("ecs task definition", "f:10", "us-east-1", (Period(T0, None, {**ARM, "cpu": "1 vCPU"}),))
    told = bill(small, large, usage("ecs service", {"definition": "f", "count": 2}), at=after(hours=1))
    assert [line.units for line in told.lines] == [2.0, 1.0]
    assert told.so_far == pytest.approx(2 * 0.03238 + 1 * 0.00356)


def test_x86_is_the_default_architecture() -> None:
    definition = Usage("ecs task definition", "f:1", "us-east-1", (Period(T0, None, {**ARM, "architecture": None}),))
    told = bill(definition, usage("ecs task", {"definition": "f:1"}), at=after(hours=1))
    assert told.so_far == pytest.approx(0.25 * 0.04048 + 0.5 * 0.004445)


def test_a_change_begins_a_new_price_and_leaves_the_untouched_zone_alone() -> None:
    one = {**INTERFACE, "subnets": ["subnet-a"]}
    change = after(minutes=30)
    narrowed = Usage(
        "ec2 vpc endpoint", "vpce-1", "us-east-1", (Period(T0, change, INTERFACE), Period(change, None, one))
    )
    told = bill(narrowed, at=after(minutes=59))
    # subnet-a one started hour, not two; subnet-b one.
    assert told.so_far == pytest.approx(0.02)
    assert told.more == pytest.approx(12 * 0.01)


def test_an_unknown_region_is_said_and_not_guessed() -> None:
    told = bill(usage("ec2 vpc endpoint", INTERFACE, region="eu-west-1"), at=after(hours=1))
    assert (told.lines, told.so_far) == ((), 0)
    assert [each.why for each in told.unpriced] == ["no price for interface-endpoint in eu-west-1"]
    assert "no price for interface-endpoint in eu-west-1" in str(told)
    assert "without 1 of unknown price" in told.total_line()


def test_an_unknown_price_in_a_known_region_is_said() -> None:
    definition = Usage("ecs task definition", "f:1", "ap-northeast-1", (Period(T0, None, ARM),))
    task = usage("ecs task", {"definition": "f:1"}, region="ap-northeast-1")
    told = bill(definition, task, at=after(hours=1))
    assert {each.why for each in told.unpriced} == {
        "no price for fargate-arm-vcpu in ap-northeast-1",
        "no price for fargate-arm-gb in ap-northeast-1",
    }


@pytest.mark.parametrize(
    ("kind", "facts", "why"),
    [
        ("secretsmanager secret", {}, "no price in the table"),
        ("something new", {}, "no price in the table"),
        ("ec2 vpc endpoint", {}, "the ledger does not know its type"),
        ("ec2 vpc endpoint", {"type": "GatewayLoadBalancer"}, "a GatewayLoadBalancer endpoint is not in the table"),
        ("ecs task", {"definition": "f:7"}, "the ledger does not know the size of f:7"),
        ("ecs task", {}, "the ledger does not know the size of its tasks"),
    ],
)
def test_what_cannot_be_priced_says_why(kind: str, facts: dict[str, Any], why: str) -> None:
    assert [each.why for each in bill(usage(kind, facts), at=after(hours=1)).unpriced] == [why]


@pytest.mark.parametrize("kind", ["ec2 vpc", "iam role", "ecs cluster", "ssm parameter"])
def test_what_is_free_is_not_listed(kind: str) -> None:
    told = bill(usage(kind), at=after(hours=9))
    assert (told.lines, told.unpriced, told.notes) == ((), (), ())


def test_a_gateway_endpoint_is_free_and_says_nothing_about_data() -> None:
    told = bill(usage("ec2 vpc endpoint", {"service": "com.amazonaws.us-east-1.s3"}), at=after(hours=9))
    assert (told.lines, told.unpriced, told.notes) == ((), (), ())


def test_what_depends_on_content_is_a_note() -> None:
    assert bill(usage("ecr repository"), at=after(hours=1)).notes == (
        "ecr repository: by what is stored: 0.10 USD per GB per month in us-east-1 and ap-northeast-1",
    )


def test_the_bill_shows_each_price_with_its_region_and_date() -> None:
    told = str(bill(usage("ec2 vpc endpoint", INTERFACE), usage("ec2 nat gateway"), at=after(minutes=5)))
    assert "2 x 0.01 per zone per started hour, us-east-1, read 2026-08-20" in told
    assert "1 x 0.045 per started hour, us-east-1, undated" in told
    assert "ec2 vpc endpoint 1 (logs)" in told
    assert "12 h more" in told


def test_an_empty_bill_is_a_sentence() -> None:
    assert bill(at=T0).total_line() == "about 0.00 USD (no resource with a price in the kit's price table)"


@pytest.mark.parametrize(("text", "number"), [("256", 0.25), ("1 vCPU", 1), (".5 vcpu", 0.5), ("", None), ("x", None)])
def test_cpu_is_read_in_both_forms(text: str, number: float | None) -> None:
    assert vcpus(text) == number


@pytest.mark.parametrize(("text", "number"), [("512", 0.5), ("2 GB", 2), ("0.5GB", 0.5), ("1.2.3", None)])
def test_memory_is_read_in_both_forms(text: str, number: float | None) -> None:
    assert gigabytes(text) == number
