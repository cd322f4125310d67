"""``analyse``, ``excess`` and ``lacking``: what policies may ever allow, and how that differs from what is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from labs.iam.analysis import everyone
from labs.iam.analysis.answers import Access, Lack, Wanted
from labs.iam.analysis.comparison import Comparison
from labs.iam.analysis.lacks import Lacks
from labs.iam.analysis.request_keys import Scene
from labs.iam.analysis.wishes import policies_of
from labs.iam.decision import Policies


def analyse(policies: Policies, scene: Scene | None = None) -> tuple[Access, ...]:
    """Everything that policies may allow, by statement and class of actions; ``()``: certainly nothing."""
    return excess(policies, (), scene)


def excess(policies: Policies, wanted: Policies | Sequence[Wanted], scene: Scene | None = None) -> tuple[Access, ...]:
    """Access that policies give, or may give, beyond what is wanted; ``()``: certainly none.

    ``wanted``: a list of what may be, or other policies. One entry for each statement and each class of actions; one
    without a witness means that it is not known whether there is such access. Policies that are a resource's or an
    endpoint's alone are judged for every caller: ``witness.principal`` says who. Raises MalformedPolicy for a
    ``Wanted`` that no policy could say.
    """
    scene, less = scene or Scene(), policies_of(wanted, policies)
    if everyone.is_asked(policies, scene):
        return tuple(everyone.beyond(policies, less, scene))
    return tuple(Comparison(policies, less, scene).beyond())


def lacking(policies: Policies, wanted: Policies | Sequence[Wanted], scene: Scene | None = None) -> tuple[Lack, ...]:
    """What is wanted and is missing, for certain or unless conditions hold; ``()``: certainly nothing.

    Raises MalformedPolicy for a ``Wanted`` that no policy could say.
    """
    scene, asked = scene or Scene(), policies_of(wanted, policies)
    if everyone.is_asked(policies, scene):
        return tuple(everyone.short(policies, asked, scene))
    return tuple(Lacks(policies, asked, scene).found())
