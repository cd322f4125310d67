"""Does the gateway endpoint's policy let the layers through, and nothing else? Judged by evaluating it.

The layer download is one request: ``s3:GetObject`` on the layer bucket, signed by Amazon ECR and not by the task (ECR
user guide, "Create the Amazon S3 gateway endpoint", which is why the policy's Principal is "*").
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labs.iam import (
    Connection,
    MalformedPolicy,
    Policies,
    PolicyKind,
    Principal,
    PrincipalKind,
    Request,
    Session,
    connection_keys,
    evaluate,
    parse_policy,
    request_context,
)

# Whoever signs the download is in an account of AWS's, not in the trainee's.
_ACCOUNT = "000000000000"
_SIGNER = Principal(f"arn:aws:iam::{_ACCOUNT}:user/amazon-ecr", _ACCOUNT, PrincipalKind.USER)
_ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class PolicyFault:
    """What is wrong with the policy: ``blocks`` the layers, or lets ``action`` on ``resource`` through as well."""

    blocks: bool
    action: str
    resource: str


def first_fault(document: str | Mapping[str, Any], bucket_arn: str) -> PolicyFault | None:
    """The first thing wrong with an endpoint policy; None when it is right. A policy nobody can read blocks."""
    layer = _layer(bucket_arn)
    if not lets_layers_through(document, bucket_arn):
        return PolicyFault(True, "s3:GetObject", f"{bucket_arn}/*")
    partition = bucket_arn.split(":")[1]
    for action, resource in (
        ("s3:GetObject", f"arn:{partition}:s3:::another-bucket/object"),
        ("s3:PutObject", layer),
        ("s3:DeleteObject", layer),
        ("s3:GetObjectAcl", layer),
        ("s3:ListBucket", bucket_arn),
        ("s3:PutObject", f"arn:{partition}:s3:::another-bucket/object"),
        ("s3:GetObject", f"{bucket_arn}-2/object"),
    ):
        if _allows(document, Request(_SIGNER, action, resource)):
            return PolicyFault(False, action, resource)
    return None


def lets_layers_through(
    document: str | Mapping[str, Any], bucket_arn: str, connection: Connection | None = None
) -> bool:
    """Whether the download of a layer passes the policy; ``connection``: how it comes, as far as that is known."""
    context = connection_keys(connection) if connection else {}
    return _allows(document, Request(_SIGNER, "s3:GetObject", _layer(bucket_arn), context))


@dataclass(frozen=True)
class EndpointCall:
    """A call that goes through an endpoint: who makes it, the action and the resource.

    ``knows_endpoint``: see ``labs.fargate``; GetAuthorizationToken does not say through which endpoint it came.
    """

    principal: Principal
    action: str
    resource: str
    knows_endpoint: bool = True


def lets_through(document: str, call: EndpointCall, connection: Connection, now: datetime) -> bool:
    """Whether a call passes the policy, as it comes by that connection; ``now`` is aware."""
    known = connection if call.knows_endpoint else Connection(connection.region)
    context = request_context(call.principal, known, now, session=Session(now))
    return _allows(document, Request(call.principal, call.action, call.resource, context))


def _layer(bucket_arn: str) -> str:
    return f"{bucket_arn}/layer"


def _allows(document: str | Mapping[str, Any], request: Request) -> bool:
    try:
        body = json.loads(document) if isinstance(document, str) else document
        endpoint = parse_policy(body, PolicyKind.ENDPOINT, "endpoint")
    except (MalformedPolicy, ValueError):
        return False
    everything = Policies(identity=[parse_policy(_ANY)], endpoint=endpoint)
    return evaluate(request, everything).allowed
