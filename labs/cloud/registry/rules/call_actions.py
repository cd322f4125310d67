"""Which IAM actions each registry call needs, as data.

AWS publishes no such table: every row says what it rests on. [doc] AWS's documentation,
[field] a log of a real run, [inferred] from what the API action means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


@dataclass(frozen=True)
class Action:
    """An IAM action without its service's prefix, which is also its CloudTrail event name.

    ``parameters`` are the requestParameters of the event, beside repositoryName and registryId.
    """

    name: str
    parameters: tuple[str, ...] = ()
    read_only: bool = False


CHECK_LAYER = Action("BatchCheckLayerAvailability", ("layerDigests",), read_only=True)
DOWNLOAD_LAYER = Action("GetDownloadUrlForLayer", ("layerDigest",), read_only=True)
START_UPLOAD = Action("InitiateLayerUpload")
UPLOAD_PART = Action("UploadLayerPart", ("uploadId", "partFirstByte", "partLastByte"))
COMPLETE_UPLOAD = Action("CompleteLayerUpload", ("uploadId", "layerDigests"))
PUT_IMAGE = Action("PutImage", ("imageTag", "imageDigest", "imageManifestMediaType"))
GET_IMAGE = Action("BatchGetImage", ("imageIds", "acceptedMediaTypes"), read_only=True)
DELETE_IMAGE = Action("BatchDeleteImage", ("imageIds",))
LIST_IMAGES = Action("ListImages", read_only=True)
CREATE_REPOSITORY = Action("CreateRepository")
LIST_REPOSITORIES = Action("DescribeRepositories", read_only=True)


class RegistryCall(Enum):
    """One call of the distribution API."""

    PING = "GET /v2/"
    CATALOG = "GET /v2/_catalog"
    READ_MANIFEST = "HEAD or GET manifest"
    PUT_MANIFEST = "PUT manifest"
    DELETE_MANIFEST = "DELETE manifest"
    REFERRERS = "GET referrers"
    TAGS = "GET tags/list"
    HEAD_BLOB = "HEAD blob"
    GET_BLOB = "GET blob"
    START_UPLOAD = "POST upload"
    SINGLE_POST = "POST upload with a digest and the body"
    UPLOAD_CHUNK = "PATCH upload"
    UPLOAD_STATUS = "GET or DELETE upload"
    FINISH_UPLOAD = "PUT upload without a body"
    FINISH_WITH_BODY = "PUT upload with a body"


# Decided in this order; the first refusal ends the call. Authorization comes before existence [field].
ACTIONS: Mapping[RegistryCall, tuple[Action, ...]] = MappingProxyType(
    {
        RegistryCall.PING: (),  # [inferred] a valid token is enough
        RegistryCall.CATALOG: (LIST_REPOSITORIES,),  # [field], on *
        RegistryCall.READ_MANIFEST: (GET_IMAGE,),  # [field]
        RegistryCall.PUT_MANIFEST: (PUT_IMAGE,),  # [inferred]
        RegistryCall.DELETE_MANIFEST: (DELETE_IMAGE,),  # [inferred]
        RegistryCall.REFERRERS: (GET_IMAGE,),  # [doc] API reference, ListImageReferrers
        RegistryCall.TAGS: (LIST_IMAGES,),  # [inferred]
        RegistryCall.HEAD_BLOB: (CHECK_LAYER,),  # [field]; see REFERENCED_LAYER_NEEDS_DOWNLOAD
        RegistryCall.GET_BLOB: (DOWNLOAD_LAYER,),  # [field]
        RegistryCall.START_UPLOAD: (START_UPLOAD,),  # [field]
        RegistryCall.SINGLE_POST: (START_UPLOAD, UPLOAD_PART, COMPLETE_UPLOAD),  # [inferred] the three in one
        RegistryCall.UPLOAD_CHUNK: (UPLOAD_PART,),  # [inferred]
        RegistryCall.UPLOAD_STATUS: (UPLOAD_PART,),  # [inferred]
        RegistryCall.FINISH_UPLOAD: (COMPLETE_UPLOAD,),  # [field]
        RegistryCall.FINISH_WITH_BODY: (UPLOAD_PART, COMPLETE_UPLOAD),  # [inferred] the body is a part
    }
)


@dataclass(frozen=True)
class ReferencedLayerRule:
    """HEAD of a layer that an image already refers to needs ecr:GetDownloadUrlForLayer as well.

    This is the failure the lab teaches: under the six actions AWS documents for pushing, a first push
    passes, and the next HEAD of the same layers (a rebuild, a second tag, a shared base layer, buildx
    pushing twice) is refused with 403.

    Field-observed, not documented by AWS. For it: on real ECR (eu-north-1, 2026-09-15, rasel-xs/devops-exam)
    `docker buildx imagetools create` of a multi-platform image into a repository that already held the
    referenced layers was refused with "... not authorized to perform: ecr:GetDownloadUrlForLayer ...",
    and adding the action fixed it; with unreferenced layers already present the six actions sufficed;
    the API reference says "You can only get URLs for image layers that are referenced in an image";
    AWS's own amazon-ecr-login action lists seven actions for push and pull. Against it: no report of
    exactly one builder, `--push` and the six actions was found, and AWS's page still lists six.
    Hence the switch: ``labs cloud --no-referenced-layer-rule``.

    Two things follow that look like exceptions. Clients that ask for the manifest first (crane, oras, regctl) send no
    HEAD of a layer when the image is there already: their second push of it passes under the six. And a client that
    copies several platforms one after the other (``skopeo copy --all``, ``buildah manifest push --all``) is refused on
    the very first push when they share a layer: by then the first platform's image refers to it.
    """

    enabled: bool = True

    def actions(self, referenced: bool) -> tuple[Action, ...]:
        """What a HEAD of a present layer needs beyond ACTIONS[HEAD_BLOB]."""
        return (DOWNLOAD_LAYER,) if self.enabled and referenced else ()


REFERENCED_LAYER_NEEDS_DOWNLOAD = ReferencedLayerRule()
