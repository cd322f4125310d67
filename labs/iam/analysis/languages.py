"""Sets of texts, written as patterns: resources. Is there one that is in all of these sets and in none of those?

Variables: a text that only fits for some values of a variable may or may not be found, but "there is none" is always
right. Patterns that are in the way (``outside``) count only where they match for every value of the variable, and
those that are asked for (``inside``) count where they match for some value.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from labs.iam.analysis.automata import Reading, Steps, Undecided, mark_of, shortest, steps_of
from labs.iam.analysis.budget import Budget
from labs.iam.match import NOTHING, Wildcard, any_of, source_of, tokens_of
from labs.iam.statement import resource_template
from labs.iam.variables import Context, Template, Variable, expand, has_variable

_STAR, _ONE = "\ue000", "\ue001"


@dataclass(frozen=True)
class Pattern:
    """One pattern: as written, and read. ``template`` may hold variables."""

    written: str
    template: Template

    @cached_property
    def open(self) -> bool:
        """Whether it has a variable."""
        return has_variable(self.template)

    @cached_property
    def plain(self) -> bool:
        """Whether it is one text: no wildcard, no variable."""
        return all(isinstance(token, str) for token in self.template)

    @cached_property
    def text(self) -> str:
        """The text of a plain one."""
        return "".join(str(token) for token in self.template)

    @cached_property
    def steps(self) -> Steps:
        """For the automaton, a variable standing for itself."""
        return steps_of(self.template)

    @cached_property
    def wide_steps(self) -> Steps:
        """For the automaton, a variable standing for any text."""
        return steps_of(self.template, Reading.ANYTHING)

    @cached_property
    def marked(self) -> str:
        """The pattern as a text in which wildcards and variables are characters of their own."""
        names = {Wildcard.MANY: _STAR, Wildcard.ONE: _ONE}
        return "".join(
            token if isinstance(token, str) else _sign(token) if isinstance(token, Variable) else names[token]
            for token in self.template
        )

    @cached_property
    def cover(self) -> str:
        """A regular expression: it matches ``marked`` of patterns that lie within this one for any value."""
        signed = (_sign(token) if isinstance(token, Variable) else token for token in self.template)
        return source_of(signed, ".", "[^\ue000\ue002-\uf8ff]")

    def filled(self, fixed: Context) -> "Pattern | None":
        """With its variables' values, if all are known (``()``: there is none); None when one has no value."""
        keys = {token.key for token in self.template if isinstance(token, Variable)}
        if not keys or not keys <= fixed.keys():
            return self
        tokens = expand(self.template, fixed)
        return None if tokens is None else Pattern("", tokens)


_signs: dict[str, str] = {}


def _sign(variable: Variable) -> str:
    """A private character for a variable."""
    return _signs.setdefault(mark_of(variable), chr(0xE002 + len(_signs) % 0x1800))


@lru_cache(maxsize=4096)
def pattern(written: str, variables: bool) -> Pattern:
    """A resource pattern; ``variables``: whether the policy's version has them."""
    return Pattern(written, resource_template(written) if variables and "${" in written else tokens_of(written))


@dataclass(frozen=True)
class Language:
    """What any of some patterns matches."""

    patterns: tuple[Pattern, ...]

    @cached_property
    def open(self) -> bool:
        """Whether a pattern has a variable."""
        return any(each.open for each in self.patterns)

    @cached_property
    def everything(self) -> bool:
        """Whether it is all texts."""
        return any(each.template == (Wildcard.MANY,) for each in self.patterns)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return any_of(tuple(each.template for each in self.patterns if not each.open))

    @cached_property
    def _cover(self) -> re.Pattern[str]:
        sources = [each.cover for each in self.patterns]
        return re.compile("|".join(sources), re.DOTALL) if sources else NOTHING

    def has(self, text: str) -> bool:
        """Whether a pattern without variables matches."""
        return self._regex.fullmatch(text) is not None

    def covers(self, other: Pattern) -> bool:
        """Whether one pattern alone contains ``other``. False may mean that several together do."""
        return self.everything or self._cover.fullmatch(other.marked) is not None

    def filled(self, context: Context) -> "Language":
        """With the variables' values; a pattern with one that has none matches nothing."""
        if not self.open:
            return self
        tokens = (expand(each.template, context) for each in self.patterns)
        return Language(tuple(Pattern("", each) for each in tokens if each is not None))


@lru_cache(maxsize=4096)
def language(written: tuple[str, ...], variables: bool) -> Language:
    """The language of a ``Resource`` list."""
    return Language(tuple(pattern(text, variables) for text in written))


EVERYTHING = language(("*",), False)


