"""An access beyond what is wanted, in a verdict's words: the request that shows it, and the statement that gives it."""

from collections.abc import Sequence

from labs.iam import Access, Place, PolicyKind, Request, principal_keys
from labs.iam.match import Patterns

# Whose policy it is, where its name does not say so.
_KINDS = {
    PolicyKind.TRUST: "the trust policy",
    PolicyKind.ENDPOINT: "the endpoint's policy",
}


def keys(request: Request) -> str:
    """The condition keys that a request takes, beside those that its principal has anyway; empty when there are none.

    ``, with aws:SourceIp 203.0.113.7``
    """
    own = {key.lower() for key in principal_keys(request.principal)} | {"aws:principalaccount"}
    taken = {key: value for key, value in request.context.items() if key.lower() not in own}
    shown = [f"{key} {value if isinstance(value, str) else ', '.join(value)}" for key, value in taken.items()]
    return f", with {' and '.join(shown)}" if shown else ""


def request(found: Request) -> str:
    """``ecr:PutImage on arn:aws:ecr:...``, with the keys that it takes."""
    return f"{found.action} on {found.resource}{keys(found)}"


def place(found: Place) -> str:
    """``statement 3 (Freeze) of the policy push, line 12``; the line only where the policy's text is known."""
    sid = f" ({found.sid})" if found.sid else ""
    line = f", line {found.line}" if found.line else ""
    return f"statement {found.index + 1}{sid} of {_KINDS.get(found.kind, f'the policy {found.policy}')}{line}"


def given_by(access: Access) -> str:
    """How the policy itself writes what gives the access: its Action and Resource, or the element that says "but"."""
    action = f'Action "{access.pattern}"' if access.pattern else "NotAction"
    if access.not_resources:
        return f"{action} with NotResource"
    resource = _written(access.resources, access.witness.resource if access.witness else "")
    return f'{action} on Resource "{resource}"' if resource else action


def _written(resources: Sequence[str], resource: str) -> str:
    """The entry that matches; the first where only variables do."""
    matching = (each for each in resources if Patterns([each]).match(resource))
    return next(matching, resources[0] if resources else "")


def unclear(access: Access) -> str:
    """Why it cannot be told whether there is such access, and where that is."""
    return f"{place(access.place)}: {access.unclear}"
