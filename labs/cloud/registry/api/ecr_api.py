"""The ECR API: one operation in, its answer or its exception out. Who may call was decided before."""

import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from labs.cloud.contract import Access, AwsError, Caller
from labs.cloud.protocols.paging import Pages
from labs.cloud.protocols.services import is_removal
from labs.cloud.registry.api.ecr_parameters import check_parameters
from labs.cloud.registry.api.image_operations import ImageOperations
from labs.cloud.registry.api.layer_operations import LayerOperations
from labs.cloud.registry.api.lifecycle_operations import LifecycleOperations
from labs.cloud.registry.api.policy_operations import PolicyOperations
from labs.cloud.registry.api.repository_operations import KeyArn, RepositoryOperations
from labs.cloud.registry.api.template_operations import TemplateOperations
from labs.cloud.registry.rules.policies import Exists
from labs.cloud.registry.rules.registry_errors import EcrError, Fault
from labs.cloud.registry.store.registry_store import EcrStore

Operation = Callable[[Caller, dict[str, Any]], dict[str, Any]]


class EcrApi:
    """The operations of ``AmazonEC2ContainerRegistry_V20150921`` that are served.

    ``registry_host`` returns ``host:port`` as clients write it: it is in repositoryUri, proxyEndpoint and
    download URLs. ``exists`` knows the principals that a policy may name, ``key_arn`` the keys of KMS. Authorisation
    and the trail are the gateway's; ``access`` says whether a policy would lock its author out.
    """

    def __init__(
        self,
        store: EcrStore,
        *,
        registry_host: Callable[[], str],
        pages: Pages,
        access: Access,
        exists: Exists,
        key_arn: KeyArn,
    ) -> None:
        self._store = store
        self._host = registry_host
        repositories = RepositoryOperations(store, registry_host, pages, key_arn)
        policies = PolicyOperations(store, repositories.repository, access, exists)
        images = ImageOperations(store, repositories.repository, pages)
        lifecycles = LifecycleOperations(store, repositories.repository, pages)
        templates = TemplateOperations(store, pages, exists)
        layers = LayerOperations(store, repositories.repository, registry_host)
        self._operations: dict[str, Operation] = {
            "GetAuthorizationToken": self._get_authorization_token,
            "CreateRepository": repositories.create_repository,
            "DeleteRepository": repositories.delete_repository,
            "DescribeRepositories": repositories.describe_repositories,
            "PutImageTagMutability": repositories.put_image_tag_mutability,
            "PutImageScanningConfiguration": repositories.put_image_scanning_configuration,
            "SetRepositoryPolicy": policies.set_repository_policy,
            "GetRepositoryPolicy": policies.get_repository_policy,
            "DeleteRepositoryPolicy": policies.delete_repository_policy,
            "PutLifecyclePolicy": lifecycles.put_lifecycle_policy,
            "GetLifecyclePolicy": lifecycles.get_lifecycle_policy,
            "DeleteLifecyclePolicy": lifecycles.delete_lifecycle_policy,
            "StartLifecyclePolicyPreview": lifecycles.start_lifecycle_policy_preview,
            "GetLifecyclePolicyPreview": lifecycles.get_lifecycle_policy_preview,
            "TagResource": repositories.tag_resource,
            "UntagResource": repositories.untag_resource,
            "ListTagsForResource": repositories.list_tags_for_resource,
            "CreateRepositoryCreationTemplate": templates.create_repository_creation_template,
            "UpdateRepositoryCreationTemplate": templates.update_repository_creation_template,
            "DeleteRepositoryCreationTemplate": templates.delete_repository_creation_template,
            "DescribeRepositoryCreationTemplates": templates.describe_repository_creation_templates,
            "DescribeRegistry": repositories.describe_registry,
            "PutRegistryPolicy": policies.put_registry_policy,
            "GetRegistryPolicy": policies.get_registry_policy,
            "DeleteRegistryPolicy": policies.delete_registry_policy,
            "PutAccountSetting": policies.put_account_setting,
            "GetAccountSetting": policies.get_account_setting,
            "PutImage": images.put_image,
            "BatchGetImage": images.batch_get_image,
            "BatchDeleteImage": images.batch_delete_image,
            "ListImages": images.list_images,
            "DescribeImages": images.describe_images,
            "DescribeImageScanFindings": images.describe_image_scan_findings,
            "ListImageReferrers": images.list_image_referrers,
            "BatchCheckLayerAvailability": layers.batch_check_layer_availability,
            "InitiateLayerUpload": layers.initiate_layer_upload,
            "UploadLayerPart": layers.upload_layer_part,
            "CompleteLayerUpload": layers.complete_layer_upload,
            "GetDownloadUrlForLayer": layers.get_download_url_for_layer,
        }

    @property
    def operations(self) -> frozenset[str]:
        """The names of the operations that are served."""
        return frozenset(self._operations)

    def call(self, caller: Caller, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Answer one call.

        ``params`` is the decoded JSON body (a blob is base64 text); the answer is plain JSON values in the
        shape of botocore's output (a timestamp is seconds since 1970). Raises AwsError with ECR's codes.
        """
        handler = self._operations.get(operation)
        if handler is None:
            words = f"The local AWS does not serve ecr:{operation[:128]} (simulated wording)"
            raise AwsError("UnknownOperationException", words)
        try:
            check_parameters(operation, params)
            with self._store.room.freeing() if is_removal(operation) else nullcontext():
                return handler(caller, params)
        except EcrError as error:
            raise error.as_aws() from error
        except (OSError, sqlite3.OperationalError) as error:
            words = f"The local AWS cannot use its state folder: {error} (simulated wording)"
            raise EcrError(Fault.STORAGE, words).as_aws() from error

    def _get_authorization_token(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """GetAuthorizationToken: the token opens this registry, whatever ``registryIds`` says."""
        token = self._store.tokens.issue(caller)
        data = {
            "authorizationToken": token.authorization,
            "expiresAt": token.expires.timestamp(),
            "proxyEndpoint": f"http://{self._host()}",
        }
        return {"authorizationData": [data]}
