"""An execution role's policy is judged by evaluating it: enough for a start, and nothing more."""

from typing import Any

import pytest

from labs.fargate.task import session_of
from labs.iam import Connection, Request, evaluate
from labs.subjects.push.policy_review import TOKEN, PolicyDocument, PolicyProblem
from labs.subjects.tasks.execution_policy import PULL, READ, TOLERATED, WRITE, Start, StartReviewer

ACCOUNT = "111122223333"
HERE = f"us-east-1:{ACCOUNT}"
REPOSITORY = f"arn:aws:ecr:{HERE}:repository/fargate-lab/app"
GROUP = f"arn:aws:logs:{HERE}:log-group:fargate-lab/service"
SECRET = f"arn:aws:ssm:{HERE}:parameter/fargate-lab-app-secret"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/fargate-lab-execution"
ENDPOINTS = {"ssm": Connection("us-east-1", endpoint="vpce-0a", vpc="vpc-0a")}
START = Start(session_of(ROLE, "0123456789abcdef"), REPOSITORY, GROUP, SECRET, endpoints=ENDPOINTS)
SINCE_2020 = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
FROM_THE_ENDPOINT = {"StringEquals": {"aws:SourceVpce": "vpce-0a"}}
ELSEWHERE = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}

Statement = dict[str, Any]


def allow(actions: Any, resource: Any, **more: Any) -> Statement:
    return {
        "Effect": "Allow",
        "Action": actions if isinstance(actions, str) else list(actions),
        "Resource": resource,
        **more,
    }


TOKEN_ANY = allow(TOKEN, "*")
IMAGE = allow(PULL, REPOSITORY)
LOG = allow(WRITE, f"{GROUP}:*")
VALUE = allow(READ, SECRET)
RIGHT = (TOKEN_ANY, IMAGE, LOG, VALUE)
# AWS's managed AmazonECSTaskExecutionRolePolicy (ECS developer guide).
MANAGED = allow((TOKEN, TOLERATED, *PULL, *WRITE), "*")


def first(*statements: Statement) -> PolicyProblem | None:
    document = PolicyDocument("execution", {"Version": "2012-10-17", "Statement": list(statements)})
    return StartReviewer((document,), START).first_fault()


def test_the_four_statements_are_right() -> None:
    assert first(*RIGHT) is None


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param((allow((TOKEN,), ["*"]), *RIGHT[1:]), id="lists in place of words"),
        pytest.param(RIGHT[::-1], id="another order"),
        pytest.param((TOKEN_ANY, allow((*PULL, TOLERATED), REPOSITORY), LOG, VALUE), id="the tolerated action"),
        pytest.param((*RIGHT[:2], allow(WRITE, f"{GROUP}:log-stream:*"), VALUE), id="streams spelt out"),
        pytest.param((*RIGHT[:2], allow(WRITE, f"{GROUP}:log-stream:app/app/*"), VALUE), id="streams of the app only"),
        pytest.param((*RIGHT[:2], allow("logs:CreateLogStream", f"{GROUP}:*"), allow("logs:PutLogEvents", f"{GROUP}:*"),
                      VALUE), id="one statement for each action"),
        pytest.param((*RIGHT[:2], allow(WRITE, [GROUP, f"{GROUP}:*"]), VALUE), id="the group beside its streams"),
        pytest.param((*RIGHT[:3], allow("ssm:getparameters", SECRET)), id="actions in lower case"),
        pytest.param((*RIGHT, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}), id="a deny of something else"),
        pytest.param(tuple({**each, "Condition": SINCE_2020} for each in RIGHT), id="a condition that always holds"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, SECRET, Condition=FROM_THE_ENDPOINT)),
                     id="only through the lab's endpoint"),
        pytest.param((TOKEN_ANY, allow(PULL, REPOSITORY, Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}}),
                      LOG, VALUE), id="only in the own account"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, SECRET, Condition={"Bool": {"aws:SecureTransport": "true"}})),
                     id="only by TLS"),
        pytest.param((*RIGHT[:3], allow([READ, "ssm:PutParameter"], SECRET),
                      {"Effect": "Deny", "Action": "ssm:Put*", "Resource": "*"}), id="too much, and denied again"),
        pytest.param((*RIGHT, allow("*", "*", Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})),
                     id="an Allow that can never apply"),
        pytest.param((TOKEN_ANY, allow(["ecr:BatchGetImag?", "ecr:GetDownload*"], REPOSITORY), LOG, VALUE),
                     id="wildcards that match the wanted only"),
    ],
)  # fmt: skip
def test_other_ways_to_write_the_same_are_right(statements: tuple[Statement, ...]) -> None:
    assert first(*statements) is None


