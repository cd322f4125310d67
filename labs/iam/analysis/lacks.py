"""What is wanted and not allowed: for certain, or only for some values of the condition keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from labs.iam.analysis.action_classes import ActionClass
from labs.iam.analysis.answers import Access, JudgedCondition, Lack, Place, Truth
from labs.iam.analysis.automata import Undecided
from labs.iam.analysis.budget import Budget, Exhausted
from labs.iam.analysis.comparison import TOO_LONG, Comparison, exactly
from labs.iam.analysis.places import place_of
from labs.iam.analysis.request_keys import Scene
from labs.iam.analysis.rights import Part
from labs.iam.decision import DecisionKind, Policies, Request
from labs.iam.evaluate import evaluate


class Lacks:
    """What ``wanted`` allows and ``policies`` do not."""

    def __init__(self, policies: Policies, wanted: Policies, scene: Scene, budget: Budget | None = None) -> None:
        self._policies = policies
        budget = budget or Budget()
        self._comparison = Comparison(wanted, policies, scene, budget=budget)
        self._ever = Comparison(policies, Policies(), scene, budget=budget)

    def found(self) -> list[Lack]:
        """The lacks, in the order of what is wanted; at the end, one for what was not decided."""
        listed: list[tuple[Part, Lack]] = []
        left: list[Lack] = []
        try:
            for actions in self._comparison.classes:
                listed.extend(self._of_class(actions))
        except (Undecided, Exhausted):
            left = [Lack(("*",), 0, "*", False, (), None, None, TOO_LONG)]
        return [lack for part, lack in sorted(listed, key=lambda each: self._comparison.parts[each[0]])] + left

    def _of_class(self, actions: ActionClass) -> Iterator[tuple[Part, Lack]]:
        certain = dict(self._comparison.of_class(actions, certainly=True))
        for part, access in self._comparison.of_class(actions):
            sure = certain.get(part)
            if sure is not None and sure.witness is not None:
                yield part, self._lack(sure, part, True)
            else:
                yield part, self._lack(access, part, False)

    def _lack(self, access: Access, part: Part, certain: bool) -> Lack:
        request, unclear = access.witness, access.unclear
        conditions: tuple[JudgedCondition, ...] = ()
        if request is not None and not certain:
            ways = self._allowing(request)
            certain = not ways
            unclear = next((way.unclear for _, way in ways if way.unclear), "")
            conditions = tuple(dict.fromkeys(chain.from_iterable(way.open_conditions for _, way in ways)))
            conditions += self._denying(request)
        written = part.statement.resources.written if part.statement.resources else ()
        resource = written[0] if len(written) == 1 else request.resource if request else "*"
        denied = None if request is None else self._denier(request)
        return Lack(access.actions, access.count, resource, certain, conditions, denied, request, unclear)

    def _allowing(self, request: Request) -> list[tuple[Part, Access]]:
        """The ways in which the policies allow the action on that resource, under whatever conditions."""
        about = frozenset(id(part) for part in self._ever.parts if part.is_about(request.action.lower()))
        actions = ActionClass((request.action,), 1, about)
        return list(self._ever.of_class(actions, given=[exactly(request.resource)]))

    def _denying(self, request: Request) -> tuple[JudgedCondition, ...]:
        """The conditions of the Deny that refuses the request."""
        part = self._deny_part(request)
        judged = self._ever.judged(part) if part else ()
        return tuple(each for each in judged if each.truth is Truth.OPEN)

    def _deny_part(self, request: Request) -> Part | None:
        decision = evaluate(request, self._policies)
        if decision.kind is not DecisionKind.EXPLICIT_DENY or decision.statement is None:
            return None
        return next(part for part in self._ever.parts if part.statement is decision.statement.statement)

    def _denier(self, request: Request) -> Place | None:
        part = self._deny_part(request)
        return place_of(part.policy, part.statement) if part else None
