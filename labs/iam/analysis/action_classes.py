"""Actions that no statement tells apart are one class: what holds for one of them holds for all.

Wildcards stand for the known actions (``catalogue``). What no catalogue knows is not lost: a pattern of an unknown
service, or one that no known action of its service matches, stands for actions of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from labs.iam.analysis import catalogue
from labs.iam.analysis.automata import Undecided, automaton, steps_of
from labs.iam.analysis.rights import Part
from labs.iam.match import Wildcard, any_of, tokens_of

# For "everything else": what people know and would miss.
_WELL_KNOWN = ("iam:PassRole", "s3:GetObject", "ec2:RunInstances", "lambda:InvokeFunction", "ssm:GetParameter")
_NO_SERVICE = "unknown-service"
_SHOWN = 20
_MOST_STATES = 2_000


Sorting = Callable[[str], Hashable]


@dataclass(frozen=True)
class ActionClass:
    """Some actions and the parts that are about them (by ``id``).

    ``actions``: the first of them, as AWS writes them; ``count``: how many there are; ``known``: whether the catalogue
    has them.
    """

    actions: tuple[str, ...]
    count: int
    parts: frozenset[int]
    known: bool = True

    @property
    def action(self) -> str:
        """The one that stands for all."""
        return self.actions[0]


def _universal(pattern: str) -> bool:
    return set(pattern) <= {"*"} or (pattern.count(":") == 1 and set(pattern) <= {"*", ":"} and len(pattern) >= 3)


def action_classes(parts: Sequence[Part], sort: Sorting | None = None) -> list[ActionClass]:
    """The classes of all actions that some part is about. Raises Undecided.

    ``sort``: actions of different sorts are never in one class; None: there is one sort.
    """
    patterns = {text.lower(): None for part in parts for text in part.statement.actions.written}
    bits: dict[str, int] = defaultdict(int)
    wide = 0
    strange: dict[str, str] = {}
    unknown: dict[str, list[str]] = defaultdict(list)
    number = {pattern: 1 << place for place, pattern in enumerate(patterns)}
    for pattern, bit in number.items():
        if _universal(pattern):
            wide |= bit
            continue
        prefix, _, name = pattern.partition(":")
        if prefix == "*":
            found = [
                f"{each}:{one}" for each, service in catalogue.services().items() for one in service.matching(name)
            ]
        elif prefix in catalogue.services():
            found = [f"{prefix}:{one}" for one in catalogue.services()[prefix].matching(name)]
        else:
            unknown[prefix].append(name)
            continue
        for action in found:
            bits[action] |= bit
        if not found:
            strange[_example(pattern)] = ""
    known = set(bits)
    for prefix, names in unknown.items():
        for name in _instances(names):
            strange[f"{prefix}:{name}"] = ""
    for action in strange:
        bits[action] = sum(
            bit for pattern, bit in number.items() if not _universal(pattern) and _matches(pattern, action)
        )
    return _grouped(parts, number, bits, wide, known, sort)


def _grouped(
    parts: Sequence[Part],
    number: dict[str, int],
    bits: dict[str, int],
    wide: int,
    known: set[str],
    sort: Sorting | None,
) -> list[ActionClass]:
    masks = [
        (id(part), sum({number[text.lower()] for text in part.statement.actions.written}), part.statement.not_action)
        for part in parts
    ]
    spelled = {text.lower(): text for part in parts for text in part.statement.actions.written}
    about: dict[int, frozenset[int]] = {}

    def parts_of(mask: int) -> frozenset[int]:
        if mask not in about:
            about[mask] = frozenset(part for part, own, negated in masks if bool(own & mask) is not negated)
        return about[mask]

    groups: dict[tuple[frozenset[int], Hashable, bool], list[str]] = defaultdict(list)
    for action, mask in bits.items():
        groups[parts_of(mask | wide), sort and sort(action), action in known].append(action)
    classes = []
    for (about_it, _, is_known), actions in groups.items():
        if about_it:
            actions.sort()
            shown = tuple(spelled.get(a, a) if a not in known else catalogue.written(a) for a in actions[:_SHOWN])
            classes.append(ActionClass(shown, len(actions), about_it, is_known))
    if parts_of(wide):
        classes += _others(parts_of(wide), known, sort)
    return classes


def _others(about_it: frozenset[int], known: set[str], sort: Sorting | None) -> list[ActionClass]:
    """The classes of all actions that no pattern names."""
    named = {action.partition(":")[0] for action in known}
    counts: dict[Hashable, int] = defaultdict(int)
    shown: dict[Hashable, list[str]] = defaultdict(list)
    for action in _WELL_KNOWN:
        if action.lower() not in known:
            shown[sort and sort(action.lower())].append(action)
    for prefix, service in catalogue.services().items():
        # Only within KMS do actions differ in sort.
        for names in ([name] for name in service.actions) if prefix == "kms" else [list(service.actions)]:
            left = [name for name in names if f"{prefix}:{name}" not in known] if prefix in named else names
            if left:
                own = sort and sort(f"{prefix}:{left[0]}")
                counts[own] += len(left)
                if not shown[own] or shown[own][0].partition(":")[0].lower() == prefix:
                    shown[own] += [f"{prefix}:{service.actions[name]}" for name in left]
    classes = [ActionClass(tuple(dict.fromkeys(shown[own]))[:_SHOWN], count, about_it) for own, count in counts.items()]
    return classes or [ActionClass((f"{_NO_SERVICE}:Action",), 1, about_it, False)]


def _example(pattern: str) -> str:
    """An action that a pattern matches, when none that is known does."""
    prefix, _, name = pattern.partition(":")
    return f"{_NO_SERVICE if prefix == '*' else prefix}:{name.replace('*', '').replace('?', 'x') or 'action'}"


def _matches(pattern: str, action: str) -> bool:
    return any_of((tokens_of(pattern),)).fullmatch(action) is not None


def _instances(names: list[str]) -> Iterable[str]:
    """Action names of a service that nobody knows: one for each way in which the patterns tell names apart."""
    machine = automaton(tuple(steps_of(tokens_of(name)) for name in names))
    letters = sorted(machine.chars | {next(c for c in "xyzqjkvw0123456789-" if c not in machine.chars)})
    words = {machine.step(machine.start, letter): letter for letter in reversed(letters)}
    pending = list(words)
    told_apart: dict[int, str] = {}
    for state in pending:
        if state & machine.accept:
            told_apart.setdefault(state & machine.accept, words[state])
        for letter in letters:
            then = machine.step(state, letter)
            if then and then not in words:
                if len(words) >= _MOST_STATES:
                    raise Undecided
                words[then] = words[state] + letter
                pending.append(then)
    for name in names:
        # A name that is written out is shown as it is written.
        if Wildcard.MANY.value not in name and Wildcard.ONE.value not in name:
            yield name
    yield from told_apart.values()
