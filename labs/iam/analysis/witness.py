"""From an assignment of literals to a concrete request that meets it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from labs.iam.analysis import catalogue, key_values, languages
from labs.iam.analysis.automata import Undecided
from labs.iam.analysis.budget import Budget
from labs.iam.analysis.callers import called
from labs.iam.analysis.languages import NO_TASTE
from labs.iam.analysis.request_keys import Scene
from labs.iam.analysis.rights import ConditionAtom, Literal, filled
from labs.iam.analysis.search import RESOURCE, Assignment, by_group, resource_languages, taste_of
from labs.iam.decision import Principal, Request
from labs.iam.match import Wildcard, tokens_of
from labs.iam.variables import Context, Template, Variable, has_variable, names_in

# So many combinations of variables' values are tried.
_TRIES = 64


def requests(assignment: Assignment, action: str, scene: Scene, budget: Budget) -> Iterator[Request]:
    """Requests that may meet an assignment, to be verified; none when no values are found. Raises Exhausted."""
    groups = by_group(assignment)
    names = _written_keys(groups)
    for values in _choices(groups, scene, budget):
        budget.spend(1 + len(assignment))
        try:
            context = _context(groups, values, scene, budget)
            if context is None:
                continue
            resource = _resource(groups.get(RESOURCE, []), context, action, scene, budget)
        except Undecided:
            continue
        if resource is not None:
            shown = {names.get(key, key): list(v) if len(v) > 1 else v[0] for key, v in context.items() if v}
            yield from _of_caller(Request(scene.asker, action, resource, shown, scene.owner), scene)


def _of_caller(request: Request, scene: Scene) -> Iterator[Request]:
    """The request, of the very caller whom its keys describe where nobody is given: nobody has another's ARN."""
    if scene.principal is not None:
        yield request
        return
    keys = {key.lower(): value for key, value in request.context.items()}
    arn, account = keys.get("aws:principalarn"), keys.get("aws:principalaccount")
    caller = called(arn) if isinstance(arn, str) else None
    if scene.someone is None:
        # The holder of an identity policy: whoever it is, the policy says the same.
        if caller is not None and caller.account:
            yield replace(request, principal=caller)
        yield request
    elif arn is None:
        yield replace(request, principal=_namesake(request.principal, account if isinstance(account, str) else ""))
    elif caller is not None and account in (None, caller.account):
        yield replace(request, principal=caller)


def _namesake(principal: Principal, account: str) -> Principal:
    """Who is called the same in another account; the same where none is asked for."""
    if account in ("", principal.account):
        return principal
    return replace(principal, arn=principal.arn.replace(f":{principal.account}:", f":{account}:"), account=account)


def _written_keys(groups: Mapping[str, Sequence[Literal]]) -> dict[str, str]:
    """Key names in lower case -> as the policies write them."""
    names: dict[str, str] = {}
    for literals in groups.values():
        for atom, _ in literals:
            if isinstance(atom, ConditionAtom):
                names.setdefault(atom.key, atom.condition.key)
            texts = atom.values if isinstance(atom, ConditionAtom) else atom.written
            if atom.variables:
                names |= {name.lower(): name for text in texts for name in names_in(text) if name.lower() not in names}
    return names


def _variables(groups: Mapping[str, Sequence[Literal]]) -> dict[str, set[str | None]]:
    """The keys that variables stand for, with their defaults."""
    found: dict[str, set[str | None]] = {}
    for token in itertools.chain.from_iterable(_templates(groups)):
        if isinstance(token, Variable):
            found.setdefault(token.key, set()).add(token.default)
    return found


def _templates(groups: Mapping[str, Sequence[Literal]]) -> Iterator[Template]:
    """Every pattern and value of the literals."""
    for literals in groups.values():
        for atom, _ in literals:
            if isinstance(atom, ConditionAtom):
                yield from atom.condition.templates
            else:
                yield from (each.template for each in atom.language.patterns)


