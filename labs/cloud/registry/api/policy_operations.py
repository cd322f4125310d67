"""The ECR API's operations on the policies of repositories and of the registry, and on the registry's settings."""

from collections.abc import Callable
from typing import Any

from labs.cloud.contract import Access, Caller
from labs.cloud.registry.rules.policies import (
    Exists,
    check_registry_policy,
    check_repository_policy,
    locks_out,
)
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, refused
from labs.cloud.registry.store.registry_store import POLICY_SCOPE, REGISTRY_POLICY, EcrStore
from labs.cloud.registry.store.repositories import Repository

Parameters = dict[str, Any]
Answer = dict[str, Any]
Find = Callable[[Parameters], Repository]

# The first value is the one in force until another is put (API reference, PutAccountSetting). For the scope the
# reference has V2 alone; V1 is what a registry had before [doc, User Guide].
_SETTINGS = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    POLICY_SCOPE: ("V2", "V1"),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
}


class PolicyOperations:
    """Each public method is one operation: decoded parameters in, the JSON answer out."""

    def __init__(self, store: EcrStore, find: Find, access: Access, exists: Exists) -> None:
        self._store = store
        self._repository = find
        self._access = access
        self._exists = exists

    def set_repository_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """SetRepositoryPolicy; ``force`` for a policy that keeps its author from setting another one."""
        repository, text = self._repository(parameters), parameters["policyText"]
        check_repository_policy(text, self._exists)
        if not parameters.get("force"):
            self._refuse_a_lock_out(caller, repository, text)
        self._store.set_policy(repository.name, text)
        return {**self._named(repository.name), "policyText": text}

    def get_repository_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """GetRepositoryPolicy."""
        repository = self._repository(parameters)
        if repository.policy is None:
            where = {"name": repository.name, "registry": self._store.account}
            raise refused(Fault.REPOSITORY_POLICY_MISSING, "repository.no_policy", **where)
        return {**self._named(repository.name), "policyText": self._store.policy_text(repository)}

    def delete_repository_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """DeleteRepositoryPolicy."""
        answer = self.get_repository_policy(caller, parameters)
        self._store.repositories.update(parameters["repositoryName"], policy=None)
        return answer

    def put_registry_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """PutRegistryPolicy: under the scope V2 it takes part in the decision of every call on a repository."""
        text = parameters["policyText"]
        check_registry_policy(text, self._exists, self._setting(POLICY_SCOPE))
        self._store.set_setting(REGISTRY_POLICY, text)
        return {"registryId": self._store.account, "policyText": text}

    def get_registry_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """GetRegistryPolicy."""
        text = self._store.setting(REGISTRY_POLICY)
        if not text:
            raise refused(Fault.REGISTRY_POLICY_MISSING, "registry.no_policy", registry=self._store.account)
        return {"registryId": self._store.account, "policyText": text}

    def delete_registry_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """DeleteRegistryPolicy."""
        answer = self.get_registry_policy(caller, parameters)
        self._store.set_setting(REGISTRY_POLICY, None)
        return answer

    def put_account_setting(self, caller: Caller, parameters: Parameters) -> Answer:
        """PutAccountSetting: BLOB_MOUNTING and REGISTRY_POLICY_SCOPE are obeyed, the scan's version is stored."""
        name, value = parameters["name"], parameters["value"]
        if value not in _values(name):
            raise EcrError(Fault.VALIDATION, f"'{value[:64]}' is not a value of {name} (simulated wording)")
        text = self._store.setting(REGISTRY_POLICY)
        if (name, value) == (POLICY_SCOPE, "V1") and text:
            check_registry_policy(text, lambda _: True, "V1")
        self._store.set_setting(name, value)
        return {"name": name, "value": value}

    def get_account_setting(self, caller: Caller, parameters: Parameters) -> Answer:
        """GetAccountSetting."""
        return {"name": parameters["name"], "value": self._setting(parameters["name"])}

    def _setting(self, name: str) -> str:
        return self._store.setting(name, _values(name)[0])

    def _refuse_a_lock_out(self, caller: Caller, repository: Repository, text: str) -> None:
        decision = self._access.decide(
            caller,
            "ecr:SetRepositoryPolicy",
            self._store.arn(repository.name),
            repository.tag_context,
            self._store.policy_with(text, repository.name),
        )
        if not decision.allowed:
            raise locks_out()

    def _named(self, name: str) -> Answer:
        return {"registryId": self._store.account, "repositoryName": name}


def _values(name: str) -> tuple[str, ...]:
    if name not in _SETTINGS:
        raise EcrError(Fault.VALIDATION, f"'{name}' is not an account setting served here (simulated wording)")
    return _SETTINGS[name]
