"""A policy's text that says of itself what kind of policy it is, and what can then be asked of it."""

import json

from labs.iam import Policies, Policy, PolicyKind


def kind_of(document: str) -> PolicyKind:
    """What kind of policy a text is: with Principal and without Resource it is a role's trust, if it assumes roles."""
    found = statements(document)
    if not any(name in each for each in found for name in ("Principal", "NotPrincipal")):
        return PolicyKind.IDENTITY
    assumes = all(action.lower().startswith("sts:") for each in found for action in listed(each.get("Action")))
    whole = any(name in each for each in found for name in ("Resource", "NotResource"))
    return PolicyKind.TRUST if assumes and not whole else PolicyKind.RESOURCE


def alone(policy: Policy) -> Policies:
    """The policies that decide where there is this one and no other."""
    if policy.kind is PolicyKind.IDENTITY:
        return Policies(identity=(policy,))
    if policy.kind is PolicyKind.ENDPOINT:
        return Policies(endpoint=policy)
    return Policies(resource=policy)


def is_empty(document: str) -> bool:
    """Whether it is a policy's text that has no statement at all."""
    try:
        body = json.loads(document)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and not body.get("Statement")


def statements(document: str) -> list[dict[str, object]]:
    """The statements of a policy's text, as decoded JSON; none where it is no policy."""
    try:
        body = json.loads(document)
    except (ValueError, RecursionError):
        # The reader of policies says what is wrong, and where.
        return []
    listed = body.get("Statement", []) if isinstance(body, dict) else []
    listed = listed if isinstance(listed, list) else [listed]
    return [each for each in listed if isinstance(each, dict)]


def listed(value: object) -> list[str]:
    """The texts of an element that may hold one or a list of them."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
