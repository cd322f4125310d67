"""What the registry refuses, once for both of its faces: the ECR API's exception and the ``/v2/`` error code.

The ECR codes are those of the service model (botocore ``ecr/2015-09-21``); the ``/v2/`` codes and
statuses those of the OCI distribution specification 1.1 ("Error Codes") as ECR uses them.
"""

from enum import Enum

from labs.aws_texts import texts
from labs.cloud.contract import AwsError


class Fault(Enum):
    """One reason to refuse: (ECR exception, ``/v2/`` code, ``/v2/`` status)."""

    REPOSITORY_MISSING = ("RepositoryNotFoundException", "NAME_UNKNOWN", 404)
    REPOSITORY_EXISTS = ("RepositoryAlreadyExistsException", "NAME_INVALID", 400)
    REPOSITORY_NOT_EMPTY = ("RepositoryNotEmptyException", "UNSUPPORTED", 405)
    NAME_INVALID = ("InvalidParameterException", "NAME_INVALID", 400)
    PARAMETER_INVALID = ("InvalidParameterException", "UNSUPPORTED", 400)
    VALIDATION = ("ValidationException", "UNSUPPORTED", 400)
    IMAGE_MISSING = ("ImageNotFoundException", "MANIFEST_UNKNOWN", 404)
    IMAGE_EXISTS = ("ImageAlreadyExistsException", "MANIFEST_INVALID", 400)
    # In the API a failure of the image, not an exception of the call.
    IMAGE_REFERENCED = ("ImageReferencedByManifestList", "UNSUPPORTED", 405)
    IMAGE_DIGEST_DIFFERS = ("ImageDigestDoesNotMatchException", "DIGEST_INVALID", 400)
    TAG_EXISTS = ("ImageTagAlreadyExistsException", "TAG_INVALID", 400)
    TAG_INVALID = ("InvalidParameterException", "TAG_INVALID", 400)
    CHILD_MISSING = ("ReferencedImagesNotFoundException", "MANIFEST_BLOB_UNKNOWN", 400)
    LAYERS_MISSING = ("LayersNotFoundException", "MANIFEST_BLOB_UNKNOWN", 400)
    # ECR's own, where the specification has MANIFEST_INVALID (opcr-io/policy#149, falcosecurity/falcoctl#302).
    MANIFEST_INVALID = ("InvalidParameterException", "UNSUPPORTED", 405)
    MANIFEST_TOO_LARGE = ("InvalidParameterException", "MANIFEST_INVALID", 413)
    BLOB_MISSING = ("LayersNotFoundException", "BLOB_UNKNOWN", 404)
    LAYER_INACCESSIBLE = ("LayerInaccessibleException", "BLOB_UNKNOWN", 404)
    LAYER_EXISTS = ("LayerAlreadyExistsException", "BLOB_UPLOAD_INVALID", 400)
    DIGEST_MALFORMED = ("InvalidParameterException", "DIGEST_INVALID", 400)
    DIGEST_DIFFERS = ("InvalidLayerException", "DIGEST_INVALID", 400)
    UPLOAD_MISSING = ("UploadNotFoundException", "BLOB_UPLOAD_UNKNOWN", 404)
    UPLOAD_EMPTY = ("EmptyUploadException", "BLOB_UPLOAD_INVALID", 400)
    UPLOAD_BUSY = ("InvalidLayerPartException", "BLOB_UPLOAD_INVALID", 409)
    PART_OUT_OF_ORDER = ("InvalidLayerPartException", "BLOB_UPLOAD_INVALID", 416)
    PART_TOO_SMALL = ("LayerPartTooSmallException", "SIZE_INVALID", 400)
    LAYER_TOO_LARGE = ("InvalidLayerPartException", "SIZE_INVALID", 413)
    SIZE_INVALID = ("InvalidLayerPartException", "SIZE_INVALID", 400)
    BODY_TRUNCATED = ("InvalidLayerPartException", "BLOB_UPLOAD_INVALID", 400)
    REPOSITORY_POLICY_MISSING = ("RepositoryPolicyNotFoundException", "UNSUPPORTED", 404)
    REGISTRY_POLICY_MISSING = ("RegistryPolicyNotFoundException", "UNSUPPORTED", 404)
    LIFECYCLE_POLICY_MISSING = ("LifecyclePolicyNotFoundException", "UNSUPPORTED", 404)
    SCAN_MISSING = ("ScanNotFoundException", "UNSUPPORTED", 404)
    KMS = ("KmsException", "UNSUPPORTED", 400)
    PREVIEW_MISSING = ("LifecyclePolicyPreviewNotFoundException", "UNSUPPORTED", 404)
    TEMPLATE_EXISTS = ("TemplateAlreadyExistsException", "UNSUPPORTED", 400)
    TEMPLATE_MISSING = ("TemplateNotFoundException", "UNSUPPORTED", 404)
    TAG_KEYS_INVALID = ("InvalidTagParameterException", "UNSUPPORTED", 400)
    TOO_MANY_TAGS = ("TooManyTagsException", "UNSUPPORTED", 400)
    STORAGE = ("ServerException", "UNAVAILABLE", 503)

    @property
    def api_code(self) -> str:
        """The exception's name in the ECR API."""
        return self.value[0]

    @property
    def registry_code(self) -> str:
        """The ``code`` in a ``/v2/`` error body."""
        return self.value[1]

    @property
    def status(self) -> int:
        """The HTTP status of the ``/v2/`` answer. (The ECR API answers 400, and 500 for ServerException.)"""
        return self.value[2]


class EcrError(Exception):
    """A refusal by the store, worded for the client; each edge puts it into its own envelope."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message

    def as_aws(self) -> AwsError:
        """The same refusal as the ECR API words it."""
        return AwsError(self.fault.api_code, self.message, 500 if self.fault is Fault.STORAGE else 400)


def said(id: str, /, **values: object) -> str:
    """The words behind an id of ``ecr_errors``, with its values."""
    return texts("ecr_errors")[id].say(**values)


def refused(fault: Fault, id: str, /, **values: object) -> EcrError:
    """The refusal in the catalogue's words. The text's code is the fault's own."""
    return EcrError(fault, said(id, **values))


def repository_missing(name: str, registry: str) -> EcrError:
    """The repository is not there."""
    return refused(Fault.REPOSITORY_MISSING, "repository.missing", name=name, registry=registry)


def upload_missing(upload: str, name: str, registry: str) -> EcrError:
    """The upload is not there."""
    return refused(Fault.UPLOAD_MISSING, "upload.missing", upload=upload, name=name, registry=registry)


def invalid_parameter(parameter: str, constraint: str, fault: Fault = Fault.PARAMETER_INVALID) -> EcrError:
    """ECR's form for a parameter that breaks a constraint."""
    return refused(fault, "parameter.constraint", parameter=parameter, constraint=constraint)
