"""The elements of a statement: each read, checked as AWS checks it, and compiled.

Grammar: IAM User Guide, reference_policies_grammar. A statement is refused at its first mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from labs.iam.characters import character
from labs.iam.conditions import OPERATORS, Condition, Quantifier, split_operator
from labs.iam.decision import Effect, PolicyKind
from labs.iam.malformed import SYNTAX, DocumentRefusal, an_object, did_you_mean, found, only, strings
from labs.iam.match import Patterns
from labs.iam.positions import JsonPath
from labs.iam.principals import EVERYONE, Principals
from labs.iam.statement import Resources, Statement
from labs.iam.values import read_date

_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
_WITH_PRINCIPAL = (PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.ENDPOINT, PolicyKind.RCP)
# IAM asks it of its own policies; other services let a Sid hold spaces and more.
_ALPHANUMERIC_SID = (PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION)
_VENDOR = re.compile(r"[A-Za-z0-9.-]+")
_PARTITION = re.compile(r"aws(-[a-z]+)*|\*")
_IAM_PATHS = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)


class StatementReader:
    """Reads the statements of one policy: its kind and version decide what a statement may hold."""

    def __init__(self, kind: PolicyKind, variables: bool) -> None:
        self._kind = kind
        self._variables = variables

    def read(self, index: int, raw: object, path: JsonPath) -> Statement:
        """The statement at ``path``. Raises Refusal."""
        statement = an_object(raw, path, "A statement")
        only(statement, _ELEMENTS, path)
        sid = statement.get("Sid", "")
        if not isinstance(sid, str):
            raise DocumentRefusal(SYNTAX, "Sid must be a string.", (*path, "Sid"))
        effect = self._effect(statement, path)
        principal = self._one_of(statement, "Principal", path)
        action = self._one_of(statement, "Action", path)
        resource = self._one_of(statement, "Resource", path)
        conditions = self._conditions(statement, path)
        self._check_sid(sid, path)
        self._check_principal(principal, path)
        # AWS asks for actions, then for resources, and only then looks into either.
        actions = self._listed(statement, action, path)
        if not actions:
            raise DocumentRefusal(
                "policy.no_actions", "Action is missing or empty.", (*path, action) if action else path
            )
        resources = self._resources(statement, resource, path)
        for text, place in actions:
            self._check_action(text, place)
        return Statement(
            index,
            sid,
            effect,
            Patterns((text for text, _ in actions), fold=True),
            action.startswith("Not"),
            resources,
            self._principals(statement[principal], (*path, principal)) if principal else None,
            principal.startswith("Not"),
            conditions,
        )

    def _check_sid(self, sid: str, path: JsonPath) -> None:
        if self._kind in _ALPHANUMERIC_SID and re.fullmatch("[0-9A-Za-z]*", sid) is None:
            raise DocumentRefusal("policy.sid", f"The Sid is '{sid}'.", (*path, "Sid"))

    @staticmethod
    def _listed(statement: Mapping[str, Any], element: str, path: JsonPath) -> list[tuple[str, JsonPath]]:
        return strings(statement[element], (*path, element)) if element else []

    @staticmethod
    def _effect(statement: Mapping[str, Any], path: JsonPath) -> Effect:
        if "Effect" not in statement:
            raise DocumentRefusal(SYNTAX, "Effect is missing; it is Allow or Deny.", path)
        effect = statement["Effect"]
        if effect in ("Allow", "Deny"):
            return Effect(effect)
        known = isinstance(effect, str) and effect.lower() in ("allow", "deny")
        message = "policy.legacy" if known else SYNTAX
        detail = "Effect must be Allow or Deny, written so." + found(effect, "Allow", "Deny")
        raise DocumentRefusal(message, detail, (*path, "Effect"))

    @staticmethod
    def _one_of(statement: Mapping[str, Any], element: str, path: JsonPath) -> str:
        """``element``, its Not form, or "" when the statement has neither."""
        negated = f"Not{element}"
        if element in statement and negated in statement:
            raise DocumentRefusal(SYNTAX, f"A statement has {element} or {negated}, not both.", (*path, negated))
        return element if element in statement else negated if negated in statement else ""

    def _check_action(self, action: str, place: JsonPath) -> None:
        if action != "*":
            vendor, *rest = action.split(":")
            if not rest:
                raise DocumentRefusal(
                    "policy.no_vendor", f"'{action}' needs a service before it, as in ecr:PutImage.", place
                )
            if len(rest) > 1:
                raise DocumentRefusal("policy.colons", f"'{action}' has {len(rest)} colons.", place)
            if vendor != "*" and _VENDOR.fullmatch(vendor) is None:
                odd = _VENDOR.sub("", vendor)[:1]
                detail = "A service's name is letters, digits and hyphens"
                detail += f"; {character(odd)} is none of them." if odd else "."
                raise DocumentRefusal("policy.vendor", detail, place, vendor=vendor)
        if self._kind is PolicyKind.TRUST and not action.lower().startswith("sts:"):
            raise DocumentRefusal("trust.action", f"'{action}' has no place in a trust policy.", place)

    def _resources(self, statement: Mapping[str, Any], element: str, path: JsonPath) -> Resources | None:
        if self._kind is PolicyKind.TRUST:
            if element:
                raise DocumentRefusal("trust.resource", "The role itself is the resource.", (*path, element))
            return None
        if not element and self._kind is PolicyKind.RESOURCE:
            # A repository policy has no Resource: the repository itself is meant.
            return None
        found = self._listed(statement, element, path)
        if not found:
            raise DocumentRefusal(
                "policy.no_resources", "Resource is missing or empty.", (*path, element) if element else path
            )
        for resource, place in found:
            _check_resource(resource, place)
        return Resources([resource for resource, _ in found], element == "NotResource", self._variables)

    def _check_principal(self, element: str, path: JsonPath) -> None:
        if element and self._kind not in _WITH_PRINCIPAL:
            detail = "The policy speaks for the identity it is attached to; leave Principal out."
            raise DocumentRefusal("policy.principal", detail, (*path, element))
        if not element and self._kind in _WITH_PRINCIPAL:
            raise DocumentRefusal("policy.no_principal", f"A {self._kind.value} names the principals it is for.", path)
        if element == "NotPrincipal" and self._kind is PolicyKind.TRUST:
            raise DocumentRefusal("trust.not_principal", "Name the principals instead.", (*path, element))

    @staticmethod
    def _principals(raw: object, path: JsonPath) -> Principals:
        if raw == EVERYONE:
            return Principals({EVERYONE: ()})
        if isinstance(raw, str):
            raise DocumentRefusal(SYNTAX, 'Principal is "*" or an object such as {"AWS": "111122223333"}.', path)
        found = an_object(raw, path, "Principal")
        only(found, _PRINCIPAL_TYPES, path)
        if not found:
            raise DocumentRefusal(SYNTAX, "Principal names nobody.", path)
        entries: dict[str, list[str]] = {}
        for kind, value in found.items():
            listed = strings(value, (*path, kind))
            if not listed:
                raise DocumentRefusal(SYNTAX, f"{kind} names nobody.", (*path, kind))
            entries[kind] = [entry for entry, _ in listed]
            for entry, place in listed:
                if entry != EVERYONE and ("*" in entry or "?" in entry):
                    raise DocumentRefusal(SYNTAX, "A wildcard cannot match part of a principal's name.", place)
        return Principals(entries)

    def _conditions(self, statement: Mapping[str, Any], path: JsonPath) -> tuple[Condition, ...]:
        if "Condition" not in statement:
            return ()
        here: JsonPath = (*path, "Condition")
        conditions = []
        for operator, keys in an_object(statement["Condition"], here, "Condition").items():
            split = split_operator(operator)
            if split is None:
                names = [q.value + base for q in Quantifier for base in OPERATORS]
                hint = did_you_mean(operator, names)
                raise DocumentRefusal(SYNTAX, f"'{operator}' is not a condition operator{hint}", (*here, operator))
            for key, value in an_object(keys, (*here, operator), operator).items():
                place: JsonPath = (*here, operator, key)
                if ":" not in key:
                    raise DocumentRefusal(
                        "policy.no_vendor", f"'{key}' needs a service before it, as in aws:SourceIp.", place
                    )
                values = _values(value, place)
                if split[1].startswith("Date"):
                    _check_dates(values, place)
                conditions.append(Condition(operator, key, values, self._variables))
        return tuple(conditions)


def _values(raw: object, path: JsonPath) -> list[str]:
    """Condition values as texts: JSON's numbers and booleans need no quotes."""
    if isinstance(raw, bool):
        return ["true" if raw else "false"]
    if isinstance(raw, int | float):
        return [repr(raw)]
    if isinstance(raw, str):
        return [raw]
    if not isinstance(raw, list):
        raise DocumentRefusal(
            SYNTAX, "A condition value is a string, a number, true or false, or a list of them.", path
        )
    values: list[str] = []
    for index, item in enumerate(raw):
        if not isinstance(item, bool | int | float | str):
            raise DocumentRefusal(SYNTAX, "A condition value is a string, a number, true or false.", (*path, index))
        values += _values(item, (*path, index))
    return values


