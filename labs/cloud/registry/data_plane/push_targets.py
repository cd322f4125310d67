"""The repository that a push goes to: it is there, or a creation template makes it at the first call that writes."""

from typing import Any

from labs.cloud.registry.data_plane.gate import Visit
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.call_actions import CREATE_REPOSITORY
from labs.cloud.registry.rules.creation_templates import CREATE_ON_PUSH, CreationTemplate, template_for
from labs.cloud.registry.rules.registry_errors import EcrError, Fault
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.repositories import Repository


class PushTargets:
    """``prepare`` comes before the decisions about a push, ``find`` after them."""

    def __init__(self, store: EcrStore) -> None:
        self._store = store

    def prepare(self, visit: Visit, name: str) -> None:
        """Make a repository that is missing, if a template for create on push fits its name. Raises Denied.

        The pusher needs ecr:CreateRepository (ECR User Guide, repository-creation-templates). The repository is made
        before the push itself is decided: a push that is refused leaves an empty one [field,
        aws/containers-roadmap#853].
        """
        if spelling.is_public(name) or self._store.repositories.get(name) is not None:
            return
        template = template_for(name, CREATE_ON_PUSH, self._store.templates.all())
        if template is None:
            return
        visit.require((CREATE_REPOSITORY,), name)
        try:
            self._store.repositories.create(name, **_columns(template))
        except EcrError as error:
            # Another connection of the same push was quicker.
            if error.fault is not Fault.REPOSITORY_EXISTS:
                raise
            return
        if template.settings.get("lifecyclePolicy"):
            self._store.lifecycles.put(name, template.settings["lifecyclePolicy"])

    def find(self, name: str) -> Repository:
        """The repository; the mirror of ECR Public makes its own at the first push. EcrError REPOSITORY_MISSING."""
        if spelling.is_public(name):
            return self._store.repositories.public(name)
        return self._store.repositories.find(name)


def _columns(template: CreationTemplate) -> dict[str, Any]:
    settings = template.settings
    filters = settings.get("imageTagMutabilityExclusionFilters") or ()
    return {
        "mutability": settings["imageTagMutability"],
        "exclusions": [each["filter"] for each in filters],
        "encryption": settings["encryptionConfiguration"],
        "tags": {each["Key"]: each["Value"] for each in settings.get("resourceTags") or ()},
        "policy": settings.get("repositoryPolicy") or None,
    }
