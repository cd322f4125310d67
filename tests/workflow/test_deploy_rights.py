"""A pipeline's role may do what it needs, and nothing more; what is beyond is shown by a request."""

import json

import pytest

from labs import iam
from labs.workflow.deploy_rights import PASS_ROLE, TASKS, Rights, deploy_rights, judge_rights
from labs.workflow.findings import Weight
from tests.push_actions import SEVEN

pytestmark = pytest.mark.unit

ACCOUNT = "111122223333"
ARN = f"arn:aws:ecs:eu-central-1:{ACCOUNT}"
SERVICE = f"{ARN}:service/lab/app"
FAMILY = f"{ARN}:task-definition/app:*"
ROLES = (f"arn:aws:iam::{ACCOUNT}:role/app-execution", f"arn:aws:iam::{ACCOUNT}:role/app-task")
DEPLOY = deploy_rights(f"arn:aws:iam::{ACCOUNT}:role/deploy", SERVICE, "app", ROLES)

REGISTER = {"Action": "ecs:RegisterTaskDefinition", "Resource": FAMILY}
DESCRIBE = {"Action": "ecs:DescribeTaskDefinition", "Resource": "*"}
UPDATE = {"Action": ["ecs:DescribeServices", "ecs:UpdateService"], "Resource": SERVICE}
PASS = {
    "Action": PASS_ROLE,
    "Resource": list(ROLES),
    "Condition": {"StringEquals": {"iam:PassedToService": TASKS}},
}
RIGHT = (REGISTER, DESCRIBE, UPDATE, PASS)


