"""AWS's words for a refusal.

Source: IAM User Guide, troubleshoot_access-denied ("Access denied error message examples"): an implicit deny is
"because no TYPE policy allows the ACTION action", an explicit one "with an explicit deny in a TYPE policy".
"""

from labs.iam.decision import Decision, PolicyKind, Principal, PrincipalKind, Request


def implicit_deny(kind: PolicyKind, action: str) -> str:
    """The ending when no policy of this kind allows the action."""
    return f"because no {kind.value} allows the {action} action"


def explicit_deny(kind: PolicyKind) -> str:
    """The ending when a Deny statement applies."""
    if kind is PolicyKind.TRUST:
        return f"with an explicit deny in the {kind.value}"
    article = "an" if kind is PolicyKind.IDENTITY else "a"
    return f"with an explicit deny in {article} {kind.value}"


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
    who = name_of(request.principal)
    return (
        f"User: {who} is not authorized to perform: {request.action} on resource: {request.resource} {decision.words}"
    )
