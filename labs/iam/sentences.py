"""AWS's words for a refusal.

Source: IAM User Guide, troubleshoot_access-denied ("Access denied error message examples"): an implicit deny is
"because no TYPE policy allows the ACTION action", an explicit one "with an explicit deny in a TYPE policy"; AWS
Security Blog, "Enhanced access denied error messages with policy ARNs", January 2026.
"""

from functools import cache

from labs.aws_texts import texts
from labs.iam.decision import Decision, PolicyKind, Principal, PrincipalKind, Request


def implicit_deny(kind: PolicyKind, action: str) -> str:
    """The ending when no policy of this kind allows the action."""
    return _said("access.implicit_deny", policy=kind.value, action=action)


# "The policy types covered" by the ARN in the message; an inline policy has none.
_NAMED = (PolicyKind.SCP, PolicyKind.RCP, PolicyKind.BOUNDARY, PolicyKind.SESSION, PolicyKind.IDENTITY)


@cache
def explicit_deny(kind: PolicyKind, arn: str = "") -> str:
    """The ending when a Deny statement applies. ``arn``: that of the policy, "" when it has none."""
    article = {PolicyKind.TRUST: "the", PolicyKind.IDENTITY: "an"}.get(kind, "a")
    policy = f"{article} {kind.value}"
    if arn and kind in _NAMED:
        return _said("access.explicit_deny_by", policy=policy, arn=arn)
    return _said("access.explicit_deny", policy=policy)


def name_of(principal: Principal) -> str:
    """How the sentence names the caller: the ARN, a service's name, or ``anonymous``."""
    return "anonymous" if principal.kind is PrincipalKind.ANONYMOUS else principal.arn


def sentence(request: Request, decision: Decision) -> str:
    """The whole sentence of the error, ``""`` when the request is allowed.

    ``User: ARN is not authorized to perform: ACTION on resource: ARN because no identity-based policy allows the
    ACTION action``
    """
    if decision.allowed:
        return ""
    return _said(
        "access.sentence",
        user=name_of(request.principal),
        action=request.action,
        resource=request.resource,
        reason=decision.words,
    )


def _said(id: str, /, **values: str) -> str:
    return texts("iam_access")[id].say(**values)
