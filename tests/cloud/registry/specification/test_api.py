"""OCI distribution specification 1.1, "API": support, every endpoint of its table, and the error codes."""

import json
import re

import pytest

from tests.cloud.registry.lab_registry import OCI_MANIFEST, digest_of, image_manifest

DATA = b"some bytes"
DIGEST, ABSENT = digest_of(DATA), digest_of(b"absent")


def test_the_base_is_200(admin):
    """Determining Support: If the response is 200 OK, then the registry implements this specification."""
    assert [admin.get(path).status for path in ("/v2/", "/v2")] == [200, 200]


def test_the_base_without_a_token_is_401(registry):
    """Determining Support: This endpoint MAY be used for authentication/authorization purposes."""
    answer = registry.client("").get("/v2/")
    assert answer.status == 401
    assert answer.headers["Www-Authenticate"].startswith('Basic realm="')


# The table of "Endpoints": its id, the call, its success and its failures.
ENDPOINTS = [
    ("end-2", "GET", f"blobs/{DIGEST}", 200, f"blobs/{ABSENT}", 404),
    ("end-2", "HEAD", f"blobs/{DIGEST}", 200, f"blobs/{ABSENT}", 404),
    ("end-3", "GET", "manifests/v1", 200, "manifests/absent", 404),
    ("end-3", "HEAD", "manifests/v1", 200, f"manifests/{ABSENT}", 404),
    ("end-4a", "POST", "blobs/uploads/", 202, "/v2/nowhere/blobs/uploads/", 404),
    ("end-4b", "POST", f"blobs/uploads/?digest={DIGEST}", 201, f"blobs/uploads/?digest={ABSENT}", 400),
    ("end-5", "PATCH", "{upload}", 202, "blobs/uploads/00000000-0000-4000-8000-000000000000", 404),
    ("end-6", "PUT", f"{{upload}}?digest={DIGEST}", 201, f"{{upload}}?digest={ABSENT}", 400),
    ("end-7", "PUT", "manifests/v2", 201, "/v2/nowhere/manifests/v2", 404),
    ("end-8a", "GET", "tags/list", 200, "/v2/nowhere/tags/list", 404),
    ("end-8b", "GET", "tags/list?n=1&last=a", 200, "/v2/nowhere/tags/list?n=1&last=a", 404),
    ("end-9", "DELETE", "manifests/v1", 202, "manifests/absent", 404),
    ("end-10", "DELETE", f"blobs/{DIGEST}", 405, f"blobs/{ABSENT}", 405),
    ("end-11", "POST", f"blobs/uploads/?mount={DIGEST}&from=lab/app", 202, "/v2/nowhere/blobs/uploads/?mount=x", 404),
    ("end-12a", "GET", f"referrers/{DIGEST}", 200, "referrers/x", 400),
    ("end-12b", "GET", f"referrers/{DIGEST}?artifactType=a/b", 200, "/v2/nowhere/referrers/" + DIGEST, 404),
    ("end-13", "GET", "{upload}", 204, "blobs/uploads/x", 404),
    ("end-14", "DELETE", "{upload}", 204, "blobs/uploads/x", 404),
]


@pytest.mark.parametrize(
    ("method", "good", "success", "bad", "failure"),
    [row[1:] for row in ENDPOINTS],
    ids=[f"{row[0]} {row[1]}" for row in ENDPOINTS],
)
def test_every_endpoint_has_its_success_and_its_failure(admin, method, good, success, bad, failure):
    """Endpoints: the table's columns Success and Failure."""
    admin.push_blob(DATA)
    admin.push_image("v1")
    body = image_manifest() if "manifests/" in good and method == "PUT" else DATA
    headers = {"Content-Type": OCI_MANIFEST} if body != DATA else {}
    body = body if method in ("POST", "PATCH", "PUT") else None
    wrong = admin.send(method, bad.format(upload=admin.start()), body, headers)
    assert wrong.status == failure
    assert admin.send(method, good.format(upload=admin.start()), body, headers).status == success
    if method != "HEAD":
        # "If the response body is in JSON format, it MUST have the following format"
        for error in wrong.json["errors"]:
            assert re.fullmatch("[A-Z_]+", error["code"])
            assert error["message"]


def codes(registry, admin):
    """One bad request for each code of the table that a request can bring about: code -> answer."""
    admin.push_blob(DATA)
    upload = admin.start()
    return {
        "BLOB_UNKNOWN": admin.get(f"blobs/{ABSENT}"),
        "BLOB_UPLOAD_INVALID": admin.patch(upload, b"x", Content_Range="5-5"),
        "BLOB_UPLOAD_UNKNOWN": admin.get("blobs/uploads/none"),
        "DIGEST_INVALID": admin.put(f"{upload}?digest={ABSENT}", DATA),
        "MANIFEST_BLOB_UNKNOWN": admin.put("manifests/v1", image_manifest(b"?"), Content_Type=OCI_MANIFEST),
        "MANIFEST_INVALID": admin.put("manifests/v1", b" " * 4_194_305, Content_Type=OCI_MANIFEST),
        "MANIFEST_UNKNOWN": admin.get("manifests/none"),
        "NAME_INVALID": admin.get("/v2/UPPER/tags/list"),
        "NAME_UNKNOWN": admin.get("/v2/nowhere/tags/list"),
        "SIZE_INVALID": admin.patch(admin.start(), b"xyz", Content_Range="0-1"),
        "DENIED": registry.allow("nobody", "s3:GetObject").get("tags/list"),
        "UNSUPPORTED": admin.send("DELETE", "tags/list"),
    }


def test_every_bad_request_has_the_specifications_code(registry, admin):
    """Error Codes: The code field MUST be one of the following. (401 has ECR's own body; nothing is throttled here.)"""
    for code, answer in codes(registry, admin).items():
        assert 400 <= answer.status < 500, code
        assert answer.json["errors"][0]["code"] == code
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert json.loads(answer.body).keys() == {"errors"}
