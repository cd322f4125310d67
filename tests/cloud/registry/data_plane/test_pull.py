"""Distribution specification 1.1, "Pulling": manifests, blobs, ranges (RFC 9110, section 14)."""

import pytest

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest

DATA = bytes(range(256)) * 40
DIGEST = digest_of(DATA)


@pytest.fixture
def blob(admin):
    admin.push_blob(DATA)
    return f"blobs/{DIGEST}"


def test_head_of_a_blob_tells_its_size_without_a_body(admin, blob):
    answer = admin.head(blob)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(DATA))
    assert answer.headers["Docker-Content-Digest"] == DIGEST


def test_get_of_a_blob_is_its_bytes(admin, blob):
    answer = admin.get(blob)
    assert (answer.status, answer.body) == (200, DATA)
    assert answer.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=10000-", 10000, 10239),
        ("bytes=10000-99999", 10000, 10239),
        ("bytes=-10", 10230, 10239),
        ("bytes=-99999", 0, 10239),
    ],
)
def test_one_range_is_206(admin, blob, text, first, last):
    answer = admin.get(blob, Range=text)
    assert (answer.status, answer.body) == (206, DATA[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/10240"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("text", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(admin, blob, text):
    answer = admin.get(blob, Range=text)
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */10240"


@pytest.mark.parametrize("text", ["bytes=5-1", "bytes=0-1,5-6", "items=0-1", "bytes=-", "nonsense"])
def test_a_range_that_is_none_is_ignored(admin, blob, text):
    answer = admin.get(blob, Range=text)
    assert (answer.status, answer.body) == (200, DATA)


def test_a_missing_blob_is_404(admin):
    assert admin.get(f"blobs/{digest_of(b'no')}").error == (404, "BLOB_UNKNOWN", "blob unknown to registry")
    answer = admin.head(f"blobs/{digest_of(b'no')}")
    assert (answer.status, answer.body) == (404, b"")


def test_a_manifest_is_served_by_tag_and_by_digest_byte_for_byte(admin):
    digest = admin.push_image("v1")
    for reference in ("v1", digest):
        answer = admin.get(f"manifests/{reference}")
        assert (answer.status, answer.body) == (200, image_manifest())
        assert answer.headers["Content-Type"] == OCI_MANIFEST
        assert answer.headers["Docker-Content-Digest"] == digest == digest_of(answer.body)


def test_head_of_a_manifest_tells_digest_type_and_size(admin):
    digest = admin.push_image("v1")
    answer = admin.head("manifests/v1")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Docker-Content-Digest"] == digest
    assert answer.headers["Content-Length"] == str(len(image_manifest()))


def test_a_missing_tag_is_404_in_awss_words(admin):
    assert admin.get("manifests/none").error == (404, "MANIFEST_UNKNOWN", "Requested image not found")


@pytest.mark.parametrize("reference", [".INVALID", "sha256:abc", digest_of(b"no")])
def test_a_reference_that_cannot_exist_does_not_exist(admin, reference):
    assert admin.get(f"manifests/{reference}").error[:2] == (404, "MANIFEST_UNKNOWN")
    assert admin.head(f"manifests/{reference}").status == 404


def test_several_accept_headers_on_one_request_are_understood(registry, admin):
    admin.push_image("v1")
    child = admin.push_image("")
    admin.put("manifests/all", index_manifest(child), Content_Type=OCI_INDEX)
    connection = admin._connection
    connection.putrequest("GET", "/v2/lab/app/manifests/all")
    connection.putheader("Authorization", admin.authorization)
    for media_type in ("application/vnd.docker.distribution.manifest.v2+json", OCI_INDEX, "*/*;q=0.1"):
        connection.putheader("Accept", media_type)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, OCI_INDEX)
    answer.read()
    assert registry.trail.events[-1].request["acceptedMediaTypes"][1] == OCI_INDEX


def test_a_connection_is_kept_over_many_requests(admin, blob):
    admin.get(blob)
    socket = admin._connection.sock
    admin.get(f"blobs/{digest_of(b'no')}")
    admin.put(f"manifests/{digest_of(b'x')}", b"not a manifest" * 1000)
    admin.get(blob)
    assert admin._connection.sock is socket


def test_an_unknown_path_and_an_unknown_method_are_refused(admin):
    assert admin.get("/v2/lab/app/nothing").status == 404
    answer = admin.send("POST", "tags/list")
    assert answer.error[:2] == (405, "UNSUPPORTED")
    assert answer.headers["Allow"] == "GET"
