"""The ECR API's operations on repositories, their policies and tags, and on the registry itself."""

from collections.abc import Callable, Mapping
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry.api.ecr_parameters import PAGE_FORM
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import (
    EcrError,
    Fault,
    invalid_parameter,
    repository_missing,
    said,
)
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.repositories import Repository

Parameters = dict[str, Any]
Answer = dict[str, Any]

# The key ARN of a key's id, ARN or alias; "" for one that is not there or not enabled.
KeyArn = Callable[[str], str]
_DEFAULT_KEY = "alias/aws/ecr"


class RepositoryOperations:
    """Each public method is one operation: decoded parameters in, the JSON answer out."""

    def __init__(self, store: EcrStore, registry_host: Callable[[], str], pages: Pages, key_arn: KeyArn) -> None:
        self._store = store
        self._key_arn = key_arn
        self._pages = pages
        self._host = registry_host

    def repository(self, parameters: Parameters) -> Repository:
        """The private repository that the parameters name; REPOSITORY_MISSING also for another registry's."""
        name, registry = parameters["repositoryName"], parameters.get("registryId") or self._store.account
        if registry != self._store.account or spelling.is_public(name):
            raise repository_missing(name, registry)
        return self._store.repositories.find(name)

    def create_repository(self, caller: Caller, parameters: Parameters) -> Answer:
        """CreateRepository."""
        mutability, exclusions = mutability_of(parameters)
        created = self._store.repositories.create(
            parameters["repositoryName"],
            mutability=mutability,
            exclusions=exclusions,
            scan_on_push=bool((parameters.get("imageScanningConfiguration") or {}).get("scanOnPush")),
            encryption=self._encryption(parameters.get("encryptionConfiguration") or {}),
            tags=_tag_map(parameters.get("tags") or []),
        )
        return {"repository": self._described(created)}

    def _encryption(self, given: Answer) -> Answer:
        """How a repository is encrypted, with the key's ARN; AWS's own key where none is given."""
        kind, key = given.get("encryptionType") or "AES256", given.get("kmsKey")
        if kind == "AES256":
            if key:
                words = "is only for the encryption types KMS and KMS_DSSE (simulated wording)"
                raise invalid_parameter("encryptionConfiguration.kmsKey", words)
            return {"encryptionType": kind}
        arn = self._key_arn(key or _DEFAULT_KEY)
        if not arn:
            words = f"The operation failed due to a KMS exception: '{key}' is no enabled key here (simulated wording)"
            raise EcrError(Fault.KMS, words)
        return {"encryptionType": kind, "kmsKey": arn}

    def delete_repository(self, caller: Caller, parameters: Parameters) -> Answer:
        """DeleteRepository; with ``force`` its images go too."""
        name = self.repository(parameters).name
        deleted = self._store.repositories.delete(name, bool(parameters.get("force")))
        described = self._described(deleted)
        shown = ("repositoryArn", "registryId", "repositoryName", "repositoryUri", "createdAt", "imageTagMutability")
        return {"repository": {key: described[key] for key in shown}}

    def describe_repositories(self, caller: Caller, parameters: Parameters) -> Answer:
        """DescribeRepositories: the named ones, or all by name, a page at a time."""
        registry = parameters.get("registryId") or self._store.account
        wanted = parameters.get("repositoryNames")
        if wanted:
            found = [self.repository({"repositoryName": name, "registryId": registry}) for name in wanted]
            return {"repositories": [self._described(repository) for repository in found]}
        everything = self._store.repositories.page("", -1) if registry == self._store.account else []
        shown, following = self._pages.page(
            PAGE_FORM, "DescribeRepositories", parameters, everything, lambda repository: [repository.name]
        )
        return {"repositories": [self._described(repository) for repository in shown], **following}

    def put_image_tag_mutability(self, caller: Caller, parameters: Parameters) -> Answer:
        """PutImageTagMutability."""
        name = self.repository(parameters).name
        mutability, exclusions = mutability_of(parameters)
        changed = self._store.repositories.update(name, mutability=mutability, exclusions=exclusions)
        answer = {**self._named(name), "imageTagMutability": changed.mutability}
        return {**answer, **_filters(changed)}

    def put_image_scanning_configuration(self, caller: Caller, parameters: Parameters) -> Answer:
        """PutImageScanningConfiguration: stored. Nothing is scanned here, and each image says so."""
        name = self.repository(parameters).name
        scan = bool(parameters["imageScanningConfiguration"].get("scanOnPush"))
        self._store.repositories.update(name, scan_on_push=int(scan))
        return {**self._named(name), "imageScanningConfiguration": {"scanOnPush": scan}}

    def tag_resource(self, caller: Caller, parameters: Parameters) -> Answer:
        """TagResource."""
        self._store.repositories.retag(self._tagged(parameters), _tag_map(parameters["tags"]))
        return {}

    def untag_resource(self, caller: Caller, parameters: Parameters) -> Answer:
        """UntagResource."""
        self._store.repositories.retag(self._tagged(parameters), {}, parameters["tagKeys"])
        return {}

    def list_tags_for_resource(self, caller: Caller, parameters: Parameters) -> Answer:
        """ListTagsForResource."""
        tags = self._store.repositories.find(self._tagged(parameters)).tags
        return {"tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def describe_registry(self, caller: Caller, parameters: Parameters) -> Answer:
        """DescribeRegistry: nothing is replicated here."""
        return {"registryId": self._store.account, "replicationConfiguration": {"rules": []}}

    def _tagged(self, parameters: Parameters) -> str:
        name = self._store.repository_name(parameters["resourceArn"])
        if not spelling.is_repository(name):
            raise invalid_parameter("resourceArn", "Invalid ARN")
        return name

    def _named(self, name: str) -> Answer:
        return {"registryId": self._store.account, "repositoryName": name}

    def _described(self, repository: Repository) -> Answer:
        return {
            "repositoryArn": self._store.arn(repository.name),
            **self._named(repository.name),
            "repositoryUri": f"{self._host()}/{repository.name}",
            "createdAt": repository.created.timestamp(),
            "imageTagMutability": repository.mutability,
            **_filters(repository),
            "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
            "encryptionConfiguration": dict(repository.encryption),
        }


_WITH_EXCLUSION = ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION")


def mutability_of(parameters: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The mutability and the filters that a call gives; EcrError when they do not fit."""
    mutability = parameters.get("imageTagMutability") or "MUTABLE"
    filters = [item["filter"] for item in parameters.get("imageTagMutabilityExclusionFilters") or []]
    if bool(filters) != (mutability in _WITH_EXCLUSION):
        words = said("repository.exclusions", mutability=mutability)
        raise invalid_parameter("imageTagMutabilityExclusionFilters", words)
    return mutability, filters


def _filters(repository: Repository) -> Answer:
    if not repository.exclusions:
        return {}
    filters = [{"filterType": "WILDCARD", "filter": pattern} for pattern in repository.exclusions]
    return {"imageTagMutabilityExclusionFilters": filters}


def _tag_map(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
