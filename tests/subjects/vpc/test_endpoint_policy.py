"""A gateway endpoint's policy is judged by evaluating it: it lets the layers through, and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from labs.fargate.task import session_of
from labs.iam import Connection
from labs.subjects.vpc.endpoint_policy import (
    EndpointCall,
    PolicyFault,
    first_fault,
    lets_layers_through,
    lets_more_through,
    lets_through,
)

HERE = Connection("us-east-1", endpoint="vpce-0a", vpc="vpc-0a")
SINCE_2020 = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
LONG_AGO = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
FROM_A_NETWORK = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
ENTANGLED = {
    "StringEquals": {
        "aws:PrincipalTag/a": "${aws:PrincipalTag/b}",
        "aws:PrincipalTag/b": "${aws:PrincipalTag/c}x",
    }
}
BUCKET = "arn:aws:s3:::prod-us-east-1-starport-layer-bucket"


def statement(**changes: Any) -> dict[str, Any]:
    usual = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    return {**usual, **changes}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    "right",
    [
        document(statement()),
        json.dumps(document(statement())),
        document(statement(Principal={"AWS": "*"})),
        document(statement(Action=["s3:GetObject"], Resource=[f"{BUCKET}/*"])),
        document(statement(Action="S3:getobject")),
        document(statement(), statement(Effect="Deny", Action="s3:PutObject", Resource="*")),
        document(statement(), statement()),
        document(statement(Sid="Layers")),
        document(statement(Action="s3:GetObjec?")),
        document(statement(Condition=SINCE_2020)),
        document(statement(Condition={"StringEquals": {"aws:SourceVpc": "vpc-0a"}})),
        document(statement(Condition={"StringEquals": {"aws:SourceVpce": ["vpce-0a", "vpce-0b"]}})),
        document(statement(Condition={"Bool": {"aws:SecureTransport": "true"}})),
        document(statement(), statement(Action="*", Resource="*", Condition=LONG_AGO)),
        document(
            statement(), statement(Action="*", Resource="*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-0b"}})
        ),
        document(
            statement(Action="s3:Get*"),
            {"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*"},
        ),
    ],
)
def test_a_policy_for_the_layers_and_nothing_else_is_right_however_it_is_written(right: Any) -> None:
    assert first_fault(right, BUCKET, HERE) is None


@pytest.mark.parametrize(
    "blocking",
    [
        document(),
        document(statement(Resource=BUCKET)),
        document(statement(Resource="arn:aws:s3:::my-bucket/*")),
        document(statement(Action="s3:GetObjectVersion")),
        document(statement(Principal={"AWS": "arn:aws:iam::111122223333:root"})),
        document(statement(Principal={"AWS": "arn:aws:iam::111122223333:role/fargate-lab-trial"})),
        document(statement(), statement(Effect="Deny", Action="s3:*", Resource="*")),
        document(statement(Condition={"StringEquals": {"aws:PrincipalAccount": "111122223333"}})),
        "not JSON",
        {"Version": "2012-10-17", "Statement": "nonsense"},
        "",
    ],
)
def test_a_policy_that_stops_the_layers_blocks(blocking: Any) -> None:
    assert first_fault(blocking, BUCKET) == PolicyFault(True, "s3:GetObject", f"{BUCKET}/*")
    assert not lets_layers_through(blocking, BUCKET)


@pytest.mark.parametrize(
    ("wide", "action"),
    [
        (document(statement(Resource="*")), "s3:GetObject"),
        (document(statement(Resource="arn:aws:s3:::*/*")), "s3:GetObject"),
        (document(statement(Resource=f"{BUCKET}*")), "s3:GetObject"),
        (document(statement(Action="s3:*")), "s3:PutObject"),
        (document(statement(Action="*")), "s3:PutObject"),
        (document(statement(Action="s3:Get*")), "s3:GetObjectAcl"),
        (
            document(statement(Action=["s3:GetObject", "s3:ListBucket"], Resource=[f"{BUCKET}/*", BUCKET])),
            "s3:ListBucket",
        ),
        (
            document(statement(), statement(Action="s3:PutObject", Resource="arn:aws:s3:::another-bucket/*")),
            "s3:PutObject",
        ),
        (document(statement(), statement(Action="s3:PutObject", Resource="arn:aws:s3:::x/*")), "s3:PutObject"),
        (document(statement(), statement(Action="*", Resource="*", Condition=SINCE_2020)), "s3:GetObject"),
        (document(statement(), statement(Action="*", Resource="*", Condition=FROM_A_NETWORK)), "s3:GetObject"),
        (document(statement(), statement(Action="dynamodb:GetItem", Resource="*")), "dynamodb:GetItem"),
        (document(statement(), statement(Resource="*", Principal={"AWS": "444455556666"})), "s3:GetObject"),
        (document(statement(Resource=f"{BUCKET[:-1]}?/*")), "s3:GetObject"),
        (
            document(
                statement(),
                {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "NotResource": f"{BUCKET}/*"},
            ),
            "s3:GetObject",
        ),
    ],
)
def test_a_policy_that_lets_more_through_is_wide_and_says_what(wide: Any, action: str) -> None:
    fault = first_fault(wide, BUCKET)
    assert fault is not None
    assert not fault.blocks
    assert fault.action == action
    assert lets_layers_through(wide, BUCKET)


def test_what_is_too_much_is_told_with_its_condition_and_its_statement() -> None:
    fault = first_fault(document(statement(), statement(Action="*", Resource="*", Condition=FROM_A_NETWORK)), BUCKET)
    assert fault is not None
    assert fault.keys.startswith(", with aws:SourceIp 10.")
    assert fault.place == "statement 2 of the endpoint's policy"


def test_what_nobody_can_tell_of_an_endpoint_policy_is_said_so() -> None:
    fault = first_fault(document(statement(), statement(Action="s3:*", Resource="*", Condition=ENTANGLED)), BUCKET)
    assert fault is not None
    assert fault.unclear.startswith("statement 2 of the endpoint's policy: ")


CALL = EndpointCall(
    session_of("arn:aws:iam::111122223333:role/fargate-lab-trial", "0123456789abcdef"),
    "ssm:GetParameters",
    "arn:aws:ssm:us-east-1:111122223333:parameter/fargate-lab-trial-secret",
)


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"Resource": CALL.resource}, True),
        ({"Principal": {"AWS": "111122223333"}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a"}}}, True),
        ({"Effect": "Deny"}, False),
        ({"Action": "ssm:GetParameter"}, False),
        ({"Resource": f"{CALL.resource}-2"}, False),
        ({"Principal": {"AWS": "444455556666"}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0b"}}}, False),
        ({"Condition": LONG_AGO}, False),
    ],
)
def test_a_call_of_a_start_passes_an_interface_endpoints_policy_or_does_not(
    changes: dict[str, Any], passes: bool
) -> None:
    policy = json.dumps(document(statement(**{"Action": "ssm:GetParameters", "Resource": "*", **changes})))
    assert lets_through(policy, CALL, HERE, datetime.now(UTC)) is passes


@pytest.mark.parametrize(
    ("policy", "more"),
    [
        ("", True),
        (document(statement(Action="*", Resource="*")), True),
        (document(statement(Action="ssm:*", Resource="*")), True),
        (document(statement(Action="ssm:GetParameters", Resource="*")), True),
        (document(statement(Action="ssm:GetParameters", Resource=CALL.resource)), False),
        (
            document(statement(Action="ssm:GetParameters", Resource=CALL.resource, Principal={"AWS": "111122223333"})),
            False,
        ),
        (document(statement(Action="*", Resource="*", Condition=LONG_AGO)), False),
        (document(statement(Action="s3:*", Resource="*", Condition=ENTANGLED)), True),
    ],
    ids=str,
)
def test_an_interface_endpoints_policy_lets_more_through_than_a_start_or_does_not(policy: Any, more: bool) -> None:
    assert lets_more_through(policy, [CALL], "us-east-1") is more


def test_the_registrys_password_is_asked_for_without_the_name_of_an_endpoint() -> None:
    """ECR user guide, vpc-endpoints: the keys of VPC and endpoint are not there for GetAuthorizationToken."""
    here = {"StringEquals": {"aws:SourceVpce": "vpce-0a"}}
    policy = json.dumps(document(statement(Action="ecr:GetAuthorizationToken", Resource="*", Condition=here)))
    call = EndpointCall(CALL.principal, "ecr:GetAuthorizationToken", "*", knows_endpoint=False)
    assert not lets_through(policy, call, HERE, datetime.now(UTC))
