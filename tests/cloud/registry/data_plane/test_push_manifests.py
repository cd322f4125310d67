"""Distribution specification 1.1, "Pushing manifests", with ECR's own rules: layers, children, immutable tags."""

import json

import pytest

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture
def blobs(admin):
    for data in (b"{}", b"layer"):
        admin.push_blob(data)


def test_a_push_answers_with_the_digest_of_the_bytes(admin, blobs):
    body = image_manifest()
    answer = admin.put("manifests/v1", body, Content_Type=OCI_MANIFEST)
    assert answer.status == 201
    assert answer.headers["Docker-Content-Digest"] == digest_of(body)
    assert answer.headers["Location"] == f"/v2/lab/app/manifests/{digest_of(body)}"


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER])
def test_both_kinds_of_manifest_are_kept_with_their_type(admin, blobs, media_type):
    body = image_manifest(mediaType=media_type)
    assert admin.put("manifests/v1", body, Content_Type=media_type).status == 201
    assert admin.get("manifests/v1").headers["Content-Type"] == media_type


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_both_kinds_of_index_are_kept_with_their_type(admin, media_type):
    children = [admin.push_image("", layer=layer) for layer in (b"amd64", b"arm64")]
    body = index_manifest(*children, mediaType=media_type)
    assert admin.put("manifests/v1", body, Content_Type=media_type).status == 201
    answer = admin.get("manifests/v1")
    assert (answer.body, answer.headers["Content-Type"]) == (body, media_type)


def test_without_a_content_type_the_document_decides(admin, blobs):
    assert admin.put("manifests/v1", image_manifest()).status == 201
    assert admin.get("manifests/v1").headers["Content-Type"] == OCI_MANIFEST


def test_a_document_without_a_media_type_takes_the_content_type(admin, blobs):
    document = json.loads(image_manifest())
    del document["mediaType"]
    assert admin.put("manifests/v1", json.dumps(document).encode(), Content_Type=OCI_MANIFEST).status == 201


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", OCI_MANIFEST),
        (b"not json", OCI_MANIFEST),
        (b"[]", OCI_MANIFEST),
        (b"{}", OCI_MANIFEST),
        (b"[" * 100_000, OCI_MANIFEST),
        (b"\xff\xfe{\x00}\x00", OCI_MANIFEST),
        (image_manifest(), OCI_INDEX),
        (image_manifest(mediaType="application/vnd.example+json"), "application/vnd.example+json"),
        (image_manifest(mediaType=OCI_INDEX), OCI_INDEX),
        (index_manifest("sha256:abc"), OCI_INDEX),
        (image_manifest(annotations=["no", "map"]), OCI_MANIFEST),
    ],
)
def test_what_is_no_manifest_is_refused(admin, blobs, body, content_type):
    assert admin.put("manifests/v1", body, Content_Type=content_type).error[:2] == (405, "UNSUPPORTED")


def test_a_manifest_over_four_mebibytes_is_413(registry, admin, blobs):
    body = image_manifest(annotations={"long": "x" * 4_194_304})
    assert admin.put("manifests/v1", body, Content_Type=OCI_MANIFEST).error[:2] == (413, "MANIFEST_INVALID")


def test_the_layers_must_be_there(admin):
    admin.push_blob(b"{}")
    status, code, message = admin.put("manifests/v1", image_manifest(), Content_Type=OCI_MANIFEST).error
    assert (status, code) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert digest_of(b"layer") in message


def test_the_layers_must_be_in_this_repository(registry, admin, blobs):
    registry.call("CreateRepository", repositoryName="lab/other")
    other = registry.client(repository="lab/other")
    assert other.put("manifests/v1", image_manifest(), Content_Type=OCI_MANIFEST).error[1] == "MANIFEST_BLOB_UNKNOWN"


def test_a_non_distributable_layer_need_not_be_there(admin):
    admin.push_blob(b"{}")
    layer = {
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "digest": digest_of(b"elsewhere"),
        "size": 9,
        "urls": ["https://example.com/layer"],
    }
    body = image_manifest(layers=[layer])
    assert admin.put("manifests/v1", body, Content_Type=OCI_MANIFEST).status == 201


def test_an_index_before_its_child_is_refused_in_awss_words(admin):
    missing = digest_of(b"no such image")
    answer = admin.put("manifests/v1", index_manifest(missing), Content_Type=OCI_INDEX)
    assert answer.error == (
        400,
        "MANIFEST_BLOB_UNKNOWN",
        (
            f"Images with digests '[{missing}]' required for pushing image into repository with name 'lab/app' "
            "in the registry with id '111122223333' do not exist"
        ),
    )


def test_a_push_by_digest_needs_the_right_digest(admin, blobs):
    body = image_manifest()
    assert admin.put(f"manifests/{digest_of(body)}", body, Content_Type=OCI_MANIFEST).status == 201
    answer = admin.put(f"manifests/{digest_of(b'other')}", body, Content_Type=OCI_MANIFEST)
    assert answer.error[:2] == (400, "DIGEST_INVALID")


def test_a_push_by_sha512_is_served_by_it(admin, blobs):
    body = image_manifest()
    digest = digest_of(body, "sha512")
    assert admin.put(f"manifests/{digest}", body, Content_Type=OCI_MANIFEST).status == 201
    assert admin.get(f"manifests/{digest}").body == body


