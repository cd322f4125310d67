"""OCI distribution specification 1.1, "Pushing Manifests": each test's docstring is the section and its sentence."""

import json

import pytest

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest

EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2}
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture
def blobs(admin):
    for data in (b"{}", b"layer"):
        admin.push_blob(data)


@pytest.mark.parametrize("by_tag", [True, False])
def test_a_push_is_201_with_a_pullable_location(admin, blobs, by_tag):
    """Pushing Manifests: MUST return 201 Created, and MUST have the header Location, a pullable manifest URL."""
    body = image_manifest()
    answer = admin.put(f"manifests/{'v1' if by_tag else digest_of(body)}", body, Content_Type=OCI_MANIFEST)
    assert answer.status == 201
    assert admin.get(answer.headers["Location"]).body == body
    # "The Docker-Content-Digest header ... MUST be equal to the client provided digest."
    assert answer.headers["Docker-Content-Digest"] == digest_of(body)


def test_the_bytes_are_stored_as_they_came(admin, blobs):
    """Pushing Manifests: The registry MUST store the manifest in the exact byte representation provided."""
    body = json.dumps(json.loads(image_manifest()), indent=7).encode() + b"\n \n"
    admin.put("manifests/v1", body, Content_Type=OCI_MANIFEST)
    assert admin.get("manifests/v1").body == body


def test_parameters_of_the_content_type_are_ignored(admin, blobs):
    """Pushing Manifests: The registry SHOULD ignore parameters on the Content-Type header."""
    answer = admin.put("manifests/v1", image_manifest(), Content_Type=f"{OCI_MANIFEST}; charset=utf-8")
    assert answer.status == 201


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER])
def test_every_kind_of_image_manifest_is_taken(admin, blobs, media_type):
    """Pushing Manifests: Clients SHOULD set the Content-Type header to the type of the manifest being pushed."""
    assert admin.put("manifests/v1", image_manifest(mediaType=media_type), Content_Type=media_type).status == 201
    assert admin.get("manifests/v1").headers["Content-Type"] == media_type


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_every_kind_of_index_is_taken_even_without_entries(admin, media_type):
    """Pushing Manifests: the list of blobs MAY be empty."""
    body = index_manifest(mediaType=media_type)
    assert admin.put("manifests/none", body, Content_Type=media_type).status == 201
    assert admin.get("manifests/none").body == body


def test_the_content_type_and_the_media_type_must_agree(admin, blobs):
    """Pushing Manifests: If a manifest includes a mediaType field, Content-Type MUST be set to its value."""
    answer = admin.put("manifests/v1", image_manifest(), Content_Type=DOCKER)
    assert answer.error[:2] == (405, "UNSUPPORTED")


def test_an_image_without_layers_is_taken(admin, blobs):
    """Pushing Manifests: the list of blobs MAY be empty."""
    body = image_manifest(layers=[])
    assert admin.put("manifests/v1", body, Content_Type=OCI_MANIFEST).status == 201


def test_an_artifact_of_empty_descriptors_is_taken(admin, blobs):
    """Pushing Manifests: The uploaded manifest MUST reference any blobs that make up the object."""
    body = image_manifest(config=b"{}", artifactType="application/vnd.example.note")
    document = {**json.loads(body), "config": EMPTY, "layers": [EMPTY]}
    body = json.dumps(document).encode()
    assert admin.put("manifests/note", body, Content_Type=OCI_MANIFEST).status == 201


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ],
)
def test_a_layer_that_may_not_be_distributed_need_not_be_there(admin, blobs, media_type):
    """Push: a registry MAY reject a manifest whose descriptors reference blobs that do not exist in the registry."""
    layer = {"mediaType": media_type, "digest": digest_of(b"elsewhere"), "size": 9, "urls": ["https://example.com/x"]}
    assert admin.put("manifests/v1", image_manifest(layers=[layer]), Content_Type=OCI_MANIFEST).status == 201


