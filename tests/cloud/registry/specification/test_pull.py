"""OCI distribution specification 1.1, "Pull": each test's docstring is the section and its sentence."""

import json

import pytest

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest

DATA = bytes(range(256)) * 16


def test_a_manifest_comes_by_tag_and_by_digest(admin):
    """Pulling manifests: <reference> MUST be either (a) the digest of the manifest or (b) a tag."""
    digest = admin.push_image("v1")
    assert [admin.get(f"manifests/{name}").body for name in ("v1", digest)] == [image_manifest()] * 2


def test_a_manifest_by_sha512_comes_with_the_digest_it_was_asked_by(admin):
    """Pulling manifests: Docker-Content-Digest is the digest of the returned manifest."""
    admin.push_image("v1")
    digest = digest_of(image_manifest(), "sha512")
    admin.put(f"manifests/{digest}", image_manifest(), Content_Type=OCI_MANIFEST)
    answer = admin.get(f"manifests/{digest}")
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (200, digest)


def test_the_content_type_is_the_one_of_the_push_without_parameters(admin):
    """Pulling manifests: In a successful response, the Content-Type header will indicate the type of the manifest."""
    child = admin.push_image("")
    body = index_manifest(child)
    admin.put("manifests/all", body, Content_Type=f"{OCI_INDEX}; charset=utf-8")
    answer = admin.get("manifests/all")
    assert answer.headers["Content-Type"] == OCI_INDEX == json.loads(answer.body)["mediaType"]


@pytest.mark.parametrize("accept", ["", "*/*", OCI_MANIFEST, "application/vnd.example, */*;q=0.1"])
def test_the_bytes_are_the_same_whatever_is_accepted(admin, accept):
    """Pulling manifests: A GET request to an existing manifest URL MUST provide the expected manifest, with 200 OK."""
    admin.push_image("v1")
    answer = admin.get("manifests/v1", Accept=accept)
    assert (answer.status, answer.body) == (200, image_manifest())


@pytest.mark.parametrize("reference", ["none", digest_of(b"none")])
def test_a_manifest_that_is_not_there_is_404(admin, reference):
    """Pulling manifests: If the manifest is not found in the repository, the response code MUST be 404 Not Found."""
    assert admin.get(f"manifests/{reference}").error[:2] == (404, "MANIFEST_UNKNOWN")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_comes_with_its_digest(admin, algorithm):
    """Pulling blobs: A GET request to an existing blob URL MUST provide the expected blob, with 200 OK."""
    digest = digest_of(DATA, algorithm)
    admin.put(f"{admin.start()}?digest={digest}", DATA)
    answer = admin.get(f"blobs/{digest}")
    assert (answer.status, answer.body) == (200, DATA)
    # "the value of this header MUST be a digest matching that of the response body"
    assert answer.headers["Docker-Content-Digest"] == digest_of(answer.body, algorithm)


def test_a_blob_that_is_not_there_is_404(admin):
    """Pulling blobs: If the blob is not found in the repository, the response code MUST be 404 Not Found."""
    assert admin.get(f"blobs/{digest_of(b'none')}").error[:2] == (404, "BLOB_UNKNOWN")


def test_an_interrupted_download_is_resumed_by_a_range(admin):
    """Pulling blobs: A registry SHOULD support the Range request header in accordance with RFC 9110."""
    digest = admin.push_blob(DATA)
    assert admin.head(f"blobs/{digest}").headers["Accept-Ranges"] == "bytes"
    rest = admin.get(f"blobs/{digest}", Range="bytes=1000-")
    assert (rest.status, rest.headers["Content-Range"]) == (206, f"bytes 1000-{len(DATA) - 1}/{len(DATA)}")
    assert DATA[:1000] + rest.body == DATA


def test_head_tells_the_size_and_the_digest_of_a_blob(admin):
    """Checking if content exists in the registry: the size in bytes of the blob in the header Content-Length."""
    answer = admin.head(f"blobs/{admin.push_blob(DATA)}")
    assert (answer.status, answer.body) == (200, b"")
    assert (answer.headers["Content-Length"], answer.headers["Docker-Content-Digest"]) == (
        str(len(DATA)),
        digest_of(DATA),
    )


@pytest.mark.parametrize("by_tag", [True, False])
def test_head_tells_the_size_and_the_digest_of_a_manifest(admin, by_tag):
    """Checking if content exists in the registry: A HEAD request to an existing manifest URL MUST return 200 OK."""
    digest = admin.push_image("v1")
    answer = admin.head(f"manifests/{'v1' if by_tag else digest}")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(image_manifest()))
    assert answer.headers["Docker-Content-Digest"] == digest


@pytest.mark.parametrize("what", ["blobs/" + digest_of(b"none"), "manifests/none", "manifests/" + digest_of(b"none")])
def test_head_of_what_is_not_there_is_404(admin, what):
    """Checking if content exists in the registry: If it is not found, the response code MUST be 404 Not Found."""
    answer = admin.head(what)
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    "what", ["manifests/v1", "blobs/" + digest_of(b"x"), "tags/list", "referrers/" + digest_of(b"x")]
)
def test_a_repository_that_does_not_exist_is_404(registry, what):
    """Pushing Manifests: An attempt to pull a nonexistent repository MUST return response code 404 Not Found."""
    assert registry.client(repository="nowhere").get(what).error[:2] == (404, "NAME_UNKNOWN")


def test_the_host_that_a_proxys_client_names_is_ignored(admin):
    """Registry Proxying: A registry MAY choose to ignore the ns query parameter."""
    admin.push_image("v1")
    answer = admin.get("manifests/v1?ns=docker.io")
    assert (answer.status, answer.headers["OCI-Namespace"]) == (200, None)
