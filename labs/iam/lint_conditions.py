"""Conditions that AWS accepts and that do not do what they seem to: keys, operators and values that do not fit.

Source: IAM User Guide, access-analyzer-reference-policy-checks ("Unsupported global condition key", "Type mismatch",
"ForAllValues with single valued key"), whose idea this is; the wording is ours.
"""

import difflib
from collections.abc import Callable, Iterator

from labs.iam.conditions import Condition, Quantifier, split_operator
from labs.iam.decision import Policy
from labs.iam.findings import LintCode, LintFinding
from labs.iam.global_keys import CROSS_SERVICE, GLOBAL_KEYS, WITH_A_NAME
from labs.iam.parse import CURRENT_VERSION
from labs.iam.statement import Statement
from labs.iam.values import read_bool, read_network, read_number

_Reader = Callable[[str], object | None]
_GLOBAL = {key.lower(): (key, kind) for key, kind in {**GLOBAL_KEYS, **CROSS_SERVICE}.items()}
_NAMED = tuple(key.lower() for key in WITH_A_NAME)
# Which types of key an operator is for; a String operator compares ARNs and addresses as texts, and rarely as meant.
_FITS = {
    "String": ("String", "ARN"),
    "Numeric": ("Numeric", "Long"),
    "Date": ("Date",),
    "Bool": ("Bool",),
    "Binary": ("Binary",),
    "IpAddress": ("IPAddress",),
    "Arn": ("ARN", "String"),
}
_OPERATORS = {"Numeric": "NumericEquals", "Date": "DateLessThan", "Bool": "Bool", "IPAddress": "IpAddress"}
# An operator's family, by how its name begins; NotIpAddress alone begins otherwise.
_FAMILIES = tuple(_FITS)


def findings(statement: Statement, policy: Policy) -> Iterator[LintFinding]:
    """The findings about a statement's conditions, in the order of the document."""
    services = {action.lower().partition(":")[0] for action in statement.actions.written}
    for condition in statement.conditions:
        path = f"Statement[{statement.index}].Condition.{condition.operator}"
        split = split_operator(condition.operator)
        if split is None:
            continue
        kind = ""
        finding = None
        if not _is_providers(condition.key):
            kind, finding = _key(condition, path, services, statement.not_action)
        if finding is not None:
            yield finding
        if kind:
            yield from _operator(condition, path, split, kind)
        yield from _values(condition, path, split[1], policy)


def _is_providers(key: str) -> bool:
    """Whether it is a claim of an identity provider, which trust policies and the sessions made by them have."""
    provider = key.partition(":")[0].lower()
    return "." in provider or provider == "saml"


def _key(condition: Condition, path: str, services: set[str], not_action: bool) -> tuple[str, LintFinding | None]:
    """The type of the key, "" when it is not known, and what is wrong with it."""
    folded = condition.key.lower()
    prefix = folded.partition(":")[0]
    plain = folded.partition("/")[0]
    if prefix == "aws" or folded in _GLOBAL:
        found = _GLOBAL.get(plain if plain in _NAMED else folded)
        if found is None or (plain in _NAMED and folded == plain):
            return "", _unknown(condition, path, GLOBAL_KEYS)
        return found[1], None
    # The catalogue is read when the first service's own key is met.
    from labs.iam.analysis import catalogue

    service = catalogue.services().get(prefix)
    if service is None:
        return "", _unknown(condition, path, ())
    kind = service.keys.get(folded) or service.keys.get(plain) or _templated(folded, service.keys)
    if not kind:
        return "", _unknown(condition, path, tuple(service.keys))
    if not not_action and not _may_have(plain, services):
        named = " and ".join(sorted(services))
        message = f"'{condition.key}' is a key of {prefix}; requests of {named} do not have it."
        return kind, LintFinding(LintCode.FOREIGN_KEY, path, condition.key, message)
    return kind, None


def _templated(folded: str, keys: dict[str, str]) -> str:
    """The type of a key whose last part is the customer's own, as ``kms:EncryptionContext:app``."""
    for key, kind in keys.items():
        if "${" in key and folded.startswith(key.partition("${")[0]):
            return kind
    return ""


