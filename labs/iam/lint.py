"""What AWS accepts in a policy and yet cannot work: a misspelt action, a resource no action of the statement has.

Source: Service Authorization Reference (which actions and resources exist); IAM Access Analyzer policy check reference
(access-analyzer-reference-policy-checks), whose idea this is; the wording is ours.
"""

import difflib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from labs.iam import lint_arns, lint_conditions
from labs.iam.actions import OWN_RESOURCES_ONLY, WHOLE_SERVICE
from labs.iam.characters import visible
from labs.iam.decision import Effect, Policy
from labs.iam.findings import LintCode, LintFinding
from labs.iam.match import Patterns, any_of, tokens_of
from labs.iam.parse import CURRENT_VERSION
from labs.iam.statement import Statement

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
    findings = [] if policy.has_version else [_no_version()]
    for statement in policy.statements:
        findings += _actions(statement, services)
        findings += _needs_all_resources(statement, policy, whole_service)
        findings += _passes_every_role(statement)
        findings += _resources(statement, policy, account, region)
        findings += lint_conditions.findings(statement, policy)
    return [replace(each, message=visible(each.message)) for each in findings]


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


def _no_version() -> LintFinding:
    message = f"The policy names no Version, so it is of 2008-10-17 and has no variables; write {CURRENT_VERSION}."
    return LintFinding(LintCode.NO_VERSION, "", "", message, CURRENT_VERSION)


def _passes_every_role(statement: Statement) -> Iterator[LintFinding]:
    """iam:PassRole by name, or by a pattern of IAM's, on every role."""
    resources = statement.resources
    if statement.effect is not Effect.ALLOW or statement.not_action or resources is None or resources.negated:
        return
    by = [each for each in statement.actions.written if each.lower().startswith("iam:")]
    passing = next((each for each in by if Patterns([each.lower()]).match("iam:passrole")), None)
    wide = next((each for each in resources.written if Patterns([each]).match(_some_role(each))), None)
    if passing is not None and wide is not None:
        message = (
            f"'{passing}' on '{wide}' lets every role be passed to a service, an administrator's too; name the roles."
        )
        yield LintFinding(LintCode.PASSES_EVERY_ROLE, _path(statement, "Resource"), wide, message)


def _some_role(pattern: str) -> str:
    """A role, of the account that the pattern names, whose name nobody would write down."""
    account = "".join(pattern.split(":", 5)[4:5])
    return f"arn:aws:iam::{account if account.isdigit() else '0' * 12}:role/nobody/would/name-it"


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
            yield lint_conditions.plain_variable(path, resource)
        if set(resource) <= {"*"}:
            continue
        parts = resource.split(":", 5)
        if len(parts) < 6:
            if not resource.endswith("*"):
                message = f"'{resource}' has {len(parts)} of an ARN's six parts, so it matches nothing."
                yield LintFinding(LintCode.INCOMPLETE_ARN, path, resource, message)
            continue
        service, there, owner = parts[2:5]
        yield from lint_arns.findings(path, resource)
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
