"""Which values of one condition key make these conditions true and those false? Decided, with the values.

Texts are decided by automata, numbers, dates, addresses and booleans by trying every case (``candidates``). A key with
several values splits into the questions for one value: "some value is ..." needs one that fits together with all that
"every value is ..." asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labs.iam.analysis import candidates
from labs.iam.analysis.automata import Steps, Undecided, arn_steps, shortest, steps_of
from labs.iam.analysis.budget import Budget
from labs.iam.analysis.languages import NO_TASTE
from labs.iam.analysis.request_keys import CURRENT_TIME, EPOCH_TIME, KeyFacts, Scene
from labs.iam.conditions import OPERATORS, Condition, Quantifier, read_base64, split_operator
from labs.iam.match import Wildcard
from labs.iam.values import read_bool, read_date, read_network, read_number
from labs.iam.variables import text_of

# A condition, and whether it is to hold.
Literal = tuple[Condition, bool]
Values = dict[str, tuple[str, ...]]
_TIMES = (CURRENT_TIME, EPOCH_TIME)


@dataclass(frozen=True)
class _Family:
    """A kind of typed value: how it is read, every case of it, and AWS's name of the type."""

    read: Callable[[str], Any]
    cases: Callable[[Iterable[Any]], Iterable[str]]
    type: str


_FAMILIES = {
    "Numeric": _Family(read_number, candidates.numbers, "Numeric"),
    "Date": _Family(read_date, candidates.dates, "Date"),
    "Bool": _Family(read_bool, lambda named: ("true", "false"), "Bool"),
    "Ip": _Family(read_network, candidates.addresses, "IPAddress"),
    "Binary": _Family(read_base64, candidates.binaries, "Binary"),
}
_OF_TYPE = {family.type: name for name, family in _FAMILIES.items()}


def group_of(key: str) -> str:
    """What is decided together: one key, or the two that tell the time."""
    return CURRENT_TIME if key in _TIMES else key


def solve(
    group: str, literals: frozenset[Literal], scene: Scene, present: bool = False, budget: Budget | None = None
) -> Values | None:
    """Values under which each condition holds or not, as asked (a key that is to be absent has none); None: there are
    none. Conditions with variables are left out of account. ``present``: the key must have a value.

    Raises Undecided, and Exhausted when the budget (None: one of its own) is.
    """
    budget = budget or Budget()
    closed = [(condition, wanted) for condition, wanted in literals if not condition.open]
    if group == CURRENT_TIME:
        return _time(closed, scene, budget)
    facts = scene.facts(group)
    if facts.fixed is not None:
        return {group: facts.fixed} if _hold(group, facts.fixed, closed) and (facts.fixed or not present) else None
    if facts.optional and not present and _hold(group, (), closed):
        return {group: ()}
    # "Null" asks for presence alone; any value answers it.
    if not _hold(group, ("x",), [each for each in closed if _base(each[0]) == "Null"]):
        return None
    asked = [each for each in closed if _base(each[0]) != "Null"]
    undecided = False
    for attempt in (_one_value, _several_values) if facts.several else (_one_value,):
        try:
            values = attempt(asked, facts, budget)
        except Undecided:
            undecided = True
            continue
        if values is not None and _hold(group, values, closed):
            return {group: values}
        undecided = undecided or values is not None
    if undecided:
        raise Undecided
    return None


def _base(condition: Condition) -> str:
    return _read(condition)[1]


def _read(condition: Condition) -> tuple[Quantifier, str, bool]:
    split = split_operator(condition.operator)
    assert split is not None
    return split


def _hold(key: str, values: tuple[str, ...], literals: Sequence[Literal]) -> bool:
    context = {key: values} if values else {}
    return all(condition.holds(context) is wanted for condition, wanted in literals)


def _one_value(literals: Sequence[Literal], facts: KeyFacts, budget: Budget) -> tuple[str, ...] | None:
    # Under a set operator an only value that is empty counts as absent.
    sets = any(_read(condition)[0] is not Quantifier.ONE for condition, _ in literals)
    if sets and not facts.kind.startswith(("Bool", "Num", "Date", "IP")) and _hold(facts.key, ("",), literals):
        return ("",)
    tests = [(condition, wanted is not OPERATORS[_base(condition)].negated) for condition, wanted in literals]
    value = _value(tests, facts, not sets, budget)
    return None if value is None else (value,)