@dataclass(frozen=True)
class Taste:
    """Which texts to prefer: ``forms`` are whole ARNs that are what the action is about; the rest fills wildcards."""

    forms: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("arn", "aws", "service", "us-east-1", "111122223333", "other")

    def of(self, template: Template) -> Iterable[str]:
        """Likely texts that a pattern without variables matches, the likeliest first."""
        yield from self.forms
        yield self._filled(template, "")
        yield self._filled(template, "-other")

    def _filled(self, template: Template, more: str) -> str:
        text = ""
        for token in template:
            if isinstance(token, str):
                text += token
            elif token is Wildcard.ONE:
                text += "x"
            else:
                part = self.parts[min(text.count(":"), 5)]
                text += more if more and text[-1:].isalnum() else part
        return text


NO_TASTE = Taste()


def find(
    inside: Sequence[Language], outside: Sequence[Language], taste: Taste = NO_TASTE, budget: Budget | None = None
) -> str | None:
    """A text in every language of ``inside`` and in none of ``outside``; None: there is none.

    Where variables are in play, it is a text with marks left out: only None can be relied on. Raises Undecided, and
    Exhausted when the budget (None: one of its own) is.
    """
    budget = budget or Budget()
    inside = sorted((each for each in inside if not each.everything), key=lambda each: (each.open, len(each.patterns)))
    inside = inside or [EVERYTHING]
    if any(each.everything for each in outside):
        return None
    # Each with variables is tried as the one whose marks count; one "none" is enough.
    found: str | None = None
    undecided = False
    for base in inside[:1] + [each for each in inside[1:] if each.open]:
        try:
            text = _within(base, [each for each in inside if each is not base], outside, taste, budget)
        except Undecided:
            undecided = True
            continue
        if text is None:
            return None
        found = text if found is None else found
    if undecided and found is None:
        raise Undecided
    return found


def _within(
    base: Language, others: Sequence[Language], outside: Sequence[Language], taste: Taste, budget: Budget
) -> str | None:
    """What ``find`` finds, going through the patterns of one language."""
    hard: list[Pattern] = []
    # A step for each pattern that a likely text is tried on.
    against = 1 + sum(len(each.patterns) for each in (*others, *outside))
    for each in base.patterns:
        budget.spend(against)
        found = _likely(each, others, outside, taste)
        if found is not None:
            return found
        if not _settled(each, others, outside):
            hard.append(each)
    undecided = False
    for each in hard:
        try:
            found = _search(each, others, outside, taste, budget)
        except Undecided:
            undecided = True
            continue
        if found is not None:
            return found
    if undecided:
        raise Undecided
    return None


def _likely(each: Pattern, others: Sequence[Language], outside: Sequence[Language], taste: Taste) -> str | None:
    """A likely text, tried without a search."""
    if each.open:
        return None
    inside = Language((each,))
    for text in (each.text,) if each.plain else taste.of(each.template):
        if (
            (each.plain or inside.has(text))
            and all(language.has(text) for language in others)
            and not any(language.has(text) for language in outside)
        ):
            return text
    return None


def _settled(each: Pattern, others: Sequence[Language], outside: Sequence[Language]) -> bool:
    """Whether it is certain, without a search, that the pattern has no text to offer."""
    if any(language.covers(each) for language in outside):
        return True
    if not each.plain:
        return False
    # One text: what it is not in, it is not in; only a variable can still match it.
    return any(not language.open and not language.has(each.text) for language in others)


def _search(
    each: Pattern, others: Sequence[Language], outside: Sequence[Language], taste: Taste, budget: Budget
) -> str | None:
    near = tuple(
        other.steps for language in outside for other in language.patterns if _may_meet(each.template, other.template)
    )
    wide = [tuple(other.wide_steps for other in language.patterns) for language in others]
    found = shortest([(each.steps,)], near, wide, budget)
    if found is None:
        return None
    for form in taste.forms:
        try:
            better = shortest([(each.steps,), (steps_of(_loosened(form)),)], near, wide, budget)
        except Undecided:
            continue
        found = better or found
    return "".join(symbol for symbol in found if len(symbol) == 1)


@lru_cache(maxsize=512)
def _loosened(form: str) -> Template:
    """A whole ARN with any name at its end, as a template."""
    head = re.match(r"(?:[^:]*:){5}[^/:]*[/:]?", form)
    return (head.group() if head else "", Wildcard.MANY)


def _may_meet(one: Template, other: Template) -> bool:
    """Whether their plain beginnings agree as far as both go."""
    first = one[0] if one and isinstance(one[0], str) else ""
    second = other[0] if other and isinstance(other[0], str) else ""
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]