def policy(*statements):
    listed = [{"Effect": "Allow", **each} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": listed}, indent=1)


def own(*texts):
    return iam.Policies(identity=[iam.parse_policy(text, name="deploy") for text in texts])


def judged(*statements, rights=DEPLOY):
    return judge_rights(own(policy(*statements)), rights)


def passing(*roles, **test):
    return {"Action": PASS_ROLE, "Resource": list(roles), "Condition": test or PASS["Condition"]}


# Written otherwise, or narrower, and right.
VARIANTS = {
    "as it is written": RIGHT,
    "any family, as the README has it": ({**REGISTER, "Resource": "*"}, DESCRIBE, UPDATE, PASS),
    "twice": (*RIGHT, UPDATE),
    "in another order": tuple(reversed(RIGHT)),
    "in other letters": (
        {**REGISTER, "Action": "ECS:registertaskdefinition"}, DESCRIBE, UPDATE, {**PASS, "Action": "iam:passrole"},
    ),
    "lists of one": ({"Action": [REGISTER["Action"]], "Resource": [FAMILY]}, DESCRIBE, UPDATE, PASS),
    "a statement for each action": (
        REGISTER, DESCRIBE, PASS, *({"Action": each, "Resource": SERVICE} for each in UPDATE["Action"]),
    ),
    "a statement for each role": (REGISTER, DESCRIBE, UPDATE, *map(passing, ROLES)),
    "StringLike without a wildcard": (
        REGISTER, DESCRIBE, UPDATE, passing(*ROLES, StringLike={"iam:PassedToService": TASKS}),
    ),
    "the key of the condition in other letters": (
        REGISTER, DESCRIBE, UPDATE, passing(*ROLES, StringEquals={"IAM:passedtoservice": [TASKS]}),
    ),
    "a wildcard that fits one action": ({**REGISTER, "Action": "ecs:RegisterTaskDef*"}, DESCRIBE, UPDATE, PASS),
    "with names for the statements": tuple({**each, "Sid": f"S{n}"} for n, each in enumerate(RIGHT)),
    "with a Deny of what no deployment needs": (*RIGHT, {"Effect": "Deny", "Action": "iam:*User*", "Resource": "*"}),
}  # fmt: skip


@pytest.mark.parametrize("statements", VARIANTS.values(), ids=VARIANTS)
def test_a_right_policy_is_not_blamed(statements):
    assert judged(*statements) == ()


def test_the_rights_may_stand_in_several_policies():
    assert judge_rights(own(*map(policy, RIGHT)), DEPLOY) == ()


def test_a_boundary_takes_away_what_it_does_not_name():
    above = iam.parse_policy(policy(REGISTER, UPDATE), iam.PolicyKind.BOUNDARY, "boundary")
    (found,) = judge_rights(iam.Policies(own(policy(*RIGHT)).identity, boundary=above), DEPLOY)
    assert (found.id, PASS_ROLE in found.what) == ("rights-missing", True)


def test_tags_on_a_definition_are_a_right_of_their_own():
    tagged = deploy_rights(DEPLOY.role, SERVICE, "app", ROLES, tagged=True)
    assert [each.id for each in judged(*RIGHT, rights=tagged)] == ["rights-missing"]
    assert judged(*RIGHT, {"Action": "ecs:TagResource", "Resource": FAMILY}, rights=tagged) == ()
    assert [each.id for each in judged(*RIGHT, {"Action": "ecs:TagResource", "Resource": FAMILY})] == ["rights-excess"]


@pytest.mark.parametrize("number", [place for place, each in enumerate(RIGHT) if each is not DESCRIBE])
def test_what_is_missing_is_named(number):
    found = judged(*(each for place, each in enumerate(RIGHT) if place != number))
    assert {each.id for each in found} == {"rights-missing"}
    actions = RIGHT[number]["Action"]
    for action in [actions] if isinstance(actions, str) else actions:
        assert any(action in each.what for each in found)


BEYOND = {
    # name: (statements, the finding, a piece of its words)
    "any role": ((REGISTER, DESCRIBE, UPDATE, {**PASS, "Resource": "*"}), "rights-pass-any-role", "may pass"),
    "roles that begin so": (
        (REGISTER, DESCRIBE, UPDATE, {**PASS, "Resource": f"arn:aws:iam::{ACCOUNT}:role/app-*"}),
        "rights-pass-any-role",
        "role/app-",
    ),
    "a third role": (
        (REGISTER, DESCRIBE, UPDATE, {**PASS, "Resource": [*ROLES, f"arn:aws:iam::{ACCOUNT}:role/admin"]}),
        "rights-pass-any-role",
        "role/admin",
    ),
    "everything": (({"Action": "*", "Resource": "*"},), "rights-everything", "everything"),
    "any service": ((REGISTER, DESCRIBE, {**UPDATE, "Resource": "*"}, PASS), "rights-other-resource", "ecs:"),
    "running tasks": ((*RIGHT, {"Action": "ecs:RunTask", "Resource": "*"}), "rights-excess", "ecs:RunTask"),
    "all of ECS": ((*RIGHT, {"Action": "ecs:*", "Resource": "*"}), "rights-excess", "more on"),
}


@pytest.mark.parametrize(("statements", "id", "words"), BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_is_shown_by_a_request(statements, id, words):
    found = [each for each in judged(*statements) if each.id == id]
    assert found
    assert any(words in each.what for each in found)
    parsed = iam.Policies(identity=[iam.parse_policy(policy(*statements), name="deploy")])
    for each in found:
        assert iam.evaluate(each.witness, parsed).allowed
        assert each.line > 0
        assert each.what.endswith(".")


def test_a_role_passed_to_any_service_is_advice():
    plain = {key: value for key, value in PASS.items() if key != "Condition"}
    (found,) = judged(REGISTER, DESCRIBE, UPDATE, plain)
    assert (found.id, found.weight) == ("rights-pass-to-any", Weight.ADVICE)
    assert found.witness.resource in ROLES


def test_a_role_passed_to_another_service_is_missing():
    lambdas = {**PASS, "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
    found = judged(REGISTER, DESCRIBE, UPDATE, lambdas)
    assert "rights-missing" in {each.id for each in found}


def test_a_deny_is_told_and_a_condition_cannot_be_told():
    deny = {"Effect": "Deny", "Action": "ecs:UpdateService", "Resource": "*"}
    (found,) = judged(*RIGHT, deny)
    assert (found.id, found.place.index) == ("rights-denied", 4)
    narrow = {**UPDATE, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    found = judged(REGISTER, DESCRIBE, narrow, PASS)
    assert {each.weight for each in found} == {Weight.UNKNOWN}


REPOSITORY = f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/app"
TOKEN = {"Action": "ecr:GetAuthorizationToken", "Resource": "*"}
PUSH = Rights(
    f"arn:aws:iam::{ACCOUNT}:role/push",
    (iam.Wanted(SEVEN, REPOSITORY), iam.Wanted("ecr:GetAuthorizationToken")),
    evidence="docs/fidelity.md",
)


def test_the_push_role_with_the_seven_actions_is_right():
    assert judged({"Action": list(SEVEN), "Resource": REPOSITORY}, TOKEN, rights=PUSH) == ()


def test_six_actions_lack_the_seventh():
    six = [each for each in SEVEN if each != "ecr:GetDownloadUrlForLayer"]
    (found,) = judged({"Action": six, "Resource": REPOSITORY}, TOKEN, rights=PUSH)
    assert found.id == "rights-missing"
    assert "ecr:GetDownloadUrlForLayer" in found.what


def test_a_push_to_any_repository_is_beyond():
    (found,) = judged({"Action": list(SEVEN), "Resource": "*"}, TOKEN, rights=PUSH)
    assert found.id == "rights-other-resource"
    assert found.witness.resource != REPOSITORY
