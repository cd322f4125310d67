"""Every policy of a start is judged at the moment of the start: the endpoints', the role's, its trust policy."""

import json
from datetime import UTC, datetime

import pytest

from labs.account.account_sources import AccountPermissions, Role
from labs.fargate.steps import OutcomeKind, StepName
from labs.iam import Connection, PolicyKind, parse_policy
from labs.subjects.vpc import endpoint_policy
from tests.fargate.course import BUCKET, EXECUTION_ROLE, REGION, Course, statement

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
# A condition, and whether it holds at NOW.
CONDITIONS = [
    ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
    ({"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}, True),
    ({"DateEquals": {"aws:CurrentTime": "2026-11-30T12:00:00Z"}}, True),
    ({"DateNotEquals": {"aws:CurrentTime": "2026-11-30T12:00:00Z"}}, False),
    ({"NumericGreaterThan": {"aws:EpochTime": str(SECONDS - 1)}}, True),
    ({"NumericGreaterThan": {"aws:EpochTime": str(SECONDS)}}, False),
    ({"DateLessThanEquals": {"aws:EpochTime": str(SECONDS)}}, True),
    ({"Null": {"aws:CurrentTime": "false"}}, True),
    ({"Null": {"aws:EpochTime": "true"}}, False),
    ({"StringLike": {"aws:CurrentTime": "2026-*"}}, True),
]
SERVICES = {
    "s3": (("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"), StepName.LAYERS),
    "ecr.api": (("ecr:GetAuthorizationToken", "*"), StepName.AUTH),
    "ecr.dkr": (("ecr:*", "*"), StepName.MANIFEST),
    "ssm": (("ssm:GetParameters", "*"), StepName.SECRETS),
    "secretsmanager": (("secretsmanager:GetSecretValue", "*"), StepName.SECRETS),
    "logs": (("logs:*", "*"), StepName.LOGS),
}


@pytest.fixture
def clock_at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check's own clock stands still at NOW."""

    class Still(datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW

    monkeypatch.setattr(endpoint_policy, "datetime", Still)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("condition", "holds"), CONDITIONS, ids=str)
def test_an_endpoints_policy_counts_as_it_stands_at_the_moment_of_the_start(service, condition, holds):
    (action, resource), step = SERVICES[service]
    course = Course(now=NOW)
    course.endpoint_policy(service, statement(action, resource, Condition=condition))
    plan, survey = course.plan(), course.survey()
    if holds:
        assert (plan.outcome.kind, survey.outcome.kind) == (OutcomeKind.RUNNING, OutcomeKind.RUNNING)
    else:
        assert (plan.outcome.step, survey.outcome.step) == (step, step)


@pytest.mark.usefixtures("clock_at_now")
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize(("condition", "holds"), CONDITIONS, ids=str)
def test_the_check_the_start_and_the_diagnosis_judge_the_gateways_policy_alike(condition, holds, effect):
    course = Course(now=NOW)
    layers = statement("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*")
    named = {**layers, "Effect": effect, "Condition": condition}
    course.endpoint_policy("s3", *([named] if effect == "Allow" else [layers, named]))
    document = course.endpoint("s3")["PolicyDocument"]
    connection = Connection(REGION, endpoint="vpce-s3", vpc="vpc-1")
    said = endpoint_policy.lets_layers_through(document, f"arn:aws:s3:::{BUCKET}", connection)
    runs = [each.outcome.kind is OutcomeKind.RUNNING for each in (course.plan(), course.survey())]
    assert [said, *runs] == [holds is (effect == "Allow")] * 3


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS, ids=str)
def test_the_roles_own_policy_counts_so_too(condition, holds):
    course = Course(now=NOW)
    course.policy["token"]["Condition"] = condition
    assert (course.plan().outcome.kind is OutcomeKind.RUNNING) is holds


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS, ids=str)
def test_a_diagnosis_asks_at_its_own_moment_who_may_take_a_role(condition, holds):
    service = {"Service": "ecs-tasks.amazonaws.com"}
    given = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [given]})
    role = Role((), None, parse_policy(document, PolicyKind.TRUST), "AROA", {})
    permissions = AccountPermissions(lambda *_: None, REGION, NOW, _roles={EXECUTION_ROLE: role})
    assert permissions.trust(EXECUTION_ROLE).allowed is holds
