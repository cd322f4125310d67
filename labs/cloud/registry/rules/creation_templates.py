"""Repository creation templates: what a repository gets that ECR makes by itself, and for which names.

Sources: ECR API reference, RepositoryCreationTemplate ("There is always an assumed / applied to the end of the
prefix"; ROOT is for "all repositories in your registry that don't have an associated creation template"); ECR User
Guide, repository-creation-templates (create on push, since 2025-12-19). That the longest of several prefixes wins is
[inferred] from ROOT's place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ROOT = "ROOT"
CREATE_ON_PUSH = "CREATE_ON_PUSH"


@dataclass(frozen=True)
class CreationTemplate:
    """One template. ``prefix`` has no slash at its end; ``settings`` are the API's members beside it, as given.

    ``created`` and ``updated`` in seconds since 1970.
    """

    prefix: str
    created: float
    updated: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, name: str) -> bool:
        """Whether a repository of that name is below the prefix."""
        return self.prefix == ROOT or name.startswith(f"{self.prefix}/")

    def is_for(self, scenario: str) -> bool:
        """Whether it holds for that way of making a repository: one of RCTAppliedFor."""
        return scenario in self.settings.get("appliedFor", ())


def template_for(name: str, scenario: str, templates: Iterable[CreationTemplate]) -> CreationTemplate | None:
    """The template of a new repository, the one with the longest prefix; None when there is none for it."""
    fitting = [each for each in templates if each.is_for(scenario) and each.fits(name)]
    return max(fitting, key=lambda each: 0 if each.prefix == ROOT else len(each.prefix), default=None)