def test_a_tag_moves_in_a_mutable_repository(admin):
    admin.push_image("latest", b"one")
    second = admin.push_image("latest", b"two")
    assert admin.head("manifests/latest").headers["Docker-Content-Digest"] == second


def test_a_tag_does_not_move_in_an_immutable_repository(registry, admin):
    registry.call("PutImageTagMutability", repositoryName="lab/app", imageTagMutability="IMMUTABLE")
    first = admin.push_image("latest", b"one")
    admin.push_blob(b"two")
    answer = admin.put("manifests/latest", image_manifest(b"two"), Content_Type=OCI_MANIFEST)
    assert answer.error == (
        400,
        "TAG_INVALID",
        (
            "The image tag 'latest' already exists in the 'lab/app' repository and cannot be overwritten "
            "because the repository is immutable."
        ),
    )
    assert admin.head("manifests/latest").headers["Docker-Content-Digest"] == first


def test_an_excluded_tag_moves_in_an_immutable_repository(registry, admin):
    registry.call(
        "PutImageTagMutability",
        repositoryName="lab/app",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
    )
    admin.push_image("dev-1", b"one")
    admin.push_image("dev-1", b"two")
    admin.push_image("v1", b"one")
    answer = admin.put("manifests/v1", image_manifest(b"two"), Content_Type=OCI_MANIFEST)
    assert answer.error[1] == "TAG_INVALID"


def test_pushing_the_same_image_again_is_no_error(admin):
    assert admin.push_image("v1") == admin.push_image("v1")


EXCLUDED = {"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "v*"}]}


@pytest.mark.parametrize("layer", [b"layer", b"other"], ids=["the same manifest", "another manifest"])
@pytest.mark.parametrize(
    ("mutability", "more", "taken"),
    [
        ("MUTABLE", {}, True),
        ("IMMUTABLE", {}, False),
        ("IMMUTABLE_WITH_EXCLUSION", EXCLUDED, True),
        ("MUTABLE_WITH_EXCLUSION", EXCLUDED, False),
    ],
)
def test_an_immutable_tag_is_refused_through_both_doors(registry, admin, mutability, more, taken, layer):
    """Also for the manifest that has it (aws/containers-roadmap#2179)."""
    where = {"repositoryName": "lab/app"}
    registry.call("PutImageTagMutability", **where, imageTagMutability=mutability, **more)
    admin.push_image("v1")
    admin.push_blob(layer)
    answer = admin.put("manifests/v1", image_manifest(layer), Content_Type=OCI_MANIFEST)
    assert answer.status == (201 if taken else 400)
    code = "ImageAlreadyExistsException" if taken else "ImageTagAlreadyExistsException"
    assert registry.refused("PutImage", **where, imageManifest=image_manifest(layer).decode(), imageTag="v1")[0] == code
    # Without the tag it is the image that is there.
    by_digest = admin.put(f"manifests/{digest_of(image_manifest())}", image_manifest(), Content_Type=OCI_MANIFEST)
    assert by_digest.status == 201


@pytest.mark.parametrize("tag", [".dot", "-dash", "a" * 129, "sp%20ace", "col:on"])
def test_a_tag_that_is_none_is_refused(admin, blobs, tag):
    assert admin.put(f"manifests/{tag}", image_manifest(), Content_Type=OCI_MANIFEST).error[0] == 400


def test_deleting_by_digest_takes_all_tags(admin):
    digest = admin.push_image("v1")
    admin.put("manifests/v2", image_manifest(), Content_Type=OCI_MANIFEST)
    assert admin.delete(f"manifests/{digest}").status == 202
    assert [admin.head(f"manifests/{name}").status for name in ("v1", "v2", digest)] == [404, 404, 404]


def test_deleting_a_tag_leaves_the_others_and_the_last_takes_the_image(admin):
    digest = admin.push_image("v1")
    admin.put("manifests/v2", image_manifest(), Content_Type=OCI_MANIFEST)
    assert admin.delete("manifests/v1").status == 202
    assert admin.head(f"manifests/{digest}").status == 200
    assert admin.delete("manifests/v2").status == 202
    assert admin.head(f"manifests/{digest}").status == 404


def test_an_image_inside_an_index_cannot_be_deleted(admin):
    child = admin.push_image("")
    index = admin.put("manifests/all", index_manifest(child), Content_Type=OCI_INDEX).headers["Docker-Content-Digest"]
    assert admin.delete(f"manifests/{child}").error == (
        405,
        "UNSUPPORTED",
        f"Requested image referenced by manifest list: [{index}]",
    )
    assert admin.delete(f"manifests/{index}").status == 202
    assert admin.delete(f"manifests/{child}").status == 202


def test_deleting_the_last_image_of_a_layer_frees_its_bytes(admin, tmp_path):
    first = admin.push_image("v1", b"one")
    admin.push_image("v2", b"two")
    assert admin.delete(f"manifests/{first}").status == 202
    kept = [path.name for path in (tmp_path / "state" / "registry" / "blobs").rglob("*") if path.is_file()]
    assert sorted(f"sha256:{name}" for name in kept) == sorted([digest_of(b"two"), digest_of(b"{}")])
    assert admin.head(f"blobs/{digest_of(b'one')}").status == 404
    assert admin.get(f"blobs/{digest_of(b'two')}").body == b"two"


def test_deleting_what_is_not_there_is_404(admin):
    assert admin.delete("manifests/none").error[:2] == (404, "MANIFEST_UNKNOWN")
