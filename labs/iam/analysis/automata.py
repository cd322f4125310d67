"""Patterns as automata: is there a text that all of these patterns match and none of those?

A pattern becomes a row of steps, a set of patterns a bit-parallel automaton whose state is one integer: a bit for each
place in each pattern. A search goes through the states of several such automata at once, breadth first, so the text
that it finds is a shortest one.

A policy variable whose value is not known is a symbol of its own, a *mark*: ``Reading`` says what an automaton makes of
it. That keeps the answer "no such text" right for every value (``labs.iam.analysis.languages``).
"""

import enum
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from labs.iam.analysis.budget import Budget
from labs.iam.match import Wildcard, arn_components
from labs.iam.variables import Template, Variable

# So many states are visited before the search gives up.
LIMIT = 20_000
_MARK = "mark "
_FILL = "xyzabcdefghijklmnopqrstuvw0123456789XYZ-_~\x80"


class Undecided(Exception):
    """The search would take too long."""


class Reading(enum.Enum):
    """What a variable stands for: itself, to be matched by itself alone; or any text at all."""

    EXACT = "exact"
    ANYTHING = "anything"


@dataclass(frozen=True)
class Step:
    """One place of a pattern: a character of ``chars`` (None: any but those in ``but``), once or, looping, at will."""

    chars: frozenset[str] | None
    loop: bool = False
    but: str = ""


Steps = tuple[Step, ...]
_ANY, _MANY = Step(None), Step(None, True)


def _is_mark(symbol: str) -> bool:
    return len(symbol) > 1


def mark_of(variable: Variable) -> str:
    """The symbol that stands for the value of a variable; one with another default is another symbol."""
    return _MARK + variable.key + ("" if variable.default is None else f", '{variable.default}'")


def steps_of(template: Template, reading: Reading = Reading.EXACT, any_case: bool = False) -> Steps:
    """The steps of a pattern. With ``any_case``, letters match in either case."""
    steps: list[Step] = []
    for token in template:
        if isinstance(token, Variable):
            mark = Step(frozenset({mark_of(token)}))
            steps.append(mark if reading is Reading.EXACT else _MANY)
        elif isinstance(token, Wildcard):
            steps.append(_MANY if token is Wildcard.MANY else _ANY)
        else:
            steps += [Step(_cases(character) if any_case else frozenset(character)) for character in token]
    return tuple(steps)


def arn_steps(template: Template, reading: Reading = Reading.EXACT) -> Steps:
    """The steps of a pattern under an ARN operator: no wildcard reaches over one of the first five colons."""
    steps: list[Step] = []
    for number, component in enumerate(arn_components(template)):
        inside = steps_of(component, reading)
        if number:
            steps.append(Step(frozenset(":")))
        steps += [Step(None, one.loop, ":") if one.chars is None else one for one in inside] if number < 5 else inside
    return tuple(steps)


def _cases(character: str) -> frozenset[str]:
    """The characters that are this one in some case; the Kelvin and Angstrom signs have a letter's lower case."""
    lower = character.lower()
    each = {character, lower, character.upper(), *({"k": "\u212a", "\xe5": "\u212b"}.get(lower, ""))}
    return frozenset(one for one in each if len(one) == 1 and one.lower() == lower) or frozenset({character})


