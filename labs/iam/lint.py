"""What AWS accepts in a policy and yet cannot work: a misspelt action, a resource no action of the statement has.

Source: Service Authorization Reference (which actions and resources exist); IAM Access Analyzer policy check reference
(access-analyzer-reference-policy-checks), whose idea this is; the wording is ours.
"""

import difflib
import enum
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from labs.iam.actions import OWN_RESOURCES_ONLY, WHOLE_SERVICE
from labs.iam.conditions import split_operator
from labs.iam.decision import Effect, Policy
from labs.iam.match import Patterns, any_of, tokens_of
from labs.iam.parse import CURRENT_VERSION
from labs.iam.statement import Statement
from labs.iam.values import read_bool, read_network, read_number


class LintCode(enum.Enum):
    """The kinds of finding; the values are stable and may name a message in a catalogue."""

    UNKNOWN_ACTION = "unknown_action"
    UNKNOWN_SERVICE = "unknown_service"
    MATCHES_NOTHING = "matches_nothing"
    NEEDS_ALL_RESOURCES = "needs_all_resources"
    OTHER_SERVICE = "other_service"
    OTHER_ACCOUNT = "other_account"
    OTHER_REGION = "other_region"
    INCOMPLETE_ARN = "incomplete_arn"
    PLAIN_VARIABLE = "plain_variable"
    BAD_VALUE = "bad_value"


@dataclass(frozen=True)
class LintFinding:
    """One thing to look at. ``path`` as in ``Statement[0].Action``; ``value`` what stands there, as written.

    ``suggestion`` is what to write instead, "" when there is no one answer.
    """

    code: LintCode
    path: str
    value: str
    message: str
    suggestion: str = ""


_BY_SERVICE = defaultdict[str, dict[str, str]]


def lint(
    policy: Policy,
    known_actions: Iterable[str],
    *,
    account: str = "",
    region: str = "",
    whole_service: Collection[str] = WHOLE_SERVICE,
) -> list[LintFinding]:
    """The findings, in the order of the document.

    ``known_actions``: every action there is (``labs.iam.actions.known_actions``); a service that is not in it is
    reported. ``account``, ``region``: where the resources ought to be; "" does not ask. ``whole_service``: actions that
    take no resource but ``*``.
    """
    services: _BY_SERVICE = defaultdict(dict)
    for action in known_actions:
        service, _, name = action.partition(":")
        services[service.lower()][name.lower()] = action
    findings: list[LintFinding] = []
    for statement in policy.statements:
        findings += _actions(statement, services)
        findings += _needs_all_resources(statement, policy, whole_service)
        findings += _resources(statement, policy, account, region)
        findings += _conditions(statement, policy)
    return findings


def _path(statement: Statement, element: str) -> str:
    return f"Statement[{statement.index}].{element}"


def _actions(statement: Statement, services: _BY_SERVICE) -> Iterator[LintFinding]:
    path = _path(statement, "NotAction" if statement.not_action else "Action")
    for action in statement.actions.written:
        service, _, name = action.lower().partition(":")
        if action == "*" or service == "*":
            continue
        known = services.get(service)
        if known is None:
            suggestion = _elsewhere(service, name, services) or _near_service(service, name, services)
            message = f"'{service}' is not a service known here{_or(suggestion)}"
            yield LintFinding(LintCode.UNKNOWN_SERVICE, path, action, message, suggestion)
        elif name in known or "*" in known:
            continue
        elif "*" in name or "?" in name:
            if not any(map(any_of((tokens_of(name),)).fullmatch, known)):
                message = f"'{action}' matches no action of {service}."
                yield LintFinding(LintCode.MATCHES_NOTHING, path, action, message)
        else:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            suggestion = known[close[0]] if close else _elsewhere(service, name, services)
            message = f"'{action}' is not an action{_or(suggestion)}"
            yield LintFinding(LintCode.UNKNOWN_ACTION, path, action, message, suggestion)


def _or(suggestion: str) -> str:
    return f"; did you mean '{suggestion}'?" if suggestion else "."


def _elsewhere(service: str, name: str, services: _BY_SERVICE) -> str:
    """The same action name in the service whose prefix looks most alike."""
    holders = {other: names[name] for other, names in services.items() if name in names}
    close = difflib.get_close_matches(service, holders, n=1, cutoff=0.5)
    return holders[close[0]] if close else ""


