"""A push policy is judged by evaluating it: enough, and nothing more."""

import json
from typing import Any

import pytest

from labs.iam import Principal, PrincipalKind
from labs.subjects.push.policy_review import (
    DOCUMENTED,
    MISSING,
    NEEDED,
    TOKEN,
    PolicyDocument,
    PolicyProblem,
    PushContext,
    Reviewer,
)

ACCOUNT = "111122223333"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/fargate-lab-push"
PUSHER = Principal(
    f"arn:aws:sts::{ACCOUNT}:assumed-role/fargate-lab-push/lab", ACCOUNT, PrincipalKind.ROLE_SESSION, ROLE
)


def policy(*statements: dict[str, Any]) -> Reviewer:
    document = PolicyDocument("push", {"Version": "2012-10-17", "Statement": list(statements)})
    return Reviewer((document,), PushContext(PUSHER, REPOSITORY))


def allow(actions: Any = NEEDED, resource: Any = REPOSITORY, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": actions if isinstance(actions, str) else list(actions),
        "Resource": resource,
        **more,
    }


TOKEN_STATEMENT = allow(TOKEN, "*")


def first(*statements: dict[str, Any]) -> PolicyProblem | None:
    return policy(*statements).first_fault()


def name(*statements: dict[str, Any]) -> str:
    fault = first(*statements)
    return fault.name if fault else ""


def test_the_seven_actions_on_the_repository_and_the_token_are_right() -> None:
    assert first(allow(), TOKEN_STATEMENT) is None


def test_case_and_order_of_actions_do_not_matter() -> None:
    assert first(allow([each.upper().replace("ECR:", "ecr:") for each in reversed(NEEDED)]), TOKEN_STATEMENT) is None


def test_two_statements_may_share_the_work() -> None:
    assert first(allow(list(DOCUMENTED)), allow(MISSING), TOKEN_STATEMENT) is None


def test_the_documented_six_lack_exactly_one_action() -> None:
    review = policy(allow(list(DOCUMENTED)), TOKEN_STATEMENT)
    assert review.lacking() == (MISSING,)
    assert review.first_fault() == PolicyProblem("missing_action", {"actions": MISSING})


@pytest.mark.parametrize("dropped", NEEDED)
def test_each_action_is_needed(dropped: str) -> None:
    fault = first(allow([each for each in NEEDED if each != dropped]), TOKEN_STATEMENT)
    assert fault == PolicyProblem("missing_action", {"actions": dropped})


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        ([allow("ecr:*"), TOKEN_STATEMENT], "wide_actions"),
        ([allow("*"), TOKEN_STATEMENT], "wide_actions"),
        ([allow([*NEEDED, "ecr:DeleteRepository"]), TOKEN_STATEMENT], "wide_actions"),
        ([allow([*NEEDED, "ecr:Put*"]), TOKEN_STATEMENT], "wide_actions"),
        ([allow(), TOKEN_STATEMENT, allow("ecr:CreateRepository", "*")], "wide_actions"),
        ([allow(resource="*"), TOKEN_STATEMENT], "resource_any"),
        ([allow(resource=f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/*"), TOKEN_STATEMENT], "resource_any"),
        ([allow(resource="arn:aws:ecr:*:*:repository/fargate-lab/app"), TOKEN_STATEMENT], "resource_any"),
        ([allow(resource=f"arn:aws:ecr:*:{ACCOUNT}:repository/fargate-lab/app"), TOKEN_STATEMENT], "resource_any"),
        ([allow(resource=f"{REPOSITORY}*"), TOKEN_STATEMENT], "other_repository"),
        ([allow(resource=[REPOSITORY, REPOSITORY.replace("app", "web")]), TOKEN_STATEMENT], "other_repository"),
        ([allow(), TOKEN_STATEMENT, allow("s3:GetObject", "*")], "other_service"),
        ([allow(), TOKEN_STATEMENT, allow("iam:*", "*")], "other_service"),
        ([allow(resource=REPOSITORY.replace(ACCOUNT, "444455556666")), TOKEN_STATEMENT], "other_account"),
        ([allow(resource=REPOSITORY.replace("us-east-1", "eu-west-3")), TOKEN_STATEMENT], "other_region"),
        ([allow(resource=REPOSITORY.replace("app", "apps")), TOKEN_STATEMENT], "other_name"),
        ([allow(), allow(TOKEN, REPOSITORY)], "token_resource"),
        ([allow([*NEEDED, TOKEN])], "token_resource"),
        ([allow()], "token_missing"),
        ([allow([*DOCUMENTED, "ecr:GetDownloadURLForLayers"]), TOKEN_STATEMENT], "typo"),
        ([allow([*DOCUMENTED, "erc:GetDownloadUrlForLayer"]), TOKEN_STATEMENT], "typo"),
        ([allow([*NEEDED, "ecr:Complet*"]), TOKEN_STATEMENT, allow("ecr:Complett*")], "typo"),
        ([allow(), TOKEN_STATEMENT, {**allow("ecr:PutImage"), "Effect": "Deny"}], "deny_left"),
        ([allow(), TOKEN_STATEMENT, {**allow("ecr:Get*", "*"), "Effect": "Deny"}], "deny_left"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_own_name(statements: list[dict[str, Any]], fault: str) -> None:
    assert name(*statements) == fault


def test_a_deny_that_does_not_touch_the_push_is_no_fault() -> None:
    assert first(allow(), TOKEN_STATEMENT, {**allow("ecr:DeleteRepository", "*"), "Effect": "Deny"}) is None


def test_the_fault_names_what_the_policy_says() -> None:
    fault = first(allow("ecr:*"), TOKEN_STATEMENT)
    assert fault is not None
    assert fault.values["by"] == f'Action "ecr:*" on Resource "{REPOSITORY}"'
    typo = first(allow([*DOCUMENTED, "ecr:GetDownloadUrlForLayers"]), TOKEN_STATEMENT)
    assert typo is not None
    assert typo.values["suggestion"] == MISSING


def test_a_second_policy_on_the_role_counts() -> None:
    right = PolicyDocument("push", {"Version": "2012-10-17", "Statement": [allow(), TOKEN_STATEMENT]})
    wide = PolicyDocument("extra", json.loads(json.dumps({"Version": "2012-10-17", "Statement": allow("ecr:*", "*")})))
    fault = Reviewer((right, wide), PushContext(PUSHER, REPOSITORY)).first_fault()
    assert fault is not None
    assert fault.name == "wide_actions"
