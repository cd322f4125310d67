"""The lab's ECR repository: made and taken away, what a tag in it points to, and who pushed that."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from labs import oci
from labs.failures import code_of
from labs.lesson.bench import Bench
from labs.subjects.push.policy_review import PolicyDocument
from labs.verdict import Event

_MANIFEST_TYPES = (*oci.INDEX_TYPES, *oci.MANIFEST_TYPES)


def create(bench: Bench) -> bool:
    """Make the ECR repository; False when it is there already."""
    try:
        bench.client("ecr").create_repository(repositoryName=bench.repository_name)
    except ClientError as error:
        if code_of(error) == "RepositoryAlreadyExistsException":
            return False
        raise
    return True


def delete(bench: Bench) -> None:
    """Take the repository away, with everything in it."""
    try:
        bench.client("ecr").delete_repository(repositoryName=bench.repository_name, force=True)
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise


def policy(ecr: Any, repository: str) -> PolicyDocument | None:
    """The repository's own policy; None when it has none, or is not there."""
    try:
        found = ecr.get_repository_policy(repositoryName=repository)["policyText"]
    except ClientError as error:
        if code_of(error) in ("RepositoryPolicyNotFoundException", "RepositoryNotFoundException"):
            return None
        raise
    return PolicyDocument("of the repository", json.loads(found))


def delete_policy(bench: Bench) -> None:
    """Take the repository's own policy away; nothing where there is none."""
    try:
        bench.client("ecr").delete_repository_policy(repositoryName=bench.repository_name)
    except ClientError as error:
        if code_of(error) not in ("RepositoryPolicyNotFoundException", "RepositoryNotFoundException"):
            raise


@dataclass(frozen=True)
class Pushed:
    """What a tag in ECR points to, and since when (UTC)."""

    image: oci.Index | oci.Manifest
    digest: str
    at: datetime


def pushed(ecr: Any, repository: str, tag: str) -> Pushed | None:
    """The image under a tag; None when the repository or the tag is not there."""
    return _image(ecr, repository, {"imageTag": tag})


def by_digest(ecr: Any, repository: str, digest: str) -> Pushed | None:
    """The image of a digest; None when the repository or the image is not there."""
    return _image(ecr, repository, {"imageDigest": digest})


def _image(ecr: Any, repository: str, named: Mapping[str, str]) -> Pushed | None:
    wanted = [dict(named)]
    try:
        details = ecr.describe_images(repositoryName=repository, imageIds=wanted)["imageDetails"]
        answer = ecr.batch_get_image(
            repositoryName=repository, imageIds=wanted, acceptedMediaTypes=list(_MANIFEST_TYPES)
        )
    except ClientError as error:
        if code_of(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return None
        raise
    if not details or not answer["images"]:
        return None
    found = answer["images"][0]
    manifest = found["imageManifest"].encode()
    image = oci.parse(manifest, found.get("imageManifestMediaType", ""))
    return Pushed(image, found["imageId"]["imageDigest"], details[0]["imagePushedAt"].astimezone(UTC))


def pushed_by(events: tuple[Event, ...], bench: Bench, tag: str) -> str:
    """Who put the tag last, as the trail says; empty when it does not say."""
    for event in reversed(events):
        put = event.action == "ecr:PutImage" and not event.error and event.tag == tag
        if put and event.resource in ("", bench.repository_arn):
            return event.principal
    return ""


def untag(bench: Bench, tag: str) -> None:
    """Take a tag away, and the image with its last one: no client puts what is already there."""
    try:
        bench.client("ecr").batch_delete_image(repositoryName=bench.repository_name, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise


def keep_only(bench: Bench, *tags: str) -> None:
    """Take every image out of the repository but those under these tags, with the manifests they list."""
    _keep(bench, frozenset(tags), _described(bench))


def remove(bench: Bench, *tags: str) -> None:
    """Take these tags' images away, and whatever no other tag leads to: what was pushed over is still there."""
    details = _described(bench)
    others = {other for each in details for other in each.get("imageTags", ())} - set(tags)
    _keep(bench, frozenset(others), details)
    for each in _described(bench):
        # An image that another tag leads to as well stays, and loses this one.
        doomed = [{"imageTag": tag} for tag in tags if tag in each.get("imageTags", ())]
        if doomed:
            bench.client("ecr").batch_delete_image(repositoryName=bench.repository_name, imageIds=doomed)


def _described(bench: Bench) -> list[Any]:
    """What is in the repository; nothing where there is no repository."""
    pages = bench.client("ecr").get_paginator("describe_images").paginate(repositoryName=bench.repository_name)
    try:
        return [each for page in pages for each in page["imageDetails"]]
    except ClientError as error:
        if code_of(error) == "RepositoryNotFoundException":
            return []
        raise


def _keep(bench: Bench, tags: frozenset[str], details: list[Any]) -> None:
    ecr, name = bench.client("ecr"), bench.repository_name
    keep: set[str] = set()
    tagged = [{"imageDigest": each["imageDigest"]} for each in details if tags & set(each.get("imageTags", ()))]
    # BatchGetImage and BatchDeleteImage take at most 100 (ECR API reference).
    for start in range(0, len(tagged), 100):
        answer = ecr.batch_get_image(
            repositoryName=name, imageIds=tagged[start : start + 100], acceptedMediaTypes=list(_MANIFEST_TYPES)
        )
        for found in answer["images"]:
            keep.add(found["imageId"]["imageDigest"])
            image = oci.parse(found["imageManifest"].encode(), found.get("imageManifestMediaType", ""))
            if isinstance(image, oci.Index):
                keep |= {entry.digest for entry in image.manifests}
    doomed = [each for each in details if each["imageDigest"] not in keep]
    # ECR keeps a manifest as long as an index lists it: the indexes go first.
    for indexes in (True, False):
        digests = [
            {"imageDigest": each["imageDigest"]}
            for each in doomed
            if (each.get("imageManifestMediaType") in oci.INDEX_TYPES) is indexes
        ]
        for start in range(0, len(digests), 100):
            ecr.batch_delete_image(repositoryName=name, imageIds=digests[start : start + 100])