def _several_values(literals: Sequence[Literal], facts: KeyFacts, budget: Budget) -> tuple[str, ...] | None:
    some: list[Literal] = []
    every: list[Literal] = []
    for condition, wanted in literals:
        quantifier, base, _ = _read(condition)
        negated = OPERATORS[base].negated
        if quantifier is Quantifier.ONE:
            # "Some value matches", or that none does.
            (some if wanted is not negated else every).append((condition, wanted is not negated))
        elif (quantifier is Quantifier.ANY) is wanted:
            some.append((condition, wanted is not negated))
        else:
            every.append((condition, wanted is not negated))
    values: list[str] = []
    for together in [[*every, test] for test in some] or [every]:
        value = _value(together, facts, True, budget)
        if value is None:
            return None
        values.append(value)
    return tuple(values) if len(values) > 1 else (values[0], values[0])


def _value(tests: Sequence[Literal], facts: KeyFacts, empty: bool, budget: Budget) -> str | None:
    """One value that matches, or does not match, each condition as asked; ``empty``: it may be the empty text."""

    size = 1 + sum(len(condition.values) for condition, _ in tests)

    def fits(value: str) -> bool:
        budget.spend(size)
        return (bool(value) or empty) and all(condition.matches(value) is wanted for condition, wanted in tests)

    families = {_family(condition) for condition, _ in tests}
    typed = {family for family in families if family}
    own = _OF_TYPE.get(facts.kind, "")
    for value in _candidates(tests, facts, typed | ({own} if own else set())):
        if fits(value):
            return value
    if own == "Bool":
        return None
    if not own and typed and fits("unreadable"):
        return "unreadable"
    if len(families) == 1 and typed and (not own or typed == {own}):
        return None
    texts = [each for each in tests if not _family(each[0])]
    found = _text(texts, empty, budget)
    if found is None or fits(found):
        return found
    raise Undecided


def _candidates(tests: Sequence[Literal], facts: KeyFacts, families: set[str]) -> Iterator[str]:
    if facts.kind not in _OF_TYPE:
        yield facts.likely
    for family in sorted(families):
        kind = _FAMILIES[family]
        named = [kind.read(text_of(tokens)) for condition, _ in tests for tokens in _closed(condition)]
        yield from kind.cases([each for each in named if each is not None])
    for condition, wanted in tests:
        if wanted and not _family(condition) and facts.kind not in _OF_TYPE:
            for template in condition.templates:
                yield from NO_TASTE.of(template)


def _closed(condition: Condition) -> Iterator[tuple[Any, ...]]:
    return (each for each in condition.templates if all(isinstance(token, str) for token in each))


def _family(condition: Condition) -> str:
    """``Numeric``, ``Date``, ``Bool``, ``Ip``, ``Binary``; "" for texts."""
    base = _base(condition).removeprefix("Not")
    return next((name for name in _FAMILIES if base.startswith(name)), "")


def _text(tests: Sequence[Literal], empty: bool, budget: Budget) -> str | None:
    inside = [_steps(condition) for condition, wanted in tests if wanted]
    outside = [steps for condition, wanted in tests if not wanted for steps in _steps(condition)]
    found = shortest(
        inside or [(steps_of((Wildcard.MANY,)),)], tuple(outside) + (() if empty else ((),)), budget=budget
    )
    return None if found is None else "".join(found)


def _steps(condition: Condition) -> tuple[Steps, ...]:
    base = _base(condition)
    if base.startswith("Arn"):
        return tuple(arn_steps(template) for template in condition.templates)
    return tuple(steps_of(template, any_case=base.endswith("IgnoreCase")) for template in condition.templates)


def _time(literals: Sequence[Literal], scene: Scene, budget: Budget) -> Values | None:
    """The two keys that tell the time, of one moment that is not before the scene's."""
    named = [scene.earliest]
    plain = True
    for condition, _ in literals:
        family = _family(condition)
        plain = plain and (family in ("Date", "Numeric") or _base(condition) == "Null")
        read = read_number if family == "Numeric" else read_date
        named += [each for each in (read(value) for value in condition.values) if each is not None]
    for moment in candidates.points(named):
        budget.spend(1 + len(named))
        if moment < scene.earliest:
            continue
        try:
            values: Values = {CURRENT_TIME: (candidates.date_text(moment),), EPOCH_TIME: (format(moment, "f"),)}
        except OverflowError:
            continue
        if all(condition.holds(values) is wanted for condition, wanted in literals):
            return values
    if plain:
        return None
    raise Undecided
