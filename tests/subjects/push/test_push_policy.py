"""A push policy is judged by evaluating it: enough, and nothing more."""

import json
from dataclasses import replace
from typing import Any

import pytest

from labs.iam import Access, Place, PolicyKind, Principal, PrincipalKind, Request, evaluate
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


def document(*statements: dict[str, Any]) -> PolicyDocument:
    return PolicyDocument("push", {"Version": "2012-10-17", "Statement": list(statements)})


def reviewed(*policies: list[dict[str, Any]]) -> Reviewer:
    return Reviewer(tuple(document(*each) for each in policies), PushContext(PUSHER, REPOSITORY))


def policy(*statements: dict[str, Any]) -> Reviewer:
    return reviewed(list(statements))


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


PUSH = allow()
OTHERS = [each for each in NEEDED if each != "ecr:PutImage"]
SINCE_2020 = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
LONG_AGO = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
NOBODY = {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}
WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
BY_ONE_TOOL = {"StringLike": {"aws:UserAgent": "*curl*"}}
FROM_HERE = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}

RIGHT = {
    "as the solution writes it": [PUSH, TOKEN_STATEMENT],
    "the token first": [TOKEN_STATEMENT, PUSH],
    "actions in another order": [allow(NEEDED[::-1]), TOKEN_STATEMENT],
    "actions in another case": [allow([each.replace("ecr:", "ECR:").lower() for each in NEEDED]), TOKEN_STATEMENT],
    "one statement an action": [*(allow(each) for each in NEEDED), TOKEN_STATEMENT],
    "lists where a word would do": [allow(resource=[REPOSITORY]), allow([TOKEN], ["*"])],
    "an action named twice": [allow([*NEEDED, "ecr:PutImage"]), TOKEN_STATEMENT],
    "the ARN named twice": [allow(resource=[REPOSITORY, REPOSITORY]), TOKEN_STATEMENT],
    "with Sids": [allow(Sid="Push"), allow(TOKEN, "*", Sid="Login")],
    "a wildcard that matches the wanted only": [
        allow([*(each for each in NEEDED if each != "ecr:UploadLayerPart"), "ecr:UploadLayer*"]), TOKEN_STATEMENT],
    "a question mark that matches the wanted only": [allow([*OTHERS, "ecr:PutImag?"]), TOKEN_STATEMENT],
    "the token by a wildcard": [PUSH, allow("ecr:GetAuth*", "*")],
    "the token on the repository as well": [allow([*NEEDED, TOKEN]), TOKEN_STATEMENT],
    "a condition that always holds": [allow(Condition=SINCE_2020), TOKEN_STATEMENT],
    "the repository's own account, by a condition": [
        allow(Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}}), TOKEN_STATEMENT],
    "the pusher's own account, by a condition": [
        allow(Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}), TOKEN_STATEMENT],
    "narrower: from one network": [allow(Condition=FROM_HERE), TOKEN_STATEMENT],
    "narrower: until a day to come": [
        allow(Condition={"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}), TOKEN_STATEMENT],
    "narrower: a Deny under a condition": [
        PUSH, TOKEN_STATEMENT, {**allow("*", "*"), "Effect": "Deny", "Condition": {
            "NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}],
    "too much, and denied again": [
        allow([*NEEDED, "ecr:DeleteRepository"]), TOKEN_STATEMENT,
        {**allow("ecr:DeleteRepository", "*"), "Effect": "Deny"}],
    "everywhere, and denied elsewhere": [
        allow(resource="*"), TOKEN_STATEMENT,
        {"Effect": "Deny", "Action": list(NEEDED), "NotResource": REPOSITORY}],
    "an Allow that can never apply": [PUSH, TOKEN_STATEMENT, allow("*", "*", Condition=LONG_AGO)],
    "an Allow for nobody": [PUSH, TOKEN_STATEMENT, allow("s3:*", "*", Condition=NOBODY)],
    "a Deny of something else": [PUSH, TOKEN_STATEMENT, {**allow("s3:*", "*"), "Effect": "Deny"}],
}  # fmt: skip


@pytest.mark.parametrize("statements", RIGHT.values(), ids=RIGHT)
def test_whatever_allows_the_push_and_nothing_more_is_right(statements: list[dict[str, Any]]) -> None:
    assert first(*statements) is None


def test_the_work_may_be_shared_by_two_policies() -> None:
    assert reviewed([PUSH], [TOKEN_STATEMENT]).first_fault() is None
    assert reviewed([allow(DOCUMENTED), TOKEN_STATEMENT], [allow(MISSING)]).first_fault() is None


def test_a_wide_policy_under_an_exact_boundary_gives_no_more_than_the_push() -> None:
    wide = reviewed([allow("ecr:*", "*")])
    assert replace(wide, boundary=document(PUSH, TOKEN_STATEMENT)).first_fault() is None


def test_a_boundary_that_lacks_an_action_is_named() -> None:
    fault = replace(policy(PUSH, TOKEN_STATEMENT), boundary=document(allow(OTHERS), TOKEN_STATEMENT)).first_fault()
    assert fault == PolicyProblem("boundary_limits", {"actions": "ecr:PutImage", "boundary": "push"})


def test_a_condition_that_narrows_is_told_with_its_values() -> None:
    assert policy(allow(Condition=FROM_HERE), TOKEN_STATEMENT).narrowed() == "IpAddress aws:SourceIp 127.0.0.0/8"
    assert policy(allow(Condition=SINCE_2020), TOKEN_STATEMENT).narrowed() == ""


def test_a_condition_that_can_never_hold_is_no_permission() -> None:
    assert policy(allow(Condition=LONG_AGO), TOKEN_STATEMENT).lacking() == NEEDED
    assert name(allow(MISSING, Condition=NOBODY), allow(DOCUMENTED), TOKEN_STATEMENT) == "missing_action"


SIX = allow(DOCUMENTED)
DENY_OF_THE_SEVENTH = {**allow(MISSING, "*"), "Effect": "Deny"}

SIX_RIGHT = {
    "as AWS documents it": [SIX, TOKEN_STATEMENT],
    "another order": [TOKEN_STATEMENT, allow(DOCUMENTED[::-1])],
    "another case": [allow([each.upper().replace("ECR:", "ecr:") for each in DOCUMENTED]), TOKEN_STATEMENT],
    "two statements": [allow(DOCUMENTED[:2]), allow(DOCUMENTED[2:]), TOKEN_STATEMENT],
    "lists where a word would do": [allow(DOCUMENTED, [REPOSITORY]), allow([TOKEN], ["*"])],
    "with Sids": [allow(DOCUMENTED, Sid="Push"), allow(TOKEN, "*", Sid="Login")],
    "a wildcard that matches the wanted only": [
        allow(["ecr:BatchC*", "ecr:BatchGetI*", "ecr:Complete*", "ecr:Initiate*", "ecr:PutImage", "ecr:UploadL*"]),
        TOKEN_STATEMENT],
    "a condition that always holds": [allow(DOCUMENTED, Condition=SINCE_2020), TOKEN_STATEMENT],
    "too much, and denied again": [
        allow([*DOCUMENTED, "ecr:DeleteRepository"]), TOKEN_STATEMENT,
        {**allow("ecr:DeleteRepository", "*"), "Effect": "Deny"}],
    "an Allow that can never apply": [SIX, TOKEN_STATEMENT, allow(MISSING, Condition=LONG_AGO)],
    "a Deny of something else": [SIX, TOKEN_STATEMENT, {**allow("iam:*", "*"), "Effect": "Deny"}],
}  # fmt: skip
SIX_WRONG = {
    "the seventh as well": ([allow(), TOKEN_STATEMENT], "wide_actions"),
    "the seventh under a condition": ([SIX, TOKEN_STATEMENT, allow(MISSING, Condition=FROM_HERE)], "wide_actions"),
    "everywhere": ([allow(DOCUMENTED, "*"), TOKEN_STATEMENT], "resource_any"),
    "on a second repository": (
        [allow(DOCUMENTED, [REPOSITORY, REPOSITORY.replace("app", "web")]), TOKEN_STATEMENT], "other_repository"),
    "everything, and a Deny of the seventh": (
        [allow("*", "*"), DENY_OF_THE_SEVENTH], "wide_actions"),
    "everything from one network": ([SIX, TOKEN_STATEMENT, allow("*", "*", Condition=FROM_HERE)], "wide_actions"),
    "all of another service": ([SIX, TOKEN_STATEMENT, allow("dynamodb:*", "*")], "other_service"),
    "the seventh elsewhere": ([SIX, TOKEN_STATEMENT, allow(MISSING, REPOSITORY + "-2")], "wide_actions"),
}  # fmt: skip


def six(statements: list[dict[str, Any]]) -> Reviewer:
    return replace(policy(*statements), actions=DOCUMENTED)


@pytest.mark.parametrize("statements", SIX_RIGHT.values(), ids=SIX_RIGHT)
def test_the_documented_six_are_right_however_they_are_written(statements: list[dict[str, Any]]) -> None:
    review = six(statements)
    assert next(review.excess(), None) is None
    assert review.maybe_lacking() == (MISSING,)
    assert review.denying(MISSING) is None
    assert review.allowing(MISSING) == ()


@pytest.mark.parametrize(("statements", "fault"), SIX_WRONG.values(), ids=SIX_WRONG)
def test_more_than_the_documented_six_is_shown(statements: list[dict[str, Any]], fault: str) -> None:
    found = next(six(statements).excess(), None)
    assert found is not None
    assert found.name == fault


def test_a_deny_of_the_seventh_is_found_where_it_stands() -> None:
    place = six([SIX, TOKEN_STATEMENT, DENY_OF_THE_SEVENTH]).denying(MISSING)
    assert place is not None
    assert (place.policy, place.index) == ("push", 2)


def test_whatever_may_allow_the_seventh_is_found_with_its_policy() -> None:
    (access,) = six([SIX, TOKEN_STATEMENT, allow(MISSING, Condition=FROM_HERE)]).allowing(MISSING)
    assert (access.place.policy, access.place.index) == ("push", 2)


BEYOND = {
    "everything since 2020": (allow("*", "*", Condition=SINCE_2020), "wide_actions"),
    "everything from one network": (allow("*", "*", Condition=FROM_HERE), "wide_actions"),
    "everything with MFA": (allow("*", "*", Condition=WITH_MFA), "wide_actions"),
    "everything by one tool": (allow("*", "*", Condition=BY_ONE_TOOL), "wide_actions"),
    "everything in one Region": (
        allow("*", "*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-3"}}), "wide_actions"),
    "everything for a tagged role": (
        allow("*", "*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}), "wide_actions"),
    "everything where a key is missing": (
        allow("*", "*", Condition={"Null": {"aws:SourceVpce": "true"}}), "wide_actions"),
    "another service": (allow("dynamodb:*", "*"), "other_service"),
    "another service under a condition": (allow("sqs:SendMessage", "*", Condition=FROM_HERE), "other_service"),
    "another service on one resource": (allow("s3:PutObject", "arn:aws:s3:::reports/*"), "other_service"),
    "everything but, by NotAction": (
        {"Effect": "Allow", "NotAction": ["ecr:*", "iam:*"], "Resource": "*"}, "other_service"),
    "everywhere but, by NotResource": (
        {"Effect": "Allow", "Action": list(NEEDED), "NotResource": REPOSITORY}, "resource_any"),
    "one more letter": (allow(resource=f"{REPOSITORY}?"), "other_repository"),
    "another last letter": (allow(resource=f"{REPOSITORY[:-1]}?"), "other_repository"),
    "a name by a variable": (allow(resource=REPOSITORY.replace("app", "${aws:PrincipalTag/app}")), "other_repository"),
    "a name under a condition": (allow(resource=REPOSITORY.replace("app", "web"), Condition=FROM_HERE),
                                 "other_repository"),
    "a wildcard in another case": (allow("ECR:DELETE*", REPOSITORY), "wide_actions"),
    "a question mark in an action": (allow("ecr:?eleteRepository", REPOSITORY), "wide_actions"),
    "a service that nobody knows": (allow("ecrx:PutImage", "*"), "typo"),
    "an action of another service's registry": (allow("ecr-public:PutImage", "*"), "other_service"),
    "to become another role": (allow("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/*"), "other_service"),
}  # fmt: skip


@pytest.mark.parametrize(("extra", "fault"), BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_the_push_is_shown_by_a_request_that_is_really_allowed(
    extra: dict[str, Any], fault: str
) -> None:
    review = policy(PUSH, TOKEN_STATEMENT, extra)
    found = review.first_fault()
    assert found is not None
    assert found.name == fault
    if fault != "typo":
        assert found.values["place"] == "statement 3 of the policy push"
        asked = Request(PUSHER, found.values["action"], found.values["arn"], context_of(found.values["keys"]))
        assert evaluate(asked, review.policies).allowed
        if "Condition" not in extra and "${" not in str(extra):
            assert found.values["keys"] == "", "only the keys that a request takes"


def context_of(words: str) -> dict[str, str]:
    """The condition keys of a request, back from a verdict's words."""
    pairs = words.removeprefix(", with ").split(" and ") if words else []
    return dict(each.split(" ", 1) for each in pairs)


def test_where_the_policys_text_is_known_the_line_is_told() -> None:
    body = {"Version": "2012-10-17", "Statement": [PUSH, TOKEN_STATEMENT, allow("sqs:*", "*", Sid="Queue")]}
    text = json.dumps(body, indent=2)
    fault = Reviewer((PolicyDocument("push", body, text),), PushContext(PUSHER, REPOSITORY)).first_fault()
    assert fault is not None
    line = next(number for number, each in enumerate(text.splitlines(), start=1) if "sqs" in each)
    assert fault.values["place"] == f"statement 3 (Queue) of the policy push, line {line}"


def test_what_nobody_can_tell_is_never_right(monkeypatch: pytest.MonkeyPatch) -> None:
    def undecided(*_: Any) -> tuple[Access, ...]:
        place = Place("push", PolicyKind.IDENTITY, 0)
        return (Access(place, ("*",), 0, "*", (), False, (), None, "deciding it would take too long"),)

    monkeypatch.setattr("labs.iam.excess", undecided, raising=False)
    fault = first(PUSH, TOKEN_STATEMENT)
    why = "statement 1 of the policy push: deciding it would take too long"
    assert fault == PolicyProblem("cannot_tell", {"why": why})


def test_the_repositorys_own_policy_counts_for_what_is_missing() -> None:
    given = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": MISSING}}
    six = policy(allow(DOCUMENTED), TOKEN_STATEMENT)
    assert replace(six, repository_policy=PolicyDocument("of the repository", given)).lacking() == ()
    denied = {**given, "Statement": {"Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage"}}
    fault = replace(policy(PUSH, TOKEN_STATEMENT), repository_policy=PolicyDocument("of the repository", denied))
    assert fault.first_fault() == PolicyProblem(
        "deny_left", {"action": "ecr:PutImage", "statement": "number 1", "policy": "of the repository"}
    )


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
