"""The ``Condition`` element: every operator, ``...IfExists``, ``ForAllValues:`` and ``ForAnyValue:``.

Source: IAM User Guide, reference_policies_elements_condition_operators and reference_policies_multi-value-conditions.

A key that is absent: false, but true for a negated operator, with ``IfExists`` and with ``ForAllValues``. A key with no
value or, under a set operator, with only an empty one counts as absent. A value of the wrong type (a number that is
none) matches nothing, so a positive operator is false and a negated one true.
"""

import base64
import binascii
import enum
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from labs.iam.match import Tokens, any_arn, any_of, tokens_of
from labs.iam.values import read_bool, read_date, read_ip, read_network, read_number
from labs.iam.variables import Context, Template, expand, has_variable, parse_template, text_of

Match = Callable[[str], bool]


class Quantifier(enum.Enum):
    """How a key with several values is judged."""

    ONE = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


def _equals(values: Sequence[Tokens]) -> Match:
    return frozenset(text_of(value) for value in values).__contains__


def _equals_any_case(values: Sequence[Tokens]) -> Match:
    wanted = frozenset(text_of(value).lower() for value in values)
    return lambda found: found.lower() in wanted


def _like(values: Sequence[Tokens]) -> Match:
    matches = any_of(tuple(values)).fullmatch
    return lambda found: matches(found) is not None


def _arn(values: Sequence[Tokens]) -> Match:
    matches = any_arn(tuple(values)).fullmatch
    return lambda found: matches(found) is not None