@pytest.mark.parametrize("action", [TOKEN, *PULL, *WRITE, READ])
def test_each_action_is_needed(action: str) -> None:
    statements = [
        {**each, "Action": left}
        for each in RIGHT
        if (left := [one for one in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
                     if one != action])
    ]  # fmt: skip
    fault = first(*statements)
    assert fault is not None
    assert fault.name == "role_lacks"
    assert fault.values["actions"] == action
    assert fault.values["why"].startswith(f"No statement allows {action} on ")


@pytest.mark.parametrize(
    ("statements", "lacks"),
    [
        pytest.param((allow(TOKEN, REPOSITORY), IMAGE, LOG, VALUE), TOKEN, id="the token on a repository"),
        pytest.param((TOKEN_ANY, IMAGE, allow(WRITE, GROUP), VALUE), WRITE[0], id="the group without its streams"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow("ssm:GetParameter", SECRET)), READ, id="GetParameter without its s"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, f"{SECRET}-2")), READ, id="another secret"),
        pytest.param((TOKEN_ANY, allow(PULL, f"{REPOSITORY}/*"), LOG, VALUE), PULL[0], id="below the repository"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, SECRET, Condition={"StringEquals": {
            "aws:SourceVpce": "vpce-1"}})), READ, id="a condition that a start cannot meet"),
    ],
)  # fmt: skip
def test_what_a_statement_misses_is_lacking(statements: tuple[Statement, ...], lacks: str) -> None:
    fault = first(*statements)
    assert fault is not None
    assert fault.name == "role_lacks"
    assert fault.values["actions"].split(" and ")[0] == lacks


def test_a_deny_is_named_with_its_statement() -> None:
    fault = first(*RIGHT, {"Sid": "Forgotten", "Effect": "Deny", "Action": "ssm:*", "Resource": "*"})
    assert fault is not None
    assert fault.values["why"] == f"statement 5 (Forgotten) of the policy execution denies {READ} on {SECRET}."


@pytest.mark.parametrize(
    ("statements", "action"),
    [
        pytest.param((TOKEN_ANY, allow(PULL, "*"), LOG, VALUE), PULL[0], id="every repository"),
        pytest.param((TOKEN_ANY, allow(PULL, f"arn:aws:ecr:{HERE}:repository/*"), LOG, VALUE), PULL[0],
                     id="every repository of the account"),
        pytest.param((TOKEN_ANY, allow(PULL, f"{REPOSITORY}*"), LOG, VALUE), PULL[0], id="names that go on"),
        pytest.param((TOKEN_ANY, allow(PULL, REPOSITORY.replace("us-east-1", "*")), LOG, VALUE), PULL[0],
                     id="every Region"),
        pytest.param((TOKEN_ANY, allow(PULL, REPOSITORY.replace(ACCOUNT, "*")), LOG, VALUE), PULL[0],
                     id="every account"),
        pytest.param((TOKEN_ANY, IMAGE, allow(TOLERATED, "*"), LOG, VALUE), TOLERATED, id="the tolerated everywhere"),
        pytest.param((TOKEN_ANY, IMAGE, allow(WRITE, "*"), VALUE), WRITE[0], id="every log group"),
        pytest.param((TOKEN_ANY, IMAGE, allow(WRITE, f"{GROUP}*"), VALUE), WRITE[0], id="groups whose names go on"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, "*")), READ, id="every parameter"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, f"arn:aws:ssm:{HERE}:parameter/*")), READ,
                     id="every parameter of the account"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, [SECRET, f"arn:aws:ssm:{HERE}:parameter/prod/password"])),
                     READ, id="a second secret"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, allow(READ, [SECRET, f"arn:aws:ssm:{HERE}:parameter/prod/*"])), READ,
                     id="a second path of secrets"),
        pytest.param((MANAGED, VALUE), PULL[0], id="AWS's managed policy"),
        pytest.param((*RIGHT, allow("*", "*", Condition=SINCE_2020)), PULL[0], id="everything, since 2020"),
        pytest.param((*RIGHT, allow("*", "*", Condition=ELSEWHERE)), PULL[0], id="everything, from one network"),
        pytest.param((*RIGHT, allow(PULL, f"{REPOSITORY[:-1]}?")), PULL[0], id="another last letter"),
        pytest.param((*RIGHT, allow(READ, SECRET.replace("app-secret", "*"), Condition=ELSEWHERE)), READ,
                     id="other secrets, from one network"),
        pytest.param((TOKEN_ANY, IMAGE, LOG, {"Effect": "Allow", "Action": READ, "NotResource": "arn:aws:ssm:::x"}),
                     READ, id="all but one, by NotResource"),
    ],
)  # fmt: skip
def test_what_reaches_further_is_too_wide(statements: tuple[Statement, ...], action: str) -> None:
    fault = first(*statements)
    assert fault is not None
    assert (fault.name, fault.values["action"]) == ("role_wide_resource", action)
    assert "of the policy execution" in fault.values["by"]


