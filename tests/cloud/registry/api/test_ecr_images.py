"""The ECR API on images."""

import json

import pytest

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest

REPOSITORY = {"repositoryName": "lab/app"}


@pytest.fixture
def pushed(admin):
    """Two images under an index called all, the first one also called v1: (first, second, index)."""
    first, second = admin.push_image("v1", b"amd64" * 10), admin.push_image("", b"arm64" * 20)
    answer = admin.put("manifests/all", index_manifest(first, second), Content_Type=OCI_INDEX)
    return first, second, answer.headers["Docker-Content-Digest"]


def put(registry, body, **more):
    return registry.call("PutImage", **REPOSITORY, imageManifest=body.decode(), **more)["image"]


def test_an_image_put_by_the_api_is_served_by_the_registry(registry, admin):
    for data in (b"{}", b"layer"):
        admin.push_blob(data)
    image = put(registry, image_manifest(), imageTag="v1")
    assert image["imageId"] == {"imageDigest": digest_of(image_manifest()), "imageTag": "v1"}
    assert image["imageManifestMediaType"] == OCI_MANIFEST
    assert admin.get("manifests/v1").body == image_manifest()


def test_a_manifest_without_a_media_type_needs_one_in_the_request(registry, admin):
    """As tools that copy Helm charts met it (aws/aws-cli#8620, boto/boto3#3295)."""
    for data in (b"{}", b"layer"):
        admin.push_blob(data)
    document = json.loads(image_manifest())
    del document["mediaType"]
    text = json.dumps(document)
    code, message = registry.refused("PutImage", **REPOSITORY, imageManifest=text, imageTag="v1")
    assert code == "InvalidParameterException"
    assert message.startswith(
        "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
    )
    image = put(registry, text.encode(), imageTag="v1", imageManifestMediaType=OCI_MANIFEST)
    assert image["imageManifestMediaType"] == OCI_MANIFEST


def test_putting_the_same_again_is_an_error_here(registry, admin):
    digest = admin.push_image("v1")
    text = image_manifest().decode()
    assert registry.refused("PutImage", **REPOSITORY, imageManifest=text, imageTag="v1") == (
        "ImageAlreadyExistsException",
        (
            f"Image with digest '{digest}' and tag 'v1' already exists in the repository with name 'lab/app' "
            "in registry with id '111122223333'"
        ),
    )
    assert put(registry, image_manifest(), imageTag="v2")["imageId"]["imageTag"] == "v2"


def test_an_immutable_tag_stays(registry, admin):
    registry.call("PutImageTagMutability", **REPOSITORY, imageTagMutability="IMMUTABLE")
    admin.push_image("v1")
    admin.push_blob(b"two")
    code, message = registry.refused(
        "PutImage", **REPOSITORY, imageManifest=image_manifest(b"two").decode(), imageTag="v1"
    )
    assert code == "ImageTagAlreadyExistsException"
    assert "cannot be overwritten because the repository is immutable" in message


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"imageManifest": "{}"}, "InvalidParameterException"),
        ({"imageManifest": image_manifest(b"absent").decode()}, "LayersNotFoundException"),
        ({"imageManifest": index_manifest(digest_of(b"x")).decode()}, "ReferencedImagesNotFoundException"),
        ({"imageManifest": image_manifest().decode(), "imageTag": "not a tag"}, "InvalidParameterException"),
        (
            {"imageManifest": image_manifest().decode(), "imageDigest": digest_of(b"other")},
            "ImageDigestDoesNotMatchException",
        ),
        ({"imageManifest": image_manifest().decode(), "imageDigest": "sha256:1"}, "InvalidParameterException"),
    ],
)
def test_an_image_that_cannot_be_put_is_refused_with_ecrs_code(registry, admin, parameters, code):
    for data in (b"{}", b"layer"):
        admin.push_blob(data)
    assert registry.refused("PutImage", **REPOSITORY, **parameters)[0] == code


