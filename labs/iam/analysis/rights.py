"""What ``evaluate`` does, as a formula: no Deny applies, and in one of some ways, an Allow of each layer does.

The layers are those of IAM User Guide, reference_policies_evaluation-logic: identity policies, permissions boundary,
session policies, each level of the organization, the endpoint; a resource's own policy opens other ways, by how it
names the principal (``labs.iam.evaluate`` is what this mirrors;
tests/iam/analysis/test_analysis_properties.py compares them).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from labs.iam.analysis.languages import Language, language
from labs.iam.conditions import Condition
from labs.iam.control_policies import rcps_bind, scps_bind
from labs.iam.decision import Policies, Policy, PolicyKind, Principal, PrincipalKind, Request
from labs.iam.match import Token, Wildcard
from labs.iam.principals import Grant
from labs.iam.statement import Statement
from labs.iam.variables import Context, Variable, expand

NOTHING: Mapping[str, tuple[str, ...]] = {}
_OUTSIDE = (PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS)


@dataclass(frozen=True)
class ResourceAtom:
    """The resource is one of these."""

    written: frozenset[str]
    variables: bool
    language: Language = field(compare=False, default=Language(()))


@dataclass(frozen=True)
class ConditionAtom:
    """This condition holds. Two that are written alike are one."""

    operator: str
    key: str
    values: frozenset[str]
    variables: bool
    condition: Condition = field(compare=False)


Atom = ResourceAtom | ConditionAtom
# An atom, and whether it is to be true.
Literal = tuple[Atom, bool]


def closed(condition: Condition) -> ConditionAtom:
    """A condition without variables as an atom."""
    return ConditionAtom(condition.operator, condition.key.lower(), frozenset(condition.values), False, condition)


def filled(condition: Condition, fixed: Context) -> Condition:
    """A condition with its variables' values, if all are known (``()``: there is none); else itself."""
    keys = {token.key for template in condition.templates for token in template if isinstance(token, Variable)}
    if not keys <= fixed.keys():
        return condition
    tokens = (expand(template, fixed) for template in condition.templates)
    known = ["".join(map(_spelled, each)) for each in tokens if each is not None]
    return Condition(condition.operator, condition.key, known, True)


def _spelled(token: Token) -> str:
    """A token as a policy spells it: a star that is plain text is ``${*}``."""
    return token.value if isinstance(token, Wildcard) else re.sub(r"[*?$]", r"${\g<0>}", token)


@dataclass(frozen=True, eq=False)
class Part:
    """A statement of a policy: it applies when its action matches and all its literals are true."""

    policy: Policy
    statement: Statement
    literals: tuple[Literal, ...]

    def is_about(self, action: str) -> bool:
        """Whether its Action or NotAction covers an action in lower case."""
        return self.statement.actions.match(action) is not self.statement.not_action


Layer = tuple[Part, ...]
Way = tuple[Layer, ...]


class Sort(NamedTuple):
    """What else than statements decides about an action. ``kms``: the resource's policy must name the principal;
    ``rcps``: resource control policies bind it."""

    kms: bool
    rcps: bool


SORTS = tuple(Sort(kms, rcps) for kms in (False, True) for rcps in (False, True))


@dataclass(frozen=True)
class Rights:
    """What one principal may do: allowed when no part of ``denies`` applies and some way has a part in each layer that
    does. Which ways and denies there are depends on the sort of the action."""

    principal: Principal
    denies: Mapping[Sort, Layer]
    ways: Mapping[Sort, tuple[Way, ...]]
    _sorts: dict[str, Sort] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def parts(self) -> Iterator[Part]:
        """Every part, some more than once."""
        for sort in SORTS:
            yield from self.denies[sort]
            for way in self.ways[sort]:
                for layer in way:
                    yield from layer

    def sort(self, action: str) -> Sort:
        """The sort of an action in lower case, as far as it makes a difference here."""
        prefix = action.partition(":")[0]
        key = action if prefix == "kms" else prefix
        if key not in self._sorts:
            sort = Sort(prefix == "kms", rcps_bind(Request(self.principal, action, "*")))
            self._sorts[key] = SORTS[self._alike[SORTS.index(sort)]]
        return self._sorts[key]

    @property
    def uniform(self) -> bool:
        """Whether it makes none."""
        return not any(self._alike)

    @cached_property
    def _alike(self) -> list[int]:
        """For each sort, the first that is no different."""
        told = [(self.denies[sort], self.ways[sort]) for sort in SORTS]
        return [told.index(each) for each in told]

    def about(self, parts: frozenset[int], sort: Sort) -> tuple[Layer, tuple[Way, ...]]:
        """The denies and the ways of a sort, with only these parts (by ``id``)."""

        def only(layer: Layer) -> Layer:
            return tuple(part for part in layer if id(part) in parts)

        return only(self.denies[sort]), tuple(tuple(map(only, way)) for way in self.ways[sort])


