"""Is there a request that makes these literals true and leaves each of those clauses unfulfilled?

A clause is a statement that must not apply: not all of its literals may be true. The search decides which one is
false, and asks for each condition key, and for the resource, whether what is decided so far can be: what a key can be
is decided apart from the others. It finds assignments; ``witness`` makes requests of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from labs.iam.analysis import key_values, languages
from labs.iam.analysis.automata import Undecided
from labs.iam.analysis.budget import Budget, Exhausted
from labs.iam.analysis.languages import Language, Taste
from labs.iam.analysis.request_keys import Scene
from labs.iam.analysis.rights import Atom, ConditionAtom, Literal, ResourceAtom

Clause = tuple[Literal, ...]
Assignment = Mapping[Atom, bool]
RESOURCE = "resource"
# So many assignments are looked at before the search gives up.
LIMIT = 5_000


def group_of(atom: Atom) -> str:
    """What an atom is decided with: the resource, or the key of a condition."""
    return RESOURCE if isinstance(atom, ResourceAtom) else key_values.group_of(atom.key)


def resource_languages(literals: Sequence[Literal]) -> tuple[list[Language], list[Language]]:
    """The languages that the resource must be in, and must not be in."""
    inside: list[Language] = []
    outside: list[Language] = []
    for atom, wanted in literals:
        if isinstance(atom, ResourceAtom):
            (inside if wanted else outside).append(atom.language)
    return inside, outside


class Search:
    """Remembers what it has found out about a resource or a key: the questions repeat from action to action."""

    def __init__(self, scene: Scene, budget: Budget) -> None:
        self.scene, self.budget = scene, budget
        self._known: dict[tuple[str, frozenset[Literal]], bool | None] = {}
        self._steps = 0

    def assignments(self, literals: Sequence[Literal], clauses: Sequence[Clause]) -> Iterator[Assignment]:
        """Assignments that may be met by a request; when they end, there are no others.

        Raises Undecided and Exhausted.
        """
        self._steps = 0
        first = self._with({}, literals)
        if first is not None:
            yield from self._below(first, list(clauses))

    def _below(self, made: dict[Atom, bool], clauses: list[Clause]) -> Iterator[Assignment]:
        self._steps += 1
        if self._steps > LIMIT:
            raise Undecided
        self.budget.spend(1 + sum(map(len, clauses)))
        open_clauses: list[Clause] = []
        pending = clauses
        while pending:
            clause, *pending = pending
            left = tuple((atom, wanted) for atom, wanted in clause if made.get(atom, wanted) is wanted)
            if len(left) < len(clause):
                continue  # one of its literals is false: the statement does not apply
            left = tuple((atom, wanted) for atom, wanted in clause if atom not in made)
            if not left:
                return
            if len(left) > 1:
                open_clauses.append(clause)
                continue
            further = self._with(made, [(left[0][0], not left[0][1])])
            if further is None:
                return
            made = further
            pending, open_clauses = [*open_clauses, *pending], []
        if not open_clauses:
            yield made
            return
        clause = min(open_clauses, key=lambda each: sum(atom not in made for atom, _ in each))
        rest = [each for each in open_clauses if each is not clause]
        for atom, wanted in clause:
            if atom in made:
                continue
            further = self._with(made, [(atom, not wanted)])
            if further is not None:
                yield from self._below(further, rest)
            # From here on this literal is true, so that no assignment comes twice.
            still = self._with(made, [(atom, wanted)])
            if still is None:
                return
            made = still

    def _with(self, made: Mapping[Atom, bool], more: Sequence[Literal]) -> dict[Atom, bool] | None:
        """The assignment with more literals; None when that cannot be."""
        self.budget.spend(1 + len(made))
        further = dict(made)
        touched = set()
        for atom, wanted in more:
            if further.setdefault(atom, wanted) is not wanted:
                return None
            touched.add(group_of(atom))
        for group in touched:
            literals = frozenset(each for each in further.items() if group_of(each[0]) == group)
            if self.possible(group, literals) is False:
                return None
        return further

    def possible(self, group: str, literals: frozenset[Literal]) -> bool | None:
        """Whether a resource, or values of a key, can be like this; None when that is undecided.

        Never raises: who has no steps left hears it at the next of his own.
        """
        question = group, literals
        if question not in self._known:
            try:
                self._known[question] = self._find(group, literals)
            except (Undecided, Exhausted):
                self._known[question] = None
        return self._known[question]

    def _find(self, group: str, literals: frozenset[Literal]) -> bool:
        if group == RESOURCE:
            return languages.find(*resource_languages(list(literals)), budget=self.budget) is not None
        conditions = frozenset((atom.condition, wanted) for atom, wanted in literals if isinstance(atom, ConditionAtom))
        return key_values.solve(group, conditions, self.scene, budget=self.budget) is not None


def by_group(assignment: Assignment) -> dict[str, list[Literal]]:
    """The literals of an assignment, apart."""
    groups: dict[str, list[Literal]] = defaultdict(list)
    for atom, wanted in assignment.items():
        groups[group_of(atom)].append((atom, wanted))
    return groups


def taste_of(action: str, form: str, scene: Scene) -> Taste:
    """What a resource of this action likely is."""
    account, region = scene.own_account, scene.region
    service = action.partition(":")[0].lower()
    parts = (
        "arn",
        "aws",
        service,
        "" if service in ("s3", "iam") else region,
        "" if service == "s3" else account,
        "other",
    )
    if not form:
        return Taste(("*",), parts)
    whole = form.replace("${Partition}", "aws").replace("${Region}", region).replace("${Account}", account)
    head, *names = whole.split("${")
    return Taste((head + "".join("other" + name.partition("}")[2] for name in names),), parts)