def test_what_a_manifest_refers_to_must_be_there(admin, blobs):
    """Push: When a manifest is rejected for this reason, the registry MUST return MANIFEST_BLOB_UNKNOWN errors."""
    missing = image_manifest(b"no such layer")
    assert admin.put("manifests/v1", missing, Content_Type=OCI_MANIFEST).error[1] == "MANIFEST_BLOB_UNKNOWN"
    orphan = index_manifest(digest_of(b"no such image"))
    assert admin.put("manifests/v1", orphan, Content_Type=OCI_INDEX).error[1] == "MANIFEST_BLOB_UNKNOWN"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.artifact.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.example.unheard-of+json",
    ],
)
def test_a_manifest_of_an_unknown_type_is_refused(admin, blobs, media_type):
    """Error Codes: MANIFEST_INVALID, manifest invalid; ECR answers UNSUPPORTED."""
    body = image_manifest(mediaType=media_type)
    status, code, message = admin.put("manifests/v1", body, Content_Type=media_type).error
    assert (status, code) == (405, "UNSUPPORTED")
    assert message.startswith(
        "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
    )
    assert media_type in message


@pytest.mark.parametrize(
    "document",
    [
        {"manifests": []},
        {"schemaVersion": 1},
        {"subject": "sha256:no-descriptor"},
        {"subject": {"mediaType": OCI_MANIFEST, "digest": "sha256:no", "size": 1}},
    ],
    ids=["both image and index", "schema 1", "subject is a string", "subject has no digest"],
)
def test_a_document_that_can_be_read_in_two_ways_or_none_is_refused(admin, blobs, document):
    """Error Codes: MANIFEST_INVALID, manifest invalid; ECR answers UNSUPPORTED."""
    answer = admin.put("manifests/v1", image_manifest(**document), Content_Type=OCI_MANIFEST)
    assert answer.error[:2] == (405, "UNSUPPORTED")


def test_an_index_that_is_an_image_too_is_refused(admin, blobs):
    """Error Codes: MANIFEST_INVALID, manifest invalid; ECR answers UNSUPPORTED."""
    body = image_manifest(mediaType=OCI_INDEX, manifests=[])
    assert admin.put("manifests/v1", body, Content_Type=OCI_INDEX).error[:2] == (405, "UNSUPPORTED")


def test_a_manifest_whose_type_nobody_says_is_refused(admin, blobs):
    """Pushing Manifests: All manifests SHOULD include a mediaType field declaring the type of the manifest."""
    document = json.loads(image_manifest())
    del document["mediaType"]
    body = json.dumps(document).encode()
    assert admin.put("manifests/v1", body).error[:2] == (405, "UNSUPPORTED")
    assert admin.put("manifests/v1", body, Content_Type=OCI_MANIFEST).status == 201


def test_four_megabytes_are_taken_and_more_is_413(admin, blobs):
    """Pushing Manifests: SHOULD respond to a manifest over this limit with 413; at least 4 megabytes are supported."""
    short = len(image_manifest(annotations={"filler": ""}))
    body = image_manifest(annotations={"filler": "x" * (4_194_304 - short)})
    assert len(body) == 4_194_304
    assert admin.put("manifests/v1", body, Content_Type=OCI_MANIFEST).status == 201
    answer = admin.put("manifests/v1", body + b" ", Content_Type=OCI_MANIFEST)
    assert answer.error[:2] == (413, "MANIFEST_INVALID")


@pytest.mark.parametrize("there", [True, False])
def test_a_subject_is_acknowledged_whether_it_is_there_or_not(admin, blobs, there):
    """Pushing Manifests with Subject: MUST respond with the response header OCI-Subject: <subject digest>."""
    subject = admin.push_image("v1") if there else digest_of(b"comes later")
    body = image_manifest(subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": 7})
    # "A registry MUST accept an otherwise valid manifest with a subject field that references a manifest that does
    # not exist in the repository" (Push)
    answer = admin.put(f"manifests/{digest_of(body)}", body, Content_Type=OCI_MANIFEST)
    assert (answer.status, answer.headers["OCI-Subject"]) == (201, subject)


def test_without_a_subject_there_is_no_such_header(admin, blobs):
    """Pushing Manifests with Subject: the header indicates that the registry processed the request's subject."""
    assert admin.put("manifests/v1", image_manifest(), Content_Type=OCI_MANIFEST).headers["OCI-Subject"] is None
