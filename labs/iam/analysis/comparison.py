"""What some policies allow one principal, and others do not: every action, resource and condition key, with a witness.

A request is beyond when it lies in a *gap* of the other policies (one of their Denies applies, or no Allow does in some
layer of each way), no Deny of the first applies, and some Allow of each layer does. Each combination is a question for
``Search``, and each answer is made a request and put to ``evaluate``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property

from labs.iam.analysis.action_classes import ActionClass, action_classes
from labs.iam.analysis.answers import Access, JudgedCondition, Truth
from labs.iam.analysis.automata import Undecided
from labs.iam.analysis.budget import Budget, Exhausted
from labs.iam.analysis.languages import Language, Pattern
from labs.iam.analysis.places import place_of
from labs.iam.analysis.request_keys import Scene
from labs.iam.analysis.rights import SORTS, ConditionAtom, Layer, Literal, Part, ResourceAtom, Way, closed, rights
from labs.iam.analysis.search import Clause, Search, group_of
from labs.iam.analysis.witness import requests
from labs.iam.decision import Policies, PolicyKind, Request
from labs.iam.evaluate import evaluate
from labs.iam.match import Patterns

NO_REQUEST = "no request could be made that shows it"
TOO_LONG = "deciding it would take too long"
# So many assignments are made into requests, for one statement and class of actions, before the answer is "unclear".
_TRIES = 40
_GIVERS = (PolicyKind.IDENTITY, PolicyKind.RESOURCE, PolicyKind.TRUST)

# Literals that must be true as well, and statements that must not apply.
Gap = tuple[tuple[Literal, ...], tuple[Clause, ...]]


class Comparison:
    """What ``more`` allows and ``less`` does not.

    ``giver``: the kind of policy whose statements are named (by default identity policies, else the resource's).
    ``budget``: None for one of its own.
    """

    def __init__(
        self,
        more: Policies,
        less: Policies,
        scene: Scene,
        giver: PolicyKind | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._more, self._less, self._scene = more, less, scene
        self.mine, self.theirs = (rights(each, scene.asker, scene.owner, scene.constant) for each in (more, less))
        self._budget = budget or Budget()
        self._search = Search(scene, self._budget)
        self._givers = (giver,) if giver else _GIVERS
        self._given: tuple[Literal, ...] = (exactly(scene.resource),) if scene.resource else ()
        self._given += tuple((closed(condition), wanted) for condition, wanted in scene.known)
        # Part -> its number, in the order of policies and statements.
        self.parts = {part: number for number, part in enumerate(dict.fromkeys((*self.mine.parts, *self.theirs.parts)))}

    @cached_property
    def classes(self) -> list[ActionClass]:
        """The actions that some statement is about. Raises Undecided."""
        uniform = self.mine.uniform and self.theirs.uniform
        sort = None if uniform else lambda action: (self.mine.sort(action), self.theirs.sort(action))
        return action_classes(list(self.parts), sort)

    def beyond(self) -> list[Access]:
        """The accesses, in the order of policies and statements; an unclear one for each that was not decided."""
        found: list[tuple[Part, Access]] = []
        try:
            for actions in self.classes:
                found.extend(self.of_class(actions))
        except (Undecided, Exhausted):
            told = {part for part, _ in found}
            left = ActionClass(("*",), 0, frozenset())
            found += [(part, self._access(part, left, None, TOO_LONG)) for part in self._giving() if part not in told]
        return [access for part, access in sorted(found, key=lambda each: self.parts[each[0]])]

    def _giving(self) -> Iterator[Part]:
        """Every part that an access may be named after, once."""
        ways = (way for sort in SORTS for way in self.mine.ways[sort])
        return iter(dict.fromkeys(part for way in ways for part in self._giving_layer(way)))

    def of_class(
        self, actions: ActionClass, *, certainly: bool = False, given: Sequence[Literal] = ()
    ) -> Iterator[tuple[Part, Access]]:
        """What each statement gives of some actions.

        ``certainly``: only what ``less`` never allows, whatever the condition keys are. ``given``: what else must hold.
        Raises Exhausted.
        """
        self._budget.spend(len(self.parts))
        action = actions.action.lower()
        denies, my_ways = self.mine.about(actions.parts, self.mine.sort(action))
        theirs = self.theirs.about(actions.parts, self.theirs.sort(action))
        gaps = list(self._certain_gaps(*theirs) if certainly else _gaps(*theirs))
        clauses = [part.literals for part in denies]
        if not gaps or not all(clauses):
            return
        named = any(layer for way in theirs[1] for layer in way)
        seen: set[int] = set()
        for way in my_ways:
            giving = self._giving_layer(way)
            others = [layer for layer in way if layer is not giving]
            for part in giving:
                if id(part) not in seen:
                    request, unclear = self._shown(
                        [*part.literals, *self._given, *given], others, clauses, gaps, actions
                    )
                    if request is not None or unclear:
                        seen.add(id(part))
                        yield part, self._access(part, actions, request, unclear, "Resource" if named else "Action")

    def _giving_layer(self, way: Way) -> Layer:
        for layer in way:
            if layer and layer[0].policy.kind in self._givers:
                return layer
        return way[-1] if way else ()

    def _shown(
        self,
        literals: Sequence[Literal],
        others: Sequence[Layer],
        denies: Sequence[Clause],
        gaps: Sequence[Gap],
        actions: ActionClass,
    ) -> tuple[Request | None, str]:
        """A request that meets the literals and passes each other layer; or why none could be made, if so."""
        unclear, tries = "", 0
        for combination in itertools.product(*others):
            self._budget.spend()
            every = [*literals, *(literal for other in combination for literal in other.literals)]
            for more, clauses in gaps:
                self._budget.spend()
                try:
                    for assignment in self._search.assignments([*every, *more], [*denies, *clauses]):
                        for request in requests(assignment, actions.action, self._scene, self._budget):
                            if self._shows(request):
                                return request, ""
                        unclear, tries = NO_REQUEST, tries + 1
                        if tries > _TRIES:
                            return None, unclear
                except Undecided:
                    unclear = TOO_LONG
        return None, unclear

    def _shows(self, request: Request) -> bool:
        return evaluate(request, self._more).allowed and not evaluate(request, self._less).allowed

    def _certain_gaps(self, denies: Layer, ways: Sequence[Way]) -> Iterator[Gap]:
        """Gaps that no values of the condition keys close: an Allow counts as if its conditions held."""
        for more, clauses in _gaps(denies, ways):
            if not more:
                left = [clause for clause in clauses if self._can_hold(clause)]
                loose = [tuple(each for each in clause if isinstance(each[0], ResourceAtom)) for clause in left]
                if all(loose):
                    yield (), tuple(loose)
            elif all(self.truth(atom) is Truth.ALWAYS for atom, _ in more if isinstance(atom, ConditionAtom)):
                yield more, ()

    def _can_hold(self, literals: Clause) -> bool:
        groups: dict[str, set[Literal]] = {}
        for atom, wanted in literals:
            groups.setdefault(group_of(atom), set()).add((atom, wanted))
        return all(self._search.possible(group, frozenset(each)) is not False for group, each in groups.items())

    def truth(self, atom: ConditionAtom) -> Truth:
        """What a condition is over all requests."""
        group = group_of(atom)
        if self._search.possible(group, frozenset({(atom, False)})) is False:
            return Truth.ALWAYS
        return Truth.NEVER if self._search.possible(group, frozenset({(atom, True)})) is False else Truth.OPEN

    def judged(self, part: Part) -> tuple[JudgedCondition, ...]:
        """The conditions of a statement, each with its truth."""
        atoms = (atom for atom, _ in part.literals if isinstance(atom, ConditionAtom))
        return tuple(JudgedCondition(atom.condition, self.truth(atom)) for atom in atoms)

    def _access(
        self, part: Part, actions: ActionClass, request: Request | None, unclear: str, element: str = "Action"
    ) -> Access:
        statement, resources = part.statement, part.statement.resources
        action = _entry(statement.actions.written, actions.action.lower(), fold=True)
        resource = _entry(resources.written, request.resource) if resources and request else 0
        negated = statement.not_action if element == "Action" else bool(resources and resources.negated)
        if element == "Resource" and resources is None:
            element, negated = "Action", statement.not_action
        entry = 0 if negated else action if element == "Action" else resource
        return Access(
            place_of(part.policy, statement, f"Not{element}" if negated else element, entry),
            actions.actions,
            actions.count,
            "" if statement.not_action else statement.actions.written[action],
            resources.written if resources else (),
            bool(resources and resources.negated),
            self.judged(part),
            request,
            unclear,
            actions.known,
        )


def exactly(resource: str) -> Literal:
    """The literal "the resource is this one"."""
    return ResourceAtom(frozenset({resource}), False, Language((Pattern(resource, (resource,)),))), True


def _entry(written: Sequence[str], text: str, fold: bool = False) -> int:
    """Which of some patterns matches a text; 0 when none without variables does."""
    return next((place for place, each in enumerate(written) if Patterns([each], fold).match(text)), 0)


def _gaps(denies: Layer, ways: Sequence[Way]) -> Iterator[Gap]:
    """Every way in which rights do not allow."""
    for layers in itertools.product(*ways):
        clauses = tuple(part.literals for layer in layers for part in layer)
        if all(clauses):
            yield (), clauses
    for deny in denies:
        yield deny.literals, ()
