"""AWS's words for a refusal.

Source: IAM User Guide, troubleshoot_access-denied ("Access denied error message examples"): an implicit deny is
"because no TYPE policy allows the ACTION action", an explicit one "with an explicit deny in a TYPE policy".
"""

from functools import cache

from labs.aws_texts import texts
from labs.iam.decision import Decision, PolicyKind, Principal, PrincipalKind, Request


def implicit_deny(kind: PolicyKind, action: str) -> str:
    """The ending when no policy of this kind allows the action."""
    return _said("access.implicit_deny", policy=kind.value, action=action)


@cache
def explicit_deny(kind: PolicyKind) -> str:
    """The ending when a Deny statement applies."""
    article = {PolicyKind.TRUST: "the", PolicyKind.IDENTITY: "an"}.get(kind, "a")
    return _said("access.explicit_deny", policy=f"{article} {kind.value}")


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