def _check_dates(values: list[str], path: JsonPath) -> None:
    for value in values:
        if read_date(value) is None:
            raise DocumentRefusal(
                "policy.legacy", f"'{value}' is not a date; write it like 2026-11-23T09:00:00Z.", path
            )


def _no_arn(resource: str, path: JsonPath) -> DocumentRefusal:
    detail = "An ARN begins with arn:aws:." + found(resource)
    return DocumentRefusal("policy.not_arn", detail, path, resource=resource)


def _check_resource(resource: str, path: JsonPath) -> None:
    """AWS's checks of a resource ARN, in its order."""
    if resource == "*":
        return
    prefix, colon, rest = resource.partition(":")
    if not colon:
        raise _no_arn(resource, path)
    partition, colon, rest = rest.partition(":")
    if _PARTITION.fullmatch(partition) is None:
        parts = rest.split(":", 3) if rest else []
        whole = ":".join(["arn", partition, *parts, *["*"] * (4 - len(parts))])
        detail = "The partition is aws, after 'arn:'." + found(partition, "aws")
        raise DocumentRefusal("policy.partition", detail, path, partition=partition, resource=whole)
    if prefix not in ("arn", "*"):
        raise _no_arn(resource, path)
    service, _, rest = rest.partition(":")
    if not colon or "*" in service or "?" in service:
        raise DocumentRefusal("policy.unqualified", "An ARN names one service, as in arn:aws:ecr:.", path)
    if not service or (resource.count(":") < 5 and "::" in resource):
        detail = "An ARN has six parts: arn:aws:service:region:account:resource."
        raise DocumentRefusal("policy.legacy", detail, path)
    region, _, rest = rest.partition(":")
    name = rest.partition(":")[2]
    if service == "s3" and region not in ("", "*") and not name.startswith("accesspoint/"):
        raise DocumentRefusal(
            "policy.s3_region", "A bucket's ARN has no region: leave it empty.", path, resource=resource
        )
    if service == "iam":
        _check_iam_resource(resource, region, name, path)


def _check_iam_resource(resource: str, region: str, name: str, path: JsonPath) -> None:
    if region not in ("", "*"):
        raise DocumentRefusal(
            "policy.iam_region", "IAM has no regions: leave it empty, as in iam::.", path, resource=resource
        )
    if name and not name.startswith(("*", "root", *_IAM_PATHS)):
        detail = f"'{name}' is not an IAM resource."
        raise DocumentRefusal("policy.iam_path", detail, path, paths=", ".join(_IAM_PATHS))