def test_images_are_got_by_tag_and_by_digest_with_their_exact_text(registry, pushed):
    first, _, index = pushed
    wanted = [{"imageTag": "all"}, {"imageDigest": first}, {"imageDigest": first, "imageTag": "v1"}]
    answer = registry.call("BatchGetImage", **REPOSITORY, imageIds=wanted)
    assert [image["imageId"]["imageDigest"] for image in answer["images"]] == [index, first, first]
    assert all(digest_of(i["imageManifest"].encode()) == i["imageId"]["imageDigest"] for i in answer["images"])
    assert answer["images"][0]["imageManifestMediaType"] == OCI_INDEX
    assert answer["failures"] == []


@pytest.mark.parametrize(
    ("identifier", "code"),
    [
        ({"imageTag": "none"}, "ImageNotFound"),
        ({"imageDigest": digest_of(b"none")}, "ImageNotFound"),
        ({"imageDigest": "sha256:1"}, "InvalidImageDigest"),
        ({"imageTag": "not a tag"}, "InvalidImageTag"),
        ({}, "MissingDigestAndTag"),
    ],
)
@pytest.mark.parametrize("operation", ["BatchGetImage", "BatchDeleteImage"])
def test_what_cannot_be_found_is_a_failure_in_the_answer(registry, pushed, operation, identifier, code):
    answer = registry.call(operation, **REPOSITORY, imageIds=[identifier])
    assert [failure["failureCode"] for failure in answer["failures"]] == [code]


def test_a_tag_of_another_image_is_a_failure(registry, pushed):
    wanted = [{"imageDigest": pushed[1], "imageTag": "v1"}]
    (failure,) = registry.call("BatchGetImage", **REPOSITORY, imageIds=wanted)["failures"]
    assert failure["failureCode"] == "ImageTagDoesNotMatchDigest"


def test_accepted_media_types_choose(registry, pushed):
    wanted = {**REPOSITORY, "imageIds": [{"imageTag": "all"}]}
    assert len(registry.call("BatchGetImage", **wanted, acceptedMediaTypes=[OCI_INDEX])["images"]) == 1
    (failure,) = registry.call("BatchGetImage", **wanted, acceptedMediaTypes=[OCI_MANIFEST])["failures"]
    assert failure["failureCode"] == "ImageNotFound"


def test_images_are_listed_by_tag_or_by_digest_alone(registry, pushed):
    first, second, index = pushed
    listed = registry.call("ListImages", **REPOSITORY)["imageIds"]
    assert listed == [
        {"imageDigest": first, "imageTag": "v1"},
        {"imageDigest": second},
        {"imageDigest": index, "imageTag": "all"},
    ]
    tagged = registry.call("ListImages", **REPOSITORY, filter={"tagStatus": "TAGGED"})["imageIds"]
    assert [entry["imageTag"] for entry in tagged] == ["v1", "all"]
    assert registry.call("ListImages", **REPOSITORY, filter={"tagStatus": "UNTAGGED"})["imageIds"] == [listed[1]]


def test_images_are_listed_in_pages(registry, pushed):
    one = registry.call("ListImages", **REPOSITORY, maxResults=2)
    two = registry.call("ListImages", **REPOSITORY, maxResults=2, nextToken=one["nextToken"])
    assert (len(one["imageIds"]), len(two["imageIds"]), "nextToken" in two) == (2, 1, False)


def test_images_are_described_with_size_time_and_types(registry, pushed):
    first, _, index = pushed
    details = {item["imageDigest"]: item for item in registry.call("DescribeImages", **REPOSITORY)["imageDetails"]}
    assert len(details) == 3
    assert details[first]["imageSizeInBytes"] == len(b"amd64" * 10) + len(b"{}")
    assert details[first]["artifactMediaType"] == "application/vnd.oci.image.config.v1+json"
    assert details[first]["imageTags"] == ["v1"]
    # "If the image is a manifest list, this will be the max size of all manifests in the list."
    assert details[index]["imageSizeInBytes"] == len(b"arm64" * 20) + len(b"{}")
    assert abs(details[index]["imagePushedAt"] - registry.clock().timestamp()) < 60


