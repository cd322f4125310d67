"""Attack and accident: the specification's own error, nothing changed, nothing leaked, never a 500."""

import hashlib
import http.client
import socket
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labs.cloud.registry.data_plane.messages import byte_range
from labs.cloud.registry.data_plane.paths import PathTarget, find_route
from labs.cloud.registry.rules import spelling
from tests.cloud.registry.lab_registry import OCI_MANIFEST, digest_of, image_manifest


def raw(host, request):
    """Send bytes as they are; the status of the answer."""
    with socket.create_connection(tuple(host.split(":")), timeout=60) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status


@pytest.mark.parametrize(
    "name",
    [
        "../../etc",
        "lab/../app",
        "lab/./app",
        "lab//app",
        "%2e%2e/%2e%2e/etc",
        "lab%2Fapp",
        "lab%00app",
        "LAB/app",
        "lab app",
        "%C3%A9",
        "a" * 257,
        "lab/app%0d%0aX: y",
    ],
)
@pytest.mark.parametrize(
    "rest",
    ["manifests/v1", "blobs/sha256:" + "0" * 64, "tags/list", "blobs/uploads/00000000-0000-0000-0000-000000000000"],
)
def test_a_repository_name_that_is_none_is_refused(registry, admin, name, rest):
    path = f"/v2/{name}/{rest}".replace(" ", "%20")
    answer = admin.send("GET", path)
    assert answer.error[:2] == (400, "NAME_INVALID")


@pytest.mark.parametrize("upload", ["..", "%2e%2e", "x", "0" * 36, "..%2f..%2fecr.sqlite3", "A" * 5000])
def test_an_upload_id_that_is_none_is_unknown(admin, upload):
    for method in ("GET", "PATCH", "DELETE"):
        assert admin.send(method, f"blobs/uploads/{upload}", b"").error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")
    assert admin.put(f"blobs/uploads/{upload}?digest={digest_of(b'')}").error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:..%2f..%2fecr.sqlite3",
        "sha256:abc",
        "sha256:" + "G" * 64,
        "sha256:" + "A" * 64,
        "sha1:" + "0" * 40,
        "md5:" + "0" * 32,
        "sha512:" + "0" * 64,
        "sha256:" + "0" * 65,
        "x",
        "a" * 4000,
    ],
)
def test_a_digest_that_is_none_is_refused_everywhere(admin, digest):
    assert admin.get(f"blobs/{digest}").error[:2] == (400, "DIGEST_INVALID")
    assert admin.head(f"blobs/{digest}").status == 400
    assert admin.get(f"referrers/{digest}").error[:2] == (400, "DIGEST_INVALID")
    assert admin.post(f"blobs/uploads/?digest={digest}", b"x").error[:2] == (400, "DIGEST_INVALID")
    assert admin.put(f"{admin.start()}?digest={digest}", b"x").error[:2] == (400, "DIGEST_INVALID")