def _compare(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Callable[[Sequence[Tokens]], Match]:
    """The test of an ordered type: does ``compare(found, wanted)`` hold for any wanted value?"""

    def build(values: Sequence[Tokens]) -> Match:
        wanted = [value for value in (read(text_of(tokens)) for tokens in values) if value is not None]

        def match(text: str) -> bool:
            found = read(text)
            return found is not None and any(compare(found, value) for value in wanted)

        return match

    return build


def _binary(values: Sequence[Tokens]) -> Match:
    return _compare(read_base64, operator.eq)(values)


def read_base64(text: str) -> bytes | None:
    """The bytes behind a text in base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _ip(values: Sequence[Tokens]) -> Match:
    networks = [network for network in (read_network(text_of(tokens)) for tokens in values) if network is not None]

    def match(text: str) -> bool:
        address = read_ip(text)
        return address is not None and any(address in network for network in networks)

    return match


@dataclass(frozen=True)
class Operator:
    """One comparison. ``wildcards``: values are patterns; ``variables``: values may hold policy variables."""

    build: Callable[[Sequence[Tokens]], Match]
    negated: bool = False
    wildcards: bool = False
    variables: bool = False


def _pair(positive: str, negative: str, **how: Any) -> dict[str, Operator]:
    return {positive: Operator(**how), negative: Operator(**how, negated=True)}


def _ordered(family: str, read: Callable[[str], Any]) -> dict[str, Operator]:
    return {
        **_pair(f"{family}Equals", f"{family}NotEquals", build=_compare(read, operator.eq)),
        f"{family}LessThan": Operator(_compare(read, operator.lt)),
        f"{family}LessThanEquals": Operator(_compare(read, operator.le)),
        f"{family}GreaterThan": Operator(_compare(read, operator.gt)),
        f"{family}GreaterThanEquals": Operator(_compare(read, operator.ge)),
    }


OPERATORS: dict[str, Operator] = {
    **_pair("StringEquals", "StringNotEquals", build=_equals, variables=True),
    **_pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", build=_equals_any_case, variables=True),
    **_pair("StringLike", "StringNotLike", build=_like, wildcards=True, variables=True),
    **_ordered("Numeric", read_number),
    **_ordered("Date", read_date),
    "Bool": Operator(_compare(read_bool, operator.eq), variables=True),
    "BinaryEquals": Operator(_binary),
    **_pair("IpAddress", "NotIpAddress", build=_ip),
    **_pair("ArnEquals", "ArnNotEquals", build=_arn, wildcards=True, variables=True),
    **_pair("ArnLike", "ArnNotLike", build=_arn, wildcards=True, variables=True),
    # Null looks at the key's presence, never at a value.
    "Null": Operator(_equals),
}


@lru_cache(maxsize=256)
def split_operator(name: str) -> tuple[Quantifier, str, bool] | None:
    """Read ``ForAnyValue:StringLikeIfExists`` as (ANY, "StringLike", True); None when AWS has no such operator."""
    quantifier = next(q for q in (Quantifier.ALL, Quantifier.ANY, Quantifier.ONE) if name.startswith(q.value))
    base = name.removeprefix(quantifier.value)
    if_exists = base.endswith("IfExists")
    base = base.removesuffix("IfExists")
    # "You can add IfExists to the end of any condition operator name except the Null condition".
    if base not in OPERATORS or (if_exists and base == "Null"):
        return None
    return quantifier, base, if_exists


class Condition:
    """One operator on one key. ``operator``, ``key`` and ``values`` are kept as written, ``templates`` as read."""

    __slots__ = (
        "_base",
        "_folded",
        "_if_exists",
        "_match",
        "_negated",
        "_quantifier",
        "_templates",
        "_wants_absent",
        "key",
        "operator",
        "templates",
        "values",
    )

    def __init__(self, operator_name: str, key: str, values: Sequence[str], variables: bool) -> None:
        """Compile; ``variables`` says whether the policy's version has policy variables.

        ``operator_name`` is one that ``split_operator`` reads.
        """
        split = split_operator(operator_name)
        assert split is not None
        self._quantifier, base, self._if_exists = split
        self._base = OPERATORS[base]
        self._negated = self._base.negated
        self._folded = key.lower()
        self._wants_absent = frozenset(v.strip().lower() == "true" for v in values) if base == "Null" else None
        self.operator, self.key, self.values = operator_name, key, tuple(values)
        templates = [
            parse_template(value, self._base.wildcards)
            if variables and self._base.variables
            else _literal(value, self._base.wildcards)
            for value in values
        ]
        self.templates: tuple[Template, ...] = tuple(templates)
        self._templates: tuple[Template, ...] = self.templates if any(map(has_variable, templates)) else ()
        self._match = None if self._templates else self._base.build([_fixed(t) for t in templates])

    @property
    def open(self) -> bool:
        """Whether it has variables, to be filled in per request."""
        return bool(self._templates)

    @property
    def matches(self) -> Match:
        """The comparison of one value with those of a condition that is not ``open``; negation is not its matter."""
        assert self._match is not None
        return self._match

    def holds(self, context: Context) -> bool:
        """Whether the condition is true for these context keys (their names in lower case)."""
        found = context.get(self._folded, ())
        if self._wants_absent is not None:
            return (not found) in self._wants_absent
        if not found or (self._quantifier is not Quantifier.ONE and found == ("",)):
            if self._if_exists or self._quantifier is Quantifier.ALL:
                return True
            return self._negated and self._quantifier is Quantifier.ONE
        match = self._match or self._filled(context)
        if self._quantifier is Quantifier.ALL:
            return all(match(value) is not self._negated for value in found)
        if self._quantifier is Quantifier.ANY:
            return any(match(value) is not self._negated for value in found)
        return any(map(match, found)) is not self._negated

    def _filled(self, context: Context) -> Match:
        """The comparison with its variables filled in.

        A variable without a value "is effectively null. There is no equal or like value"; "inverted condition operators
        like StringNotEquals or StringNotLike do match against a null value" (reference_policies_variables).
        """
        filled = (expand(template, context) for template in self._templates)
        return self._base.build([tokens for tokens in filled if tokens is not None])


def _literal(value: str, wildcards: bool) -> Template:
    return tokens_of(value) if wildcards else (value,)


def _fixed(template: Template) -> Tokens:
    tokens = expand(template, {})
    return tokens if tokens is not None else ()
