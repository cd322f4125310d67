"""The ECR API's operations on images."""

from collections.abc import Callable
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry.api.ecr_parameters import PAGE_FORM
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, invalid_parameter, refused, said
from labs.cloud.registry.store.images import StoredImage, image_lost, image_missing
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.repositories import Repository

Parameters = dict[str, Any]
Answer = dict[str, Any]
Find = Callable[[Parameters], Repository]

_TAG_PATTERN = "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
_NOT_FOUND = "ImageNotFound"
_NOT_SCANNED = {
    "status": "FINDINGS_UNAVAILABLE",
    "description": "The local AWS scans no images (simulated wording)",
}


class ImageOperations:
    """Each public method is one operation: decoded parameters in, the JSON answer out."""

    def __init__(self, store: EcrStore, find: Find, pages: Pages) -> None:
        self._store = store
        self._pages = pages
        self._repository = find

    def put_image(self, caller: Caller, parameters: Parameters) -> Answer:
        """PutImage."""
        repository = self._repository(parameters)
        tag = parameters.get("imageTag") or ""
        if tag and not spelling.is_tag(tag):
            raise invalid_parameter("imageTag", f"must satisfy regular expression '{_TAG_PATTERN}'", Fault.TAG_INVALID)
        digest = parameters.get("imageDigest") or ""
        if digest and not spelling.is_digest(digest):
            raise invalid_parameter("imageDigest", "is not a digest (simulated wording)")
        body = parameters["imageManifest"].encode()
        media_type = parameters.get("imageManifestMediaType") or ""
        image, changed = self._store.images.put(repository, body, media_type, tag, digest)
        if not changed:
            raise refused(
                Fault.IMAGE_EXISTS,
                "image.exists",
                digest=image.digest,
                tag=tag or "null",
                name=repository.name,
                registry=self._store.account,
            )
        return {"image": self._image(repository, image, tag)}

    def batch_get_image(self, caller: Caller, parameters: Parameters) -> Answer:
        """BatchGetImage. An image whose media type is not among ``acceptedMediaTypes`` counts as not found:
        ECR's translation between formats is not served.
        """
        repository = self._repository(parameters)
        accepted = parameters.get("acceptedMediaTypes") or []
        images: list[Answer] = []
        failures: list[Answer] = []
        for wanted in parameters["imageIds"]:
            image, failure = self._lookup(repository, wanted)
            if image is not None and accepted and image.media_type not in accepted:
                image, failure = None, _not_found()
            if image is not None and (lost := self._store.images.lost(image)):
                image, failure = None, (_NOT_FOUND, image_lost(lost).message)
            if image is None:
                failures.append(_failure(wanted, *failure))
            else:
                self._store.images.note_pull(image)
                images.append(self._image(repository, image, wanted.get("imageTag") or ""))
        return {"images": images, "failures": failures}

    def batch_delete_image(self, caller: Caller, parameters: Parameters) -> Answer:
        """BatchDeleteImage, one identifier after the other: an index must come before its children."""
        repository = self._repository(parameters)
        deleted: list[Answer] = []
        failures: list[Answer] = []
        for wanted in parameters["imageIds"]:
            image, failure = self._lookup(repository, wanted)
            if image is None:
                failures.append(_failure(wanted, *failure))
                continue
            digest, tag = wanted.get("imageDigest") or "", wanted.get("imageTag") or ""
            try:
                self._store.images.delete(repository, digest="" if tag else digest, tag=tag)
            except EcrError as error:
                code = error.fault.api_code if error.fault is Fault.IMAGE_REFERENCED else _NOT_FOUND
                failures.append(_failure(wanted, code, error.message))
                continue
            tags = [tag] if tag else list(image.tags)
            deleted += [{"imageDigest": image.digest, "imageTag": name} for name in tags]
            if not tags:
                deleted.append({"imageDigest": image.digest})
        return {"imageIds": deleted, "failures": failures}

    def list_images(self, caller: Caller, parameters: Parameters) -> Answer:
        """ListImages: one entry for each tag, and one for each image without."""
        repository = self._repository(parameters)
        entries = [
            (image, tag) for image in self._filtered(repository, parameters) for tag in sorted(image.tags) or [""]
        ]
        shown, following = self._pages.page(
            PAGE_FORM, "ListImages", parameters, entries, lambda entry: [entry[0].id, entry[1]]
        )
        named = [{"imageDigest": image.digest, **({"imageTag": tag} if tag else {})} for image, tag in shown]
        return {"imageIds": named, **following}

    def describe_images(self, caller: Caller, parameters: Parameters) -> Answer:
        """DescribeImages: the wanted ones, or all, a page at a time."""
        repository = self._repository(parameters)
        wanted = parameters.get("imageIds")
        if not wanted:
            images = self._filtered(repository, parameters)
            shown, following = self._pages.page(PAGE_FORM, "DescribeImages", parameters, images, _place)
            return {"imageDetails": [self._detail(repository, image) for image in shown], **following}
        found: dict[str, StoredImage] = {}
        for identifier in wanted:
            image, _ = self._lookup(repository, identifier)
            if image is None:
                reference = identifier.get("imageDigest") or identifier.get("imageTag") or ""
                raise image_missing(reference, repository.name, self._store.account)
            found[image.digest] = image
        return {"imageDetails": [self._detail(repository, image) for image in found.values()]}

    def describe_image_scan_findings(self, caller: Caller, parameters: Parameters) -> Answer:
        """DescribeImageScanFindings: without scanning there is no scan, with it one that found nothing out.

        Never an empty list of findings: it would say that an image was looked at.
        """
        repository, wanted = self._repository(parameters), parameters["imageId"]
        image, _ = self._lookup(repository, wanted)
        if image is None:
            reference = wanted.get("imageDigest") or wanted.get("imageTag") or ""
            raise image_missing(reference, repository.name, self._store.account)
        if not repository.scan_on_push:
            raise refused(Fault.SCAN_MISSING, "image.no_scan")
        return {
            "registryId": self._store.account,
            "repositoryName": repository.name,
            "imageId": {
                "imageDigest": image.digest,
                **({"imageTag": wanted["imageTag"]} if wanted.get("imageTag") else {}),
            },
            "imageScanStatus": _NOT_SCANNED,
        }

    def list_image_referrers(self, caller: Caller, parameters: Parameters) -> Answer:
        """ListImageReferrers."""
        repository = self._repository(parameters)
        digest = parameters["subjectId"]["imageDigest"]
        wanted = (parameters.get("filter") or {}).get("artifactTypes") or []
        found = self._store.images.referrers(repository, digest, wanted)
        shown, following = self._pages.page(PAGE_FORM, "ListImageReferrers", parameters, found, _place, usual=50)
        return {"referrers": [_referrer(image) for image in shown], **following}

    def _filtered(self, repository: Repository, parameters: Parameters) -> list[StoredImage]:
        wanted = parameters.get("filter") or {}
        if wanted.get("imageStatus") not in (None, "ACTIVE", "ANY"):
            return []  # nothing is ever archived here
        status = wanted.get("tagStatus") or "ANY"
        images = self._store.images.all(repository)
        return [image for image in images if status == "ANY" or bool(image.tags) == (status == "TAGGED")]

    def _lookup(self, repository: Repository, wanted: Answer) -> tuple[StoredImage | None, tuple[str, str]]:
        """The image of an identifier, or None with failureCode and failureReason."""
        digest, tag = wanted.get("imageDigest") or "", wanted.get("imageTag") or ""
        if not digest and not tag:
            return None, ("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
        if digest and not spelling.is_digest(digest):
            return None, (
                "InvalidImageDigest",
                "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
            )
        if tag and not spelling.is_tag(tag):
            return None, ("InvalidImageTag", f"Invalid request parameters: image tag should satisfy '{_TAG_PATTERN}'")
        image = self._store.images.get(repository, digest or tag)
        if image is not None and digest and tag and tag not in image.tags:
            return None, ("ImageTagDoesNotMatchDigest", "Image tag does not match digest (simulated wording)")
        return image, _not_found()

    def _image(self, repository: Repository, image: StoredImage, tag: str) -> Answer:
        identifier = {"imageDigest": image.digest}
        if tag:
            identifier["imageTag"] = tag
        return {
            "registryId": self._store.account,
            "repositoryName": repository.name,
            "imageId": identifier,
            "imageManifest": image.body.decode(),
            "imageManifestMediaType": image.media_type,
        }

    def _detail(self, repository: Repository, image: StoredImage) -> Answer:
        detail: Answer = {
            "registryId": self._store.account,
            "repositoryName": repository.name,
            "imageDigest": image.digest,
            "imageSizeInBytes": image.size,
            "imagePushedAt": image.pushed.timestamp(),
            "imageManifestMediaType": image.media_type,
            "imageStatus": "ACTIVE",
        }
        if image.tags:
            detail["imageTags"] = list(image.tags)
        if image.config_type:
            detail["artifactMediaType"] = image.config_type
        if repository.scan_on_push:
            detail["imageScanStatus"] = _NOT_SCANNED
        if image.pulled:
            detail["lastRecordedPullTime"] = image.pulled.timestamp()
        if image.subject:
            detail["subjectManifestDigest"] = image.subject
        return detail


def _not_found() -> tuple[str, str]:
    """Code and reason of a failure: the image is not there."""
    return _NOT_FOUND, said("image.missing")


def _failure(wanted: Answer, code: str, reason: str) -> Answer:
    identifier = {key: wanted[key] for key in ("imageDigest", "imageTag") if wanted.get(key)}
    return {"imageId": identifier, "failureCode": code, "failureReason": reason}


def _place(image: StoredImage) -> list[int]:
    return [image.id]


def _referrer(image: StoredImage) -> Answer:
    described: Answer = {
        "digest": image.digest,
        "mediaType": image.media_type,
        "size": image.length,
        "artifactStatus": "ACTIVE",
    }
    if image.artifact_type:
        described["artifactType"] = image.artifact_type
    if image.annotations:
        described["annotations"] = dict(image.annotations)
    return described
