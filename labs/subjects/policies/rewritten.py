"""The same policy, written otherwise: what ``right.py`` of the policy stages hands in. Pure: a body in, a body out."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from labs.subjects.policies.conditions import SINCE_2020

Body = dict[str, Any]
Change = Callable[[Body], Body]
_LONG_AGO = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}


def _each(change: Callable[[int, Body], Mapping[str, Any]]) -> Change:
    """Every statement with some of its elements changed."""
    return lambda body: {
        **body,
        "Statement": [{**each, **change(number, each)} for number, each in enumerate(_statements(body))],
    }


def _statements(body: Body) -> list[Body]:
    found = deepcopy(body["Statement"])
    return found if isinstance(found, list) else [found]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _one_by_one(body: Body) -> Body:
    apart = [
        {**{name: value for name, value in each.items() if name != "Sid"}, "Action": action}
        for each in _statements(body)
        for action in _listed(each["Action"])
    ]
    return {**body, "Statement": apart}


def _and(**statement: object) -> Change:
    """One statement more, for everybody where the others say for whom."""

    def change(body: Body) -> Body:
        there = _statements(body)
        whom = {"Principal": "*"} if "Principal" in there[0] else {}
        return {**body, "Statement": [*there, {**whom, **statement}]}

    return change


# How it is written, and the change. None of them changes what the policy allows.
REWRITTEN: tuple[tuple[str, Change], ...] = (
    ("the statements the other way round", lambda body: {**body, "Statement": _statements(body)[::-1]}),
    (
        "actions in lower case, the last first",
        _each(lambda _, each: {"Action": [action.lower() for action in reversed(_listed(each["Action"]))]}),
    ),
    (
        "a list for one thing",
        _each(lambda _, each: {"Action": _listed(each["Action"]), "Resource": _listed(each["Resource"])}),
    ),
    ("a statement for each action", _one_by_one),
    ("each statement twice", lambda body: {**body, "Statement": _statements(_one_by_one(body)) * 2}),
    ("statements with names", _each(lambda number, _: {"Sid": f"Part{number}"})),
    (
        "a wildcard for one letter",
        _each(lambda _, each: {"Action": [f"{action[:-1]}?" for action in _listed(each["Action"])]}),
    ),
    ("under a condition that holds", _each(lambda _, __: {"Condition": SINCE_2020})),
    ("with a Deny of something else", _and(Effect="Deny", Action="s3:DeleteBucket", Resource="*")),
    ("with everything, until 2020", _and(Effect="Allow", Action="*", Resource="*", Condition=_LONG_AGO)),
    (
        "with too much, denied again",
        lambda body: _and(Effect="Deny", Action="dynamodb:*", Resource="*")(
            _and(Effect="Allow", Action="dynamodb:*", Resource="*")(body)
        ),
    ),
)