def _near_service(service: str, name: str, services: _BY_SERVICE) -> str:
    close = difflib.get_close_matches(service, services, n=1, cutoff=0.75)
    return f"{close[0]}:{name}" if close and name == "*" else ""


def _needs_all_resources(statement: Statement, policy: Policy, whole_service: Collection[str]) -> Iterator[LintFinding]:
    resources = statement.resources
    if resources is None or resources.negated or statement.not_action or _matches_star(resources.written):
        return
    wanted = {action.lower(): action for action in whole_service}
    for action in statement.actions.written:
        known = wanted.get(action.lower())
        if known is None or _allowed_everywhere(action, statement, policy):
            continue
        message = f"'{known}' takes no resource: it has an effect only with Resource \"*\"."
        yield LintFinding(LintCode.NEEDS_ALL_RESOURCES, _path(statement, "Resource"), known, message, "*")


def _matches_star(patterns: Iterable[str]) -> bool:
    return Patterns(patterns).match("*")


def _allowed_everywhere(action: str, but: Statement, policy: Policy) -> bool:
    """Whether another statement of the same effect already has the action on ``*``."""
    return any(
        other is not but
        and other.effect is but.effect
        and other.actions.match(action.lower()) is not other.not_action
        and other.resources is not None
        and (other.resources.negated or _matches_star(other.resources.written))
        for other in policy.statements
    )


def _resources(statement: Statement, policy: Policy, account: str, region: str) -> Iterator[LintFinding]:
    resources = statement.resources
    if resources is None:
        return
    path = _path(statement, "NotResource" if resources.negated else "Resource")
    services = {action.lower().partition(":")[0] for action in statement.actions.written}
    for resource in resources.written:
        if "${" in resource and policy.version != CURRENT_VERSION:
            yield _plain_variable(path, resource)
        if set(resource) <= {"*"}:
            continue
        parts = resource.split(":", 5)
        if len(parts) < 6:
            if not resource.endswith("*"):
                message = f"'{resource}' has {len(parts)} of an ARN's six parts, so it matches nothing."
                yield LintFinding(LintCode.INCOMPLETE_ARN, path, resource, message)
            continue
        service, there, owner = parts[2:5]
        if not statement.not_action and services <= OWN_RESOURCES_ONLY and service not in services:
            message = f"'{resource}' is a resource of {service}; the statement's actions are of {_list(services)}."
            yield LintFinding(LintCode.OTHER_SERVICE, path, resource, message)
        if statement.effect is Effect.ALLOW and not resources.negated:
            yield from _place(path, resource, owner, account, "account", LintCode.OTHER_ACCOUNT, 4)
            yield from _place(path, resource, there, region, "region", LintCode.OTHER_REGION, 3)


def _place(
    path: str, resource: str, found: str, expected: str, what: str, code: LintCode, part: int
) -> Iterator[LintFinding]:
    if not expected or not found or Patterns([found]).match(expected):
        return
    parts = resource.split(":", 5)
    parts[part] = expected
    yield LintFinding(code, path, resource, f"'{resource}' is in {what} {found}, not {expected}.", ":".join(parts))


def _list(words: Iterable[str]) -> str:
    return " and ".join(sorted(words))


def _plain_variable(path: str, value: str) -> LintFinding:
    message = f"'{value}' holds a variable, but only Version {CURRENT_VERSION} has variables; here it is plain text."
    return LintFinding(LintCode.PLAIN_VARIABLE, path, value, message)


_Reader = Callable[[str], object | None]


def _reader(base: str) -> tuple[_Reader, str] | None:
    """How to read a value of an operator, and what it must be; None when any text will do."""
    if base.startswith("Numeric"):
        return read_number, "a number"
    if base in ("Bool", "Null"):
        return read_bool, "true or false"
    if base in ("IpAddress", "NotIpAddress"):
        return read_network, "an address or a range such as 203.0.113.0/24"
    return None


def _conditions(statement: Statement, policy: Policy) -> Iterator[LintFinding]:
    for condition in statement.conditions:
        path = _path(statement, f"Condition.{condition.operator}")
        split = split_operator(condition.operator)
        reader = _reader(split[1]) if split else None
        for value in condition.values:
            if "${" in value and policy.version != CURRENT_VERSION:
                yield _plain_variable(path, value)
            elif reader is not None and "${" not in value and reader[0](value) is None:
                message = f"'{value}' is not {reader[1]}, so it matches nothing."
                yield LintFinding(LintCode.BAD_VALUE, path, value, message)
