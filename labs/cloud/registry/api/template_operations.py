"""The ECR API's operations on repository creation templates."""

from collections.abc import Mapping
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry.api.ecr_parameters import PAGE_FORM
from labs.cloud.registry.api.repository_operations import mutability_of
from labs.cloud.registry.rules.creation_templates import CreationTemplate
from labs.cloud.registry.rules.lifecycle import read_lifecycle
from labs.cloud.registry.rules.policies import Exists, check_repository_policy
from labs.cloud.registry.rules.registry_errors import invalid_parameter
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.templates import bare

Parameters = dict[str, Any]
Answer = dict[str, Any]

# API reference, CreateRepositoryCreationTemplate: what is in force where nothing is given.
_DEFAULTS: Mapping[str, Any] = {
    "encryptionConfiguration": {"encryptionType": "AES256"},
    "imageTagMutability": "MUTABLE",
}
_MOST = 1000


class TemplateOperations:
    """Each public method is one operation: decoded parameters in, the JSON answer out.

    ``exists`` knows the principals that a policy may name.
    """

    def __init__(self, store: EcrStore, pages: Pages, exists: Exists) -> None:
        self._store = store
        self._pages = pages
        self._exists = exists

    def create_repository_creation_template(self, caller: Caller, parameters: Parameters) -> Answer:
        """CreateRepositoryCreationTemplate."""
        settings = self._checked({**_DEFAULTS, **_settings(parameters)})
        return self._answer(self._store.templates.create(parameters["prefix"], settings))

    def update_repository_creation_template(self, caller: Caller, parameters: Parameters) -> Answer:
        """UpdateRepositoryCreationTemplate: what is given takes the place of what was."""
        before = self._store.templates.find(parameters["prefix"])
        settings = self._checked({**before.settings, **_settings(parameters)})
        return self._answer(self._store.templates.update(parameters["prefix"], settings))

    def delete_repository_creation_template(self, caller: Caller, parameters: Parameters) -> Answer:
        """DeleteRepositoryCreationTemplate."""
        return self._answer(self._store.templates.delete(parameters["prefix"]))

    def describe_repository_creation_templates(self, caller: Caller, parameters: Parameters) -> Answer:
        """DescribeRepositoryCreationTemplates: the named ones that are there, or all, a page at a time."""
        wanted = {bare(each) for each in parameters.get("prefixes") or ()}
        found = [each for each in self._store.templates.all() if not wanted or each.prefix in wanted]
        shown, following = self._pages.page(
            PAGE_FORM,
            "DescribeRepositoryCreationTemplates",
            parameters,
            found,
            lambda template: [template.prefix],
            most=_MOST,
        )
        described = [_described(each) for each in shown]
        return {"registryId": self._store.account, "repositoryCreationTemplates": described, **following}

    def _checked(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        mutability_of(settings)
        if not settings.get("appliedFor"):
            raise invalid_parameter("appliedFor", "must name at least one scenario (simulated wording)")
        if settings.get("repositoryPolicy"):
            check_repository_policy(settings["repositoryPolicy"], self._exists)
        if settings.get("lifecyclePolicy"):
            read_lifecycle(settings["lifecyclePolicy"])
        return settings

    def _answer(self, template: CreationTemplate) -> Answer:
        return {"registryId": self._store.account, "repositoryCreationTemplate": _described(template)}


def _settings(parameters: Parameters) -> Mapping[str, Any]:
    given = {key: value for key, value in parameters.items() if key != "prefix" and value is not None}
    # Each scenario once, in the order given.
    return given | ({"appliedFor": list(dict.fromkeys(given["appliedFor"]))} if "appliedFor" in given else {})


def _described(template: CreationTemplate) -> Answer:
    times = {"createdAt": template.created, "updatedAt": template.updated}
    return {"prefix": template.prefix, **template.settings, **times}
