"""The request context: the global condition keys of a request, made here and nowhere else.

Source: IAM User Guide, reference_policies_condition-keys, the "Availability" of each key, and
reference_policies_variables, "Principal key values". The keys of tags, of resources and of one service are added by who
knows them. There is no organization here, so the keys of organizations are never there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from labs.iam.decision import ContextValue, Principal, PrincipalKind

Keys = dict[str, ContextValue]

_TYPES = {
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE: "AssumedRole",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.ROOT: "Account",
    PrincipalKind.ANONYMOUS: "Anonymous",
}


@dataclass(frozen=True)
class Connection:
    """How a request comes. ``region``: see ``requested_region``; "" when it is not known.

    ``endpoint`` and ``vpc``: the VPC endpoint that it passes and the endpoint's VPC, "" for none. ``secure``: by TLS.
    ``forwarded``: a service makes the call with the principal's own rights (forward access sessions).
    """

    region: str = ""
    source_ip: str = ""
    user_agent: str = ""
    endpoint: str = ""
    vpc: str = ""
    secure: bool = True
    forwarded: bool = False


@dataclass(frozen=True)
class Session:
    """What stands in temporary credentials. ``issued``: aware.

    ``mfa``: whether MFA was used; None for federated identities, whose requests do not say. ``keys``: those of the
    identity provider that stay with the session.
    """

    issued: datetime
    mfa: bool | None = False
    source_identity: str = ""
    keys: Mapping[str, ContextValue] = field(default_factory=dict)


def request_context(
    principal: Principal,
    connection: Connection,
    now: datetime,
    *,
    user_id: str = "",
    tags: Mapping[str, str] | None = None,
    session: Session | None = None,
    resource_account: str = "",
) -> Keys:
    """All of a request's global condition keys. ``now``: aware.

    ``user_id``, ``tags``, ``session``: see ``principal_keys``. ``resource_account``: the owner of the resource; "" for
    the principal's own account.
    """
    owner = resource_account or principal.account
    return {
        **principal_keys(principal, user_id=user_id, tags=tags, session=session),
        **connection_keys(connection),
        **time_keys(now),
        **({"aws:ResourceAccount": owner} if owner else {}),
    }


def principal_keys(
    principal: Principal, *, user_id: str = "", tags: Mapping[str, str] | None = None, session: Session | None = None
) -> Keys:
    """The properties of the principal and of its session.

    ``user_id``: the value of ``aws:userid``, "" when it is not known; ``tags``: of the user or role, and the session's
    own; ``session``: None for long-term credentials.
    """
    keys: Keys = dict(_of_kind(principal, user_id))
    if principal.kind is PrincipalKind.USER:
        keys["aws:username"] = principal.arn.rsplit("/", 1)[-1]
    for name, value in (tags or {}).items():
        keys[f"aws:PrincipalTag/{name}"] = value
    if session is not None:
        keys["aws:TokenIssueTime"] = _date(session.issued)
        if session.mfa is not None:
            keys["aws:MultiFactorAuthPresent"] = _bool(session.mfa)
        if session.source_identity:
            keys["aws:SourceIdentity"] = session.source_identity
        keys.update(session.keys)
    return keys


def _of_kind(principal: Principal, user_id: str) -> Mapping[str, ContextValue]:
    if principal.kind is PrincipalKind.ANONYMOUS:
        return {"aws:PrincipalType": "Anonymous", "aws:PrincipalAccount": "anonymous", "aws:userid": "anonymous"}
    if principal.kind is PrincipalKind.SERVICE:
        names: Sequence[str] = (principal.arn,)
        return {
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": principal.arn,
            "aws:PrincipalServiceNamesList": names,
        }
    if principal.kind is PrincipalKind.FEDERATED and not principal.is_federated_user:
        # The token of a provider signs nothing: there is no AWS principal until the role is assumed.
        return {"aws:userid": user_id} if user_id else {}
    named = user_id or (principal.account if principal.kind is PrincipalKind.ROOT else "")
    return {
        "aws:PrincipalArn": principal.arn if principal.is_federated_user else principal.identity_arn,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalType": "FederatedUser" if principal.is_federated_user else _TYPES[principal.kind],
        "aws:PrincipalIsAWSService": "false",
        **({"aws:userid": named} if named else {}),
    }


def connection_keys(connection: Connection) -> Keys:
    """The properties of the network and of the request, its time excepted."""
    keys: Keys = {
        "aws:SecureTransport": _bool(connection.secure),
        "aws:UserAgent": connection.user_agent,
        "aws:ViaAWSService": _bool(connection.forwarded),
    }
    if connection.region:
        keys["aws:RequestedRegion"] = connection.region
    if connection.endpoint:
        keys |= {"aws:SourceVpce": connection.endpoint, "aws:SourceVpc": connection.vpc}
    elif connection.source_ip:
        # "Except when the requester uses a VPC endpoint to make the request."
        keys["aws:SourceIp"] = connection.source_ip
    return keys


def requested_region(service: str, region: str) -> str:
    """The Region of the endpoint that a call of ``service`` goes to, for a client that works in ``region``.

    "Some global services, such as IAM, have a single endpoint ... IAM calls are always made to the us-east-1 Region."
    """
    return "us-east-1" if service == "iam" else region


def time_keys(now: datetime) -> Keys:
    """When the request is made."""
    return {"aws:CurrentTime": _date(now), "aws:EpochTime": str(int(now.timestamp()))}


def _date(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _bool(value: bool) -> str:
    return "true" if value else "false"
