"""Access that policies give, and access that is missing, in words: a line for each, and one for its request."""

from collections.abc import Iterator, Sequence

from labs import iam
from labs.ui import text

# So many names are listed; of more than that, a few.
_ALL, _SHOWN = 8, 3


def access_line(access: iam.Access) -> str:
    """``ecr:PutImage and 6 more on arn:..., if IpAddress aws:SourceIp 10.0.0.0/8``; what is unclear says so."""
    line = f"{actions(access.actions, access.count)} on {_resources(access)}"
    conditions = [str(each) for each in access.open_conditions]
    line += f", if {text.series(conditions)}" if conditions else ""
    line += "" if access.known else " (not an action that is known here: misspelt, or new)"
    return line if access.certain else f"cannot tell about {line}: {access.unclear}"


def actions(names: Sequence[str], count: int) -> str:
    """The first actions and how many more there are."""
    shown = names[:count] if count <= _ALL else names[:_SHOWN]
    return text.series([*shown, *([f"{count - len(shown):,} more"] if count > len(shown) else [])])


def _resources(access: iam.Access) -> str:
    if not access.resources:
        return "the resource that the policy is attached to"
    listed = text.series(["every resource" if each == "*" else each for each in access.resources[:_SHOWN]])
    more = len(access.resources) - _SHOWN
    listed += f" and {more} more" if more > 0 else ""
    return f"every resource but {listed}" if access.not_resources else listed


def request_line(request: iam.Request, who: bool = False) -> str:
    """``ecr:PutImage on arn:... with aws:SourceIp 10.0.0.1``; ``who``: the caller as well."""
    values = [
        f"{key} {value if isinstance(value, str) else text.series(list(value))}"
        for key, value in request.context.items()
    ]
    caller = f" by {request.principal.arn or 'an anonymous caller'}" if who else ""
    return f"{request.action} on {request.resource}{caller}" + (f" with {text.series(values)}" if values else "")


def lack_line(lack: iam.Lack) -> str:
    """``ecr:PutImage on arn:... is missing``, or under which conditions it is."""
    what = f"{actions(lack.actions, lack.count)} on {'every resource' if lack.resource == '*' else lack.resource}"
    conditions = text.series([str(each) for each in lack.conditions], "or")
    if lack.unclear and not lack.certain:
        return f"cannot tell about {what}: {lack.unclear}"
    if lack.denied_by is not None:
        when = f" when {conditions}" if conditions and not lack.certain else ""
        return f"{what} is denied{when} by {lack.denied_by}"
    return f"{what} is missing" + ("" if lack.certain or not conditions else f" unless {conditions}")


def change(before: iam.Policies, after: iam.Policies, scene: iam.Scene) -> Iterator[str]:
    """What may be done after a change of policies and was not allowed before, and the other way round."""
    for sign, found in (("+", iam.excess(after, before, scene)), ("-", iam.excess(before, after, scene))):
        for access in found:
            yield text.hanging(f"  {sign} ", access_line(access))
