"""A gateway endpoint's policy is judged by evaluating it: it lets the layers through, and nothing else."""

import json
from typing import Any

import pytest

from labs.subjects.vpc.endpoint_policy import PolicyFault, first_fault, lets_layers_through

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
    ],
)
def test_a_policy_for_the_layers_and_nothing_else_is_right_however_it_is_written(right: Any) -> None:
    assert first_fault(right, BUCKET) is None


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
    ],
)
def test_a_policy_that_lets_more_through_is_wide_and_says_what(wide: Any, action: str) -> None:
    fault = first_fault(wide, BUCKET)
    assert fault is not None
    assert not fault.blocks
    assert fault.action == action
    assert lets_layers_through(wide, BUCKET)
