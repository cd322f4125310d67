"""Does the gateway endpoint's policy let the layers through, and nothing else? Decided by ``labs.iam``.

The layer download is one request, the same that a task's start makes (``labs.fargate.layer_download``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from labs import iam
from labs.fargate import layer_download
from labs.iam import (
    Connection,
    MalformedPolicy,
    Policies,
    Policy,
    PolicyKind,
    Principal,
    Request,
    Session,
    Wanted,
    parse_policy,
    request_context,
)
from labs.subjects.policies import in_words

# A request through the endpoint has them with these values.
_OWN_KEYS = ("aws:SourceVpce", "aws:SourceVpc")


@dataclass(frozen=True)
class PolicyFault:
    """What is wrong with the policy: ``blocks`` the layers, or lets ``action`` on ``resource`` through as well.

    ``keys``: the condition keys that this takes, in words; ``place``: the statement; ``unclear``: why nobody can tell.
    """

    blocks: bool
    action: str
    resource: str
    keys: str = ""
    place: str = ""
    unclear: str = ""


def first_fault(
    document: str | Mapping[str, Any], bucket_arn: str, connection: Connection | None = None
) -> PolicyFault | None:
    """The first thing wrong with an endpoint policy; None when it is right. A policy nobody can read blocks.

    ``connection``: how requests come to the endpoint, as far as that is known.
    """
    if not lets_layers_through(document, bucket_arn, connection):
        return PolicyFault(True, "s3:GetObject", f"{bucket_arn}/*")
    policy = _read(document)
    assert policy is not None, "it lets layers through"
    keys = iam.connection_keys(connection) if connection else {}
    own: dict[str, tuple[str, ...]] = {name: (str(keys[name]),) for name in _OWN_KEYS if name in keys}
    scene = iam.Scene(region=connection.region if connection else "us-east-1", now=datetime.now(UTC), fixed=own)
    wanted = Wanted("s3:GetObject", f"{bucket_arn}/*", principals="*")
    found = iam.excess(Policies(endpoint=policy), [wanted], scene)
    for access in found:
        if access.witness is not None:
            asked = _known(access.witness, policy, bucket_arn)
            place = in_words.place(access.place)
            return PolicyFault(False, asked.action, asked.resource, in_words.keys(asked), place)
    return next((PolicyFault(False, "", "", unclear=in_words.unclear(each)) for each in found), None)


def _known(asked: Request, policy: Policy, bucket_arn: str) -> Request:
    """Of what is too much, a request that people know; else the one that was found."""
    layer, partition = _layer(bucket_arn), bucket_arn.split(":")[1]
    for action, resource in (
        ("s3:GetObject", f"arn:{partition}:s3:::another-bucket/object"),
        ("s3:PutObject", layer),
        ("s3:DeleteObject", layer),
        ("s3:GetObjectAcl", layer),
        ("s3:ListBucket", bucket_arn),
        ("s3:PutObject", f"arn:{partition}:s3:::another-bucket/object"),
        ("s3:GetObject", f"{bucket_arn}-2/object"),
    ):
        request = replace(asked, action=action, resource=resource)
        if _passes(policy, request):
            return request
    return asked


def lets_layers_through(
    document: str | Mapping[str, Any], bucket_arn: str, connection: Connection | None = None
) -> bool:
    """Whether the download of a layer passes the policy; ``connection``: how it comes, as far as that is known."""
    return _allows(document, layer_download.download(bucket_arn, connection or Connection(), datetime.now(UTC)))


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


def lets_more_through(document: str | Mapping[str, Any], calls: Sequence[EndpointCall], region: str) -> bool:
    """Whether a policy lets through, or may, what is none of these calls, whoever makes it; AWS's default does."""
    policy = _read(document)
    if policy is None:
        return not document
    wanted = [Wanted(each.action, each.resource, principals="*") for each in calls]
    return bool(iam.excess(Policies(endpoint=policy), wanted, iam.Scene(region=region, now=datetime.now(UTC))))


def _layer(bucket_arn: str) -> str:
    return f"{bucket_arn}/layer"


def _allows(document: str | Mapping[str, Any], request: Request) -> bool:
    policy = _read(document)
    return policy is not None and _passes(policy, request)


def _read(document: str | Mapping[str, Any]) -> Policy | None:
    try:
        return parse_policy(json.loads(document) if isinstance(document, str) else document, PolicyKind.ENDPOINT, "")
    except (MalformedPolicy, ValueError):
        return None


def _passes(policy: Policy, request: Request) -> bool:
    """Whether the policy lets through a request that everything else allows."""
    return layer_download.passes(request, policy).allowed