def _choices(
    groups: Mapping[str, Sequence[Literal]], scene: Scene, budget: Budget
) -> Iterator[dict[str, tuple[str, ...]]]:
    """Values of the variables' keys: what the conditions on them ask, likely ones, defaults, none."""
    listed: list[list[tuple[str, tuple[str, ...]]]] = []
    fitting = _fitting(groups)
    for key, defaults in _variables(groups).items():
        facts = scene.facts(key)
        options: dict[tuple[str, ...], None] = {}
        if facts.fixed is not None:
            options[facts.fixed] = None
        else:
            own = _conditions(groups.get(key_values.group_of(key), []), {})
            for present in (True, False):
                try:
                    solved = key_values.solve(key_values.group_of(key), own, scene, present, budget)
                except Undecided:
                    continue
                if solved is not None:
                    options[solved[key]] = None
            options |= {(text,): None for text in fitting.get(key, ())}
            options[(facts.likely,)] = None
            options[("x",)] = None
            options |= {(default,): None for default in defaults if default is not None}
            if facts.optional:
                options[()] = None
        listed.append([(key, option) for option in options])
    for combination in itertools.islice(itertools.product(*listed), _TRIES):
        yield dict(combination)


def _fitting(groups: Mapping[str, Sequence[Literal]]) -> dict[str, list[str]]:
    """Values of variables that make a pattern the same as a likely text of another."""
    templates = list(_templates(groups))
    closed = (each for each in templates if not has_variable(each))
    texts = dict.fromkeys(text for each in closed for text in NO_TASTE.of(each))
    found: dict[str, list[str]] = {}
    for template in templates:
        places = [place for place, token in enumerate(template) if isinstance(token, Variable)]
        wild = any(isinstance(token, Wildcard) for token in template)
        if len(places) != 1 or wild:
            continue
        variable = template[places[0]]
        before = "".join(map(str, template[: places[0]]))
        after = "".join(map(str, template[places[0] + 1 :]))
        for text in texts:
            if text.startswith(before) and text.endswith(after) and len(text) >= len(before) + len(after):
                found.setdefault(getattr(variable, "key", ""), []).append(text[len(before) : len(text) - len(after)])
    return found


def _conditions(literals: Sequence[Literal], context: Context) -> frozenset[key_values.Literal]:
    """The conditions, their variables filled in as far as they have values."""
    found = set()
    for atom, wanted in literals:
        if isinstance(atom, ConditionAtom):
            condition = atom.condition
            found.add((filled(condition, context) if condition.open else condition, wanted))
    return frozenset(found)


def _context(
    groups: Mapping[str, Sequence[Literal]], given: Mapping[str, tuple[str, ...]], scene: Scene, budget: Budget
) -> dict[str, tuple[str, ...]] | None:
    context = dict(given)
    for group, literals in groups.items():
        if group == RESOURCE:
            continue
        conditions = _conditions(literals, given)
        if group in given:
            values = {group: given[group]}
            present = {group: given[group]} if given[group] else {}
            if not all(c.open or c.holds(present) is wanted for c, wanted in conditions):
                return None
        else:
            solved = key_values.solve(group, conditions, scene, budget=budget)
            if solved is None:
                return None
            values = solved
        asked = {atom.key for atom, _ in literals if isinstance(atom, ConditionAtom)}
        context |= {key: value for key, value in values.items() if key in asked}
    return context


def _resource(literals: Sequence[Literal], context: Context, action: str, scene: Scene, budget: Budget) -> str | None:
    taste = taste_of(action, catalogue.form_of(action), scene)
    if not literals and scene.resource:
        return scene.resource
    inside, outside = resource_languages(literals)
    inside = [each.filled(context) for each in inside]
    outside = [each.filled(context) for each in outside]
    if scene.resource:
        inside.append(languages.Language((languages.Pattern(scene.resource, tokens_of(scene.resource)),)))
    return languages.find(inside, outside, taste, budget)