def rights(policies: Policies, principal: Principal, resource_account: str = "", fixed: Context = NOTHING) -> Rights:
    """The formula of ``evaluate`` for one principal.

    ``fixed``: the condition keys that every request has with the same value, or (``()``) none has.
    """
    return _Maker(policies, principal, fixed).rights(resource_account)


class _Maker:
    """Makes the rights; the same statement is the same part wherever it counts."""

    def __init__(self, policies: Policies, principal: Principal, fixed: Context) -> None:
        self._policies, self._principal, self._fixed = policies, principal, fixed
        self._made: dict[int, Part] = {}

    def rights(self, resource_account: str) -> Rights:
        principal = self._principal
        across = bool(resource_account and principal.account and resource_account != principal.account)
        ways = {
            sort: tuple((*self._common(sort), *way) for way in (self._across() if across else self._within(sort)))
            for sort in SORTS
        }
        return Rights(principal, {sort: tuple(self._denies(sort)) for sort in SORTS}, ways)

    def _levels(self, sort: Sort) -> Sequence[Sequence[Policy]]:
        scps = self._policies.scps if scps_bind(self._principal) else ()
        return (*scps, *(self._policies.rcps if sort.rcps else ()))

    def _common(self, sort: Sort) -> Iterator[Layer]:
        """What must allow in every way."""
        yield from (self._allows(level) for level in self._levels(sort))
        if self._policies.endpoint is not None:
            yield self._granting(self._policies.endpoint, Grant.ACCOUNT)

    def _denies(self, sort: Sort) -> Iterator[Part]:
        given = self._policies
        single = [each for each in (given.endpoint, given.resource, given.boundary) if each is not None]
        levels = (policy for level in self._levels(sort) for policy in level)
        for policy in (*levels, *single, *given.identity, *given.session):
            for part in self._parts(policy, policy.denies):
                if part.statement.grant(self._principal, given.boundary is not None) is not Grant.NONE:
                    yield part

    def _within(self, sort: Sort) -> Iterator[Way]:
        resource, principal = self._policies.resource, self._principal
        own = principal.kind not in _OUTSIDE and (
            principal.kind is not PrincipalKind.FEDERATED or principal.is_federated_user
        )
        if resource is not None:
            direct = self._granting(resource, Grant.DIRECT)
            named = self._granting(resource, Grant.IDENTITY)
            if direct:
                yield (direct,)
            if own and len(named) > len(direct):
                yield (named, *self._limits())
        if own:
            must_name = resource is not None and (sort.kms or resource.kind is PolicyKind.TRUST)
            named = self._granting(resource, Grant.ACCOUNT) if resource is not None and must_name else ()
            yield (*([named] if must_name else []), *self._own())

    def _across(self) -> Iterator[Way]:
        if self._policies.resource is not None:
            yield (self._granting(self._policies.resource, Grant.ACCOUNT), *self._own())

    def _own(self) -> Iterator[Layer]:
        """The principal's own side; the root user needs no Allow."""
        if self._principal.kind is not PrincipalKind.ROOT:
            yield self._allows(self._policies.identity)
        yield from self._limits()

    def _limits(self) -> Iterator[Layer]:
        if self._policies.boundary is not None:
            yield self._allows((self._policies.boundary,))
        if self._policies.session or self._principal.is_federated_user:
            yield self._allows(self._policies.session)

    def _allows(self, policies: Sequence[Policy]) -> Layer:
        return tuple(part for policy in policies for part in self._parts(policy, policy.allows))

    def _granting(self, policy: Policy, least: Grant) -> Layer:
        parts = self._parts(policy, policy.allows)
        return tuple(part for part in parts if part.statement.grant(self._principal) >= least)

    def _parts(self, policy: Policy, statements: Iterable[Statement]) -> Iterator[Part]:
        for statement in statements:
            if id(statement) not in self._made:
                literals = tuple(self._literals(statement, policy.version != "2008-10-17"))
                self._made[id(statement)] = Part(policy, statement, literals)
            yield self._made[id(statement)]

    def _literals(self, statement: Statement, variables: bool) -> Iterator[Literal]:
        if statement.resources is not None:
            yield self._resource(statement.resources.written, statement.resources.negated, variables)
        for condition in statement.conditions:
            yield self._condition(condition, variables)

    def _condition(self, condition: Condition, variables: bool) -> Literal:
        values = frozenset(condition.values)
        read = variables and any("${" in text for text in values)
        meant = filled(condition, self._fixed) if condition.open else condition
        return ConditionAtom(condition.operator, condition.key.lower(), values, read, meant), True

    def _resource(self, written: tuple[str, ...], negated: bool, variables: bool) -> Literal:
        read = variables and any("${" in text for text in written)
        meant = language(written, variables)
        if meant.open:
            known = (each.filled(self._fixed) for each in meant.patterns)
            meant = Language(tuple(each for each in known if each is not None))
        return ResourceAtom(frozenset(written), read, meant), not negated