def test_a_body_longer_than_promised_is_not_part_of_the_blob(registry, admin):
    location = admin.start()
    head = (
        f"PUT {location}?digest={digest_of(b'12345')} HTTP/1.1\r\nHost: x\r\nAuthorization: {admin.authorization}\r\n"
        "Content-Length: 5\r\nConnection: close\r\n\r\n"
    )
    assert raw(registry.host, head.encode() + b"12345GARBAGE") == 201
    assert admin.get(f"blobs/{digest_of(b'12345')}").body == b"12345"


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999999"])
def test_an_absurd_content_length_is_refused(registry, admin, length):
    head = (
        f"PATCH {admin.start()} HTTP/1.1\r\nHost: x\r\nAuthorization: {admin.authorization}\r\n"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    assert raw(registry.host, head.encode()) in (400, 413)


def promised(registry, admin, length, sent=b""):
    """The answer to a PUT that says how long its body is, sends so much of it, and leaves: status and body."""
    head = (
        f"PUT {admin.start()}?digest={digest_of(b'')} HTTP/1.1\r\nHost: x\r\nAuthorization: {admin.authorization}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    with socket.create_connection(tuple(registry.host.split(":")), timeout=60) as connection:
        connection.sendall(head.encode() + sent)
        connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def test_a_layer_over_ecrs_limit_is_refused_before_it_is_read(registry, admin):
    status, said = promised(registry, admin, (52_000 << 20) + 1)
    assert (status, b"SIZE_INVALID" in said) == (413, True)


def test_a_stream_over_ecrs_limit_is_cut_off(admin, monkeypatch):
    monkeypatch.setattr("labs.cloud.registry.store.uploads.MAX_LAYER", 3 << 20)
    location = admin.start()
    pieces = (b"x" * (1 << 20) for _ in range(3))
    assert admin.send("PATCH", location, pieces, {"Transfer-Encoding": "chunked"}).status == 202
    refused = admin.send("PATCH", location, iter([b"x"]), {"Transfer-Encoding": "chunked"})
    assert refused.error[:2] == (413, "SIZE_INVALID")


def test_a_broken_chunk_is_refused(registry, admin):
    head = (
        f"PATCH {admin.start()} HTTP/1.1\r\nHost: x\r\nAuthorization: {admin.authorization}\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nZZ\r\nnonsense\r\n"
    )
    assert raw(registry.host, head.encode()) == 400


def test_requests_sent_in_one_go_are_answered_in_order(registry, admin):
    """HTTP/1.1 pipelining."""
    admin.push_blob(b"layer")
    head = f"Host: x\r\nAuthorization: {admin.authorization}\r\n"
    one = f"GET /v2/lab/app/blobs/{digest_of(b'layer')} HTTP/1.1\r\n{head}\r\n"
    two = f"GET /v2/lab/app/tags/list HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    with socket.create_connection(tuple(registry.host.split(":")), timeout=60) as connection:
        connection.sendall((one + two).encode())
        text = b""
        while piece := connection.recv(65536):
            text += piece
    assert text.index(b"layer") < text.index(b'{"name":"lab/app"')


def test_a_client_that_waits_for_100_continue_gets_it(registry, admin):
    location = admin.start()
    head = (
        f"PUT {location}?digest={digest_of(b'layer')} HTTP/1.1\r\nHost: x\r\nAuthorization: {admin.authorization}\r\n"
        "Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(tuple(registry.host.split(":")), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(b"layer")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 201


def test_a_query_with_thousands_of_fields_hurts_nobody(admin):
    assert admin.post("blobs/uploads/?" + "&".join(f"f{n}=x" for n in range(2000))).status == 202


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#?"), min_size=0, max_size=40)
METHODS = st.sampled_from(["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"])
SHAPES = st.sampled_from(
    [
        "/v2/{}",
        "/v2/{}/manifests/{}",
        "/v2/lab/app/manifests/{}",
        "/v2/lab/app/blobs/{}",
        "/v2/lab/app/blobs/uploads/{}",
        "/v2/lab/app/blobs/uploads/?digest={}",
        "/v2/lab/app/blobs/uploads/?mount={}&from={}",
        "/v2/lab/app/tags/list?n={}&last={}",
        "/v2/lab/app/referrers/{}?artifactType={}",
        "/v2/_layers/lab/app/{}?X-Amz-Date={}",
        "/v2/_catalog?n={}",
    ]
)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(method=METHODS, shape=SHAPES, one=TEXT, two=TEXT, body=st.binary(max_size=200), kind=TEXT)
def test_no_request_makes_a_500_or_breaks_the_connection(admin, method, shape, one, two, body, kind):
    headers = {"Content-Type": kind, "Range": f"bytes={two}", "Content-Range": one} if kind else {}
    answer = admin.send(method, shape.format(one, two), body, headers)
    assert answer.status < 500
    assert admin.get("/v2/").status == 200


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just(digest_of(b"layer")),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "mediaType",
                        "config",
                        "layers",
                        "manifests",
                        "digest",
                        "size",
                        "subject",
                        "annotations",
                        "platform",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_no_manifest_makes_a_500(admin, document):
    import json

    answer = admin.put("manifests/fuzz", json.dumps(document).encode(), Content_Type=OCI_MANIFEST)
    assert answer.status in (201, 400, 405)


def test_a_manifest_of_a_thousand_absent_layers_is_refused_with_a_short_answer(admin):
    layers = [
        {"mediaType": "x", "digest": "sha256:" + hashlib.sha256(str(n).encode()).hexdigest(), "size": 1}
        for n in range(1000)
    ]
    answer = admin.put("manifests/v1", image_manifest(layers=layers), Content_Type=OCI_MANIFEST)
    assert answer.error[:2] == (400, "MANIFEST_BLOB_UNKNOWN")


@given(st.text(string.printable, max_size=60))
def test_whatever_passes_as_a_name_is_safe_in_a_path(text):
    if spelling.is_repository(text):
        assert ".." not in text
        assert not text.startswith("/")
        assert not text.endswith("/")
        assert text == text.lower()
    if spelling.is_digest(text) or spelling.is_upload(text) or spelling.is_tag(text):
        assert "/" not in text


@given(st.integers(0, 1000), st.text("bytes=-,0123456789 ", max_size=20))
def test_a_range_is_inside_the_content_or_refused(size, text):
    try:
        found = byte_range(text, size)
    except ValueError:
        return
    if found:
        assert 0 <= found[0] <= found[1] < size


@pytest.mark.parametrize(
    ("path", "target", "name", "reference"),
    [
        ("/v2", PathTarget.BASE, "", ""),
        ("/v2/team/blobs/tools/manifests/v1", PathTarget.MANIFEST, "team/blobs/tools", "v1"),
        ("/v2/a/manifests/b/blobs/sha256:0", PathTarget.BLOB, "a/manifests/b", "sha256:0"),
        ("/v2/uploads/blobs/uploads/", PathTarget.UPLOADS, "uploads", ""),
        ("/v2/tags/list/tags/list", PathTarget.TAGS, "tags/list", ""),
    ],
)
def test_paths_are_read_from_the_right(path, target, name, reference):
    route = find_route(path)
    assert (route.target, route.name, route.reference) == (target, name, reference)


@pytest.mark.parametrize("path", ["", "/", "/v1/", "/v2x", "/v2/lab/app", "/v2//manifests/x", "/v2/lab/app/tags/list/"])
def test_a_path_of_no_call_is_none(path):
    assert find_route(path) is None


def test_a_client_that_promises_much_and_leaves_costs_no_memory(registry, admin, capfd):
    status, said = promised(registry, admin, 40 << 30, b"beginning")
    assert (status, b"BLOB_UPLOAD_INVALID" in said) == (400, True)
    assert admin.get("/v2/").status == 200
    assert "MemoryError" not in capfd.readouterr().err
