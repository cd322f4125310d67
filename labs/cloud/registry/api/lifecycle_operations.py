"""The ECR API's operations on lifecycle policies and their previews."""

from collections.abc import Callable, Mapping
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry.api.ecr_parameters import PAGE_FORM
from labs.cloud.registry.rules.lifecycle import read_lifecycle
from labs.cloud.registry.rules.registry_errors import Fault, refused
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.repositories import Repository

Parameters = dict[str, Any]
Answer = dict[str, Any]
Find = Callable[[Parameters], Repository]


class LifecycleOperations:
    """Each public method is one operation: decoded parameters in, the JSON answer out."""

    def __init__(self, store: EcrStore, find: Find, pages: Pages) -> None:
        self._store = store
        self._pages = pages
        self._repository = find

    def put_lifecycle_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """PutLifecyclePolicy: what it expires goes a minute after the last push."""
        name, text = self._repository(parameters).name, parameters["lifecyclePolicyText"]
        read_lifecycle(text)
        self._store.lifecycles.put(name, text)
        return {**self._named(name), "lifecyclePolicyText": text}

    def get_lifecycle_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """GetLifecyclePolicy. Never evaluated is 1970, as on AWS [field]."""
        repository = self._repository(parameters)
        return {
            **self._named(repository.name),
            "lifecyclePolicyText": self._policy(repository),
            "lastEvaluatedAt": self._store.lifecycles.evaluated(repository),
        }

    def delete_lifecycle_policy(self, caller: Caller, parameters: Parameters) -> Answer:
        """DeleteLifecyclePolicy."""
        answer = self.get_lifecycle_policy(caller, parameters)
        self._store.lifecycles.put(parameters["repositoryName"], None)
        return answer

    def start_lifecycle_policy_preview(self, caller: Caller, parameters: Parameters) -> Answer:
        """StartLifecyclePolicyPreview, of the given policy or the repository's own. It is done at once."""
        repository = self._repository(parameters)
        text = parameters.get("lifecyclePolicyText") or self._policy(repository)
        self._store.lifecycles.make_preview(repository, text)
        return {**self._named(repository.name), "lifecyclePolicyText": text, "status": "IN_PROGRESS"}

    def get_lifecycle_policy_preview(self, caller: Caller, parameters: Parameters) -> Answer:
        """GetLifecyclePolicyPreview: what the last preview found, a page at a time, or of the wanted images."""
        repository = self._repository(parameters)
        preview = self._store.lifecycles.preview(repository)
        if preview is None:
            raise refused(Fault.PREVIEW_MISSING, "lifecycle.no_preview")
        status = (parameters.get("filter") or {}).get("tagStatus") or "ANY"
        found = [
            {**each, "order": number}
            for number, each in enumerate(preview.results)
            if (status == "ANY" or bool(each.get("imageTags")) == (status == "TAGGED"))
            and _is_wanted(each, parameters.get("imageIds") or [])
        ]
        shown, following = self._pages.page(
            PAGE_FORM, "GetLifecyclePolicyPreview", parameters, found, lambda each: [each["order"]]
        )
        return {
            **self._named(repository.name),
            "lifecyclePolicyText": preview.text,
            "status": "COMPLETE",
            "previewResults": [{name: each[name] for name in each if name != "order"} for each in shown],
            "summary": {"expiringImageTotalCount": len(preview.results)},
            **following,
        }

    def _policy(self, repository: Repository) -> str:
        if repository.lifecycle is None:
            where = {"name": repository.name, "registry": self._store.account}
            raise refused(Fault.LIFECYCLE_POLICY_MISSING, "repository.no_lifecycle", **where)
        return repository.lifecycle

    def _named(self, name: str) -> Answer:
        return {"registryId": self._store.account, "repositoryName": name}


def _is_wanted(result: Mapping[str, Any], wanted: list[Answer]) -> bool:
    return not wanted or any(
        each.get("imageDigest") in (None, result["imageDigest"])
        and each.get("imageTag") in (None, *result.get("imageTags", ()))
        for each in wanted
    )