@pytest.mark.parametrize(
    ("extra", "action"),
    [
        pytest.param(allow("ecr:*", REPOSITORY), "ecr:BatchDeleteImage", id="every action of ECR"),
        pytest.param(allow("ecr:PutImage", REPOSITORY), "ecr:PutImage", id="to push as well"),
        pytest.param(allow("ecr:CreateRepository", "*"), "ecr:CreateRepository", id="a registry-wide action"),
        pytest.param(allow("ssm:GetP*", SECRET), "ssm:GetParameter", id="every read of the secret"),
        pytest.param(allow("ssm:PutParameter", SECRET), "ssm:PutParameter", id="to write the secret"),
        pytest.param(allow("logs:GetLogEvents", f"{GROUP}:*"), "logs:GetLogEvents", id="to read the log"),
        pytest.param(allow("logs:CreateLogGroup", "*"), "logs:CreateLogGroup", id="to create groups"),
        pytest.param(allow("kms:Decrypt", "*"), "kms:Decrypt", id="kms:Decrypt everywhere"),
        pytest.param(allow("kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:alias/aws/ssm"), "kms:Decrypt",
                     id="kms:Decrypt on one key"),
        pytest.param(allow("sqs:SendMessage", "*", Condition=ELSEWHERE), "sqs:SendMessage", id="under a condition"),
        pytest.param(allow("ssm:PutParameter", SECRET, Condition={"Null": {"aws:SourceVpce": "true"}}),
                     "ssm:PutParameter", id="where a key is missing"),
        pytest.param(allow("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/t"), "dynamodb:GetItem",
                     id="what the program may need"),
        pytest.param(allow("s3:*", "arn:aws:s3:::photos/*"), "s3:AbortMultipartUpload", id="a bucket"),
        pytest.param({"Effect": "Allow", "NotAction": ["ecr:*", "logs:*", "ssm:*"], "Resource": "*"},
                     "secretsmanager:GetSecretValue", id="everything but, by NotAction"),
    ],
)  # fmt: skip
def test_what_a_start_never_asks_for_is_too_much(extra: Statement, action: str) -> None:
    fault = first(*RIGHT, extra)
    assert fault is not None
    assert (fault.name, fault.values["action"]) == ("role_wide_action", action)


def test_a_permission_that_a_start_gets_only_under_a_condition_says_which() -> None:
    fault = first(TOKEN_ANY, IMAGE, LOG, allow(READ, SECRET, Condition=ELSEWHERE))
    assert fault is not None
    condition = "IpAddress aws:SourceIp 10.0.0.0/8"
    assert fault.values["why"] == f"{READ} on {SECRET} is allowed only if {condition}, which a start does not meet."


def test_what_is_shown_as_too_much_is_really_allowed() -> None:
    extra = allow("*", "*", Condition=ELSEWHERE)
    document = PolicyDocument("execution", {"Version": "2012-10-17", "Statement": [*RIGHT, extra]})
    review = StartReviewer((document,), START)
    for fault in review.faults():
        assert fault.values["keys"].startswith(", with aws:SourceIp 10.")
        context = {"aws:SourceIp": fault.values["keys"].rpartition(" ")[2]}
        asked = Request(START.principal, fault.values["action"], fault.values["resource"], context)
        assert evaluate(asked, review.policies).allowed


def test_a_boundary_limits_what_the_policy_gives() -> None:
    wide = PolicyDocument("execution", {"Version": "2012-10-17", "Statement": [allow("*", "*")]})
    exact = PolicyDocument("limit", {"Version": "2012-10-17", "Statement": list(RIGHT)})
    assert StartReviewer((wide,), START, exact).first_fault() is None
    narrow = PolicyDocument("limit", {"Version": "2012-10-17", "Statement": list(RIGHT[:3])})
    fault = StartReviewer((exact,), START, narrow).first_fault()
    assert fault is not None
    assert fault.name == "role_lacks"


def test_administrator_access_is_too_wide() -> None:
    fault = first(allow("*", "*"))
    assert fault is not None
    assert fault.name == "role_wide_resource"


def test_no_policy_at_all_lacks_all_of_it() -> None:
    fault = StartReviewer((), START).first_fault()
    assert fault is not None
    assert fault.name == "role_lacks"
    assert fault.values["actions"].count(":") == 6