def test_chosen_images_are_described_once_each(registry, pushed):
    wanted = [{"imageTag": "v1"}, {"imageDigest": pushed[0]}]
    (detail,) = registry.call("DescribeImages", **REPOSITORY, imageIds=wanted)["imageDetails"]
    assert detail["imageDigest"] == pushed[0]


def test_describing_a_missing_image_is_an_error(registry):
    assert registry.refused("DescribeImages", **REPOSITORY, imageIds=[{"imageTag": "none"}]) == (
        "ImageNotFoundException",
        (
            "The image with imageId {imageDigest:'null', imageTag:'none'} does not exist within the repository "
            "with name 'lab/app' in the registry with id '111122223333'"
        ),
    )


def test_untagging_and_deleting(registry, admin, pushed):
    first, second, index = pushed
    answer = registry.call("BatchDeleteImage", **REPOSITORY, imageIds=[{"imageDigest": second}])
    (failure,) = answer["failures"]
    assert failure["failureCode"] == "ImageReferencedByManifestList"
    assert failure["failureReason"] == f"Requested image referenced by manifest list: [{index}]"
    gone = registry.call(
        "BatchDeleteImage",
        **REPOSITORY,
        imageIds=[{"imageTag": "all"}, {"imageDigest": first}, {"imageDigest": second}],
    )
    assert gone["failures"] == []
    assert gone["imageIds"] == [
        {"imageDigest": index, "imageTag": "all"},
        {"imageDigest": first, "imageTag": "v1"},
        {"imageDigest": second},
    ]
    assert registry.call("ListImages", **REPOSITORY)["imageIds"] == []


def test_referrers_are_listed(registry, admin):
    subject = admin.push_image("v1")
    body = image_manifest(
        artifactType="application/vnd.example", subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": 1}
    )
    admin.put(f"manifests/{digest_of(body)}", body, Content_Type=OCI_MANIFEST)
    wanted = {**REPOSITORY, "subjectId": {"imageDigest": subject}}
    (found,) = registry.call("ListImageReferrers", **wanted)["referrers"]
    assert (found["digest"], found["artifactType"]) == (digest_of(body), "application/vnd.example")
    assert registry.call("ListImageReferrers", **wanted, filter={"artifactTypes": ["a/b"]})["referrers"] == []


def test_an_image_pushed_in_docker_format_keeps_its_name_for_it(registry, admin):
    docker = "application/vnd.docker.distribution.manifest.v2+json"
    document = json.loads(image_manifest(mediaType=docker))
    document["config"]["mediaType"] = "application/vnd.docker.container.image.v1+json"
    for data in (b"{}", b"layer"):
        admin.push_blob(data)
    put(registry, json.dumps(document).encode(), imageTag="v1", imageManifestMediaType=docker)
    (detail,) = registry.call("DescribeImages", **REPOSITORY)["imageDetails"]
    assert detail["imageManifestMediaType"] == docker
    assert detail["artifactMediaType"] == "application/vnd.docker.container.image.v1+json"


def test_no_findings_are_told_where_nothing_was_scanned(registry, admin):
    admin.push_image("v1")
    where = {"repositoryName": "lab/app", "imageId": {"imageTag": "v1"}}
    assert registry.refused("DescribeImageScanFindings", **where) == (
        "ScanNotFoundException",
        (
            "The specified image scan could not be found. Ensure that image scanning is enabled on the repository and "
            "try again."
        ),
    )
    wanted = {"scanOnPush": True}
    registry.call("PutImageScanningConfiguration", repositoryName="lab/app", imageScanningConfiguration=wanted)
    found = registry.call("DescribeImageScanFindings", **where)
    assert found["imageScanStatus"]["status"] == "FINDINGS_UNAVAILABLE"
    assert "imageScanFindings" not in found
    detail = registry.call("DescribeImages", repositoryName="lab/app")["imageDetails"][0]
    assert detail["imageScanStatus"] == found["imageScanStatus"]
    assert registry.refused("DescribeImageScanFindings", **{**where, "imageId": {"imageTag": "no"}})[0] == (
        "ImageNotFoundException"
    )