class Automaton:
    """A set of patterns; its states are integers. It accepts what any of them matches."""

    __slots__ = ("_any", "_any_but", "_blocks", "_chars", "_loops", "_loops_but", "accept", "chars", "sinks", "start")

    def __init__(self, patterns: Iterable[Steps]) -> None:
        self.start = self.accept = self.sinks = 0
        self._any = self._any_but = self._loops = self._loops_but = 0
        self._chars: dict[str, int] = {}
        self._blocks: list[tuple[int, int]] = []
        place = 0
        for steps in patterns:
            first = place
            self.start |= 1 << place
            for step in steps:
                bit = 1 << place
                self._add(step, bit)
                place += 1
            self.accept |= 1 << place
            if steps and steps[-1] == _MANY:
                self.sinks |= 1 << (place - 1)
            place += 1
            self._blocks.append((((1 << place) - 1) ^ ((1 << first) - 1), place))
        self.start = self._close(self.start)
        self.chars = frozenset(self._chars) | (frozenset(":") if self._any_but or self._loops_but else frozenset())

    def _add(self, step: Step, bit: int) -> None:
        if step.chars is not None:
            for character in step.chars:
                self._chars[character] = self._chars.get(character, 0) | bit
        elif step.loop and step.but:
            self._loops_but |= bit
        elif step.loop:
            self._loops |= bit
        elif step.but:
            self._any_but |= bit
        else:
            self._any |= bit

    def _close(self, state: int) -> int:
        loops = self._loops | self._loops_but
        more = (state & loops) << 1 & ~state
        while more:
            state |= more
            more = (more & loops) << 1 & ~state
        return state

    def step(self, state: int, symbol: str) -> int:
        """The state after one more character, or after a mark: a mark is matched by itself and by ``*``."""
        moved, stay = self._chars.get(symbol, 0), self._loops
        if not _is_mark(symbol):
            moved |= self._any
            if symbol != ":":
                moved |= self._any_but
                stay |= self._loops_but
        return self._close((state & moved) << 1 | state & stay)

    def step_over(self, state: int, mark: str) -> int:
        """The state after a mark that only its own variable matches."""
        return self._close((state & self._chars.get(mark, 0)) << 1)

    def after_anything(self, state: int) -> int:
        """The state after any text: where a mark may lead when its value could be that text."""
        reached = 0
        for block, end in self._blocks:
            inside = state & block
            if inside:
                lowest = inside & -inside
                reached |= ((1 << end) - 1) ^ (lowest - 1)
        return reached

    def wants(self, state: int, symbol: str) -> bool:
        """Whether this character leads elsewhere than one that no pattern names."""
        named = self._chars.get(symbol, 0)
        if symbol == ":":
            named |= self._any_but | self._loops_but
        return bool(state & named)

    def takes_any(self, state: int) -> bool:
        """Whether a character that no pattern names leads on."""
        return bool(state & (self._any | self._any_but | self._loops | self._loops_but))


@lru_cache(maxsize=4096)
def automaton(patterns: tuple[Steps, ...]) -> Automaton:
    """The automaton of some patterns, made once."""
    return Automaton(patterns)


def shortest(
    inside: Sequence[tuple[Steps, ...]],
    outside: tuple[Steps, ...] = (),
    wide: Sequence[tuple[Steps, ...]] = (),
    budget: Budget | None = None,
) -> list[str] | None:
    """A shortest text that some pattern of each set ``inside`` matches, and none of ``outside``; None: there is none.

    It comes as a list of characters and marks. A mark counts in ``inside`` and ``outside`` for itself, in ``wide``
    (otherwise like ``inside``) for any text. Raises Undecided, and Exhausted when the budget (None: one of its own) is.
    """
    budget = budget or Budget()
    budget.spend(sum(len(steps) for patterns in (*inside, outside, *wide) for steps in patterns))
    exact, loose = [automaton(each) for each in inside], [automaton(each) for each in wide]
    never = automaton(outside)
    machines = [*exact, *loose]
    named = frozenset[str]().union(*(each.chars for each in exact))
    alphabet = sorted(
        one for one in named.union(never.chars, *(each.chars for each in loose)) if one in named or not _is_mark(one)
    )
    fresh = next((one for one in _FILL if one not in alphabet), "\ue0ff")
    start = tuple(each.start for each in machines), never.start
    came: dict[tuple[tuple[int, ...], int], tuple[tuple[tuple[int, ...], int], str] | None] = {start: None}
    pending = deque([start])
    while pending:
        here = pending.popleft()
        states, out = here
        budget.spend(len(machines))
        if all(state & each.accept for state, each in zip(states, machines, strict=True)) and not out & never.accept:
            return _trace(came, here)
        symbols = [one for one in alphabet if never.wants(out, one) or _wanted(machines, states, one)]
        if all(each.takes_any(state) for state, each in zip(states, machines, strict=True)):
            symbols.insert(0, fresh)
        budget.spend(len(symbols) * (len(machines) + 1))
        for symbol in symbols:
            if _is_mark(symbol):
                then = [each.step_over(state, symbol) for each, state in zip(exact, states, strict=False)]
                then += [each.after_anything(state) for each, state in zip(loose, states[len(exact) :], strict=True)]
            else:
                then = [each.step(state, symbol) for each, state in zip(machines, states, strict=True)]
            if not all(then):
                continue
            out_then = never.step(out, symbol)
            if out_then & never.sinks:
                continue
            there = tuple(then), out_then
            if there not in came:
                if len(came) >= LIMIT:
                    raise Undecided
                came[there] = here, symbol
                pending.append(there)
    return None


def _wanted(machines: Sequence[Automaton], states: Sequence[int], symbol: str) -> bool:
    return any(each.wants(state, symbol) for each, state in zip(machines, states, strict=True))


def _trace(
    came: dict[tuple[tuple[int, ...], int], tuple[tuple[tuple[int, ...], int], str] | None],
    here: tuple[tuple[int, ...], int],
) -> list[str]:
    symbols: list[str] = []
    step = came[here]
    while step is not None:
        here, symbol = step
        symbols.append(symbol)
        step = came[here]
    return symbols[::-1]