def _may_have(plain: str, services: set[str]) -> bool:
    """Whether requests of these services may have the key: their own, or lent, as iam:ResourceTag to sts:AssumeRole."""
    from labs.iam.analysis import catalogue

    known = catalogue.services()
    return any(each not in known or plain.partition(":")[0] == each or plain in known[each].keys for each in services)


def _unknown(condition: Condition, path: str, known: object) -> LintFinding:
    names = {str(name).lower(): str(name) for name in known} if isinstance(known, dict | tuple) else {}
    close = difflib.get_close_matches(condition.key.lower(), names, n=1, cutoff=0.75)
    suggestion = names[close[0]] if close else ""
    hint = f"; did you mean '{suggestion}'?" if suggestion else "."
    message = f"'{condition.key}' is not a condition key known here, so no request has it{hint}"
    return LintFinding(LintCode.UNKNOWN_KEY, path, condition.key, message, suggestion)


def _operator(condition: Condition, path: str, split: tuple[Quantifier, str, bool], kind: str) -> Iterator[LintFinding]:
    quantifier, base, _ = split
    plain = kind.removeprefix("ArrayOf")
    family = next((each for each in _FAMILIES if base.removeprefix("Not").startswith(each)), "")
    fits = family == "" or plain in _FITS[family]
    # "You can use the numeric operators with aws:EpochTime" too.
    if not fits and not (family == "Numeric" and condition.key.lower() == "aws:epochtime"):
        suggestion = _OPERATORS.get(plain, "StringEquals")
        message = f"'{condition.key}' holds {_a(plain)}, which {condition.operator} does not compare; use {suggestion}."
        yield LintFinding(LintCode.OPERATOR_TYPE, path, condition.operator, message, suggestion)
    if quantifier is not Quantifier.ONE and not kind.startswith("ArrayOf"):
        suggestion = condition.operator.removeprefix(quantifier.value)
        always = "true of a request without it" if quantifier is Quantifier.ALL else "of no more use than without"
        message = f"'{condition.key}' has one value: {condition.operator} is for keys with several, and {always}."
        yield LintFinding(LintCode.SET_OF_ONE, path, condition.operator, message, suggestion)


def _a(kind: str) -> str:
    words = {"String": "a text", "ARN": "an ARN", "Bool": "true or false", "Date": "a date", "IPAddress": "an address"}
    return words.get(kind, "a number" if kind in ("Numeric", "Long") else f"a value of type {kind}")


def _values(condition: Condition, path: str, base: str, policy: Policy) -> Iterator[LintFinding]:
    reader = _reader(base)
    variables = policy.version == CURRENT_VERSION
    for value in condition.values:
        if "${" in value and not variables:
            yield plain_variable(path, value)
        elif reader is not None and "${" not in value and reader[0](value) is None:
            message = f"'{value}' is not {reader[1]}, so it matches nothing."
            yield LintFinding(LintCode.BAD_VALUE, path, value, message)
        elif base.startswith(("StringEquals", "StringNotEquals")) and _has_wildcard(value, variables):
            suggestion = condition.operator.replace("EqualsIgnoreCase", "Like").replace("Equals", "Like")
            message = f"In {condition.operator} '{value}' is taken to the letter; wildcards are for {suggestion}."
            yield LintFinding(LintCode.PLAIN_WILDCARD, path, value, message, suggestion)


def _has_wildcard(value: str, variables: bool) -> bool:
    plain = value.replace("${*}", "").replace("${?}", "") if variables else value
    return "*" in plain


def plain_variable(path: str, value: str) -> LintFinding:
    """A variable in a policy of a version that has none."""
    message = f"'{value}' holds a variable, but only Version {CURRENT_VERSION} has variables; here it is plain text."
    return LintFinding(LintCode.PLAIN_VARIABLE, path, value, message)


def _reader(base: str) -> tuple[_Reader, str] | None:
    """How to read a value of an operator, and what it must be; None when any text will do."""
    if base.startswith("Numeric"):
        return read_number, "a number"
    if base in ("Bool", "Null"):
        return read_bool, "true or false"
    if base in ("IpAddress", "NotIpAddress"):
        return read_network, "an address or a range such as 203.0.113.0/24"
    return None
