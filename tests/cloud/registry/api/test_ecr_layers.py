"""The ECR API on layers: a push and a pull without the registry's HTTP, and the URL of a layer."""

import base64
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from tests.cloud.registry.lab_registry import digest_of

MIB = 1 << 20
REPOSITORY = {"repositoryName": "lab/app"}
OUT_OF_ORDER = (
    "InvalidLayerPartException",
    (
        "The layer part size is not valid, or the first byte specified is not consecutive "
        "to the last byte of a previous layer part upload."
    ),
)


@pytest.fixture
def upload(registry):
    """An upload of lab/app: send(first, data), finish(digest)."""
    begun = registry.call("InitiateLayerUpload", **REPOSITORY)
    assert begun["partSize"] == 20_971_520
    identity = {**REPOSITORY, "uploadId": begun["uploadId"]}

    class Upload:
        def send(self, first, data, last=None):
            end = first + len(data) - 1 if last is None else last
            blob = base64.b64encode(data).decode()
            return {"partFirstByte": first, "partLastByte": end, "layerPartBlob": blob, **identity}

        def finish(self, *digests):
            return {"layerDigests": list(digests), **identity}

    return Upload()


def read(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_layer_in_parts_is_served_by_the_registry(registry, admin, upload):
    data = bytes(range(256)) * (6 * MIB // 256)
    one = registry.call("UploadLayerPart", **upload.send(0, data[: 5 * MIB]))
    assert one["lastByteReceived"] == 5 * MIB - 1
    registry.call("UploadLayerPart", **upload.send(5 * MIB, data[5 * MIB :]))
    assert registry.call("CompleteLayerUpload", **upload.finish(digest_of(data)))["layerDigest"] == digest_of(data)
    assert admin.get(f"blobs/{digest_of(data)}").body == data


def test_parts_must_follow_each_other(registry, upload):
    registry.call("UploadLayerPart", **upload.send(0, b"12345"))
    for first in (0, 4, 6):
        assert registry.refused("UploadLayerPart", **upload.send(first, b"678")) == OUT_OF_ORDER


def test_a_part_must_be_as_long_as_it_says(registry, upload):
    assert registry.refused("UploadLayerPart", **upload.send(0, b"12345", last=9)) == OUT_OF_ORDER


def test_a_part_has_at_most_20971520_bytes(registry, upload):
    assert registry.refused("UploadLayerPart", **upload.send(0, bytes(20_971_521))) == OUT_OF_ORDER
    assert registry.call("UploadLayerPart", **upload.send(0, bytes(20_971_520)))["lastByteReceived"] == 20_971_519


def test_only_the_last_part_may_be_under_five_mebibytes(registry, upload):
    registry.call("UploadLayerPart", **upload.send(0, b"short"))
    registry.call("UploadLayerPart", **upload.send(5, b"er"))
    assert registry.refused("CompleteLayerUpload", **upload.finish(digest_of(b"shorter"))) == (
        "LayerPartTooSmallException",
        "Layer parts must be at least 5 MiB in size.",
    )


def test_what_is_no_base64_is_refused(registry, upload):
    part = {**upload.send(0, b"12345"), "layerPartBlob": "***"}
    assert registry.refused("UploadLayerPart", **part)[0] == "InvalidParameterException"


def test_an_upload_without_parts_is_empty(registry, upload):
    assert registry.refused("CompleteLayerUpload", **upload.finish(digest_of(b"")))[0] == "EmptyUploadException"


def test_a_wrong_digest_is_an_invalid_layer(registry, upload):
    registry.call("UploadLayerPart", **upload.send(0, b"layer"))
    assert registry.refused("CompleteLayerUpload", **upload.finish(digest_of(b"x")))[0] == "InvalidLayerException"


def test_a_layer_that_is_there_already_is_an_error_here(registry, admin, upload):
    admin.push_blob(b"layer")
    registry.call("UploadLayerPart", **upload.send(0, b"layer"))
    code, _ = registry.refused("CompleteLayerUpload", **upload.finish(digest_of(b"layer")))
    assert code == "LayerAlreadyExistsException"


def test_an_upload_belongs_to_its_repository(registry, upload):
    registry.call("CreateRepository", repositoryName="lab/other")
    part = {**upload.send(0, b"layer"), "repositoryName": "lab/other"}
    assert registry.refused("UploadLayerPart", **part)[0] == "UploadNotFoundException"


def test_availability_is_told_for_each_digest(registry, admin):
    admin.push_image("v1")
    there, absent = digest_of(b"layer"), digest_of(b"absent")
    answer = registry.call("BatchCheckLayerAvailability", **REPOSITORY, layerDigests=[there, absent, "bogus", ""])
    assert answer["layers"] == [
        {
            "layerDigest": there,
            "layerAvailability": "AVAILABLE",
            "layerSize": 5,
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
        },
        {"layerDigest": absent, "layerAvailability": "UNAVAILABLE"},
    ]
    assert [failure["failureCode"] for failure in answer["failures"]] == [
        "InvalidLayerDigest",
        "MissingLayerDigest",
    ]


def test_the_url_of_a_layer_works_with_a_plain_get(registry, admin):
    admin.push_image("v1")
    url = registry.call("GetDownloadUrlForLayer", **REPOSITORY, layerDigest=digest_of(b"layer"))["downloadUrl"]
    assert url.startswith(f"http://{registry.host}/v2/")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert read(url) == (200, b"layer")


def test_the_url_of_a_layer_ends_after_an_hour(registry, admin):
    admin.push_image("v1")
    url = registry.call("GetDownloadUrlForLayer", **REPOSITORY, layerDigest=digest_of(b"layer"))["downloadUrl"]
    registry.clock.ahead = timedelta(minutes=59)
    assert read(url)[0] == 200
    registry.clock.ahead = timedelta(minutes=61)
    status, body = read(url)
    assert status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=3600", "X-Amz-Expires=999999"),
        ("lab/app", "lab/other"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("&X-Amz-Signature", "&X-Amz-Nothing"),
        ("?", "?x="),
    ],
)
def test_a_changed_url_opens_nothing(registry, admin, old, new):
    registry.call("CreateRepository", repositoryName="lab/other")
    admin.push_image("v1")
    url = registry.call("GetDownloadUrlForLayer", **REPOSITORY, layerDigest=digest_of(b"layer"))["downloadUrl"]
    status, body = read(url.replace(old, new, 1))
    assert status == 403
    assert b"SignatureDoesNotMatch" in body


def test_only_layers_of_an_image_have_a_url(registry, admin):
    loose = admin.push_blob(b"loose")
    assert (
        registry.refused("GetDownloadUrlForLayer", **REPOSITORY, layerDigest=loose)[0] == "LayerInaccessibleException"
    )
    absent = digest_of(b"absent")
    assert registry.refused("GetDownloadUrlForLayer", **REPOSITORY, layerDigest=absent)[0] == "LayersNotFoundException"
