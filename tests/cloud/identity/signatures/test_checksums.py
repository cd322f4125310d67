"""A checksum that comes with an object's bytes is looked at: in a header, in a trailer, of every kind."""

import base64
import hashlib
import zlib
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from labs.cloud.contract import AwsError
from labs.cloud.identity.signatures import chunked
from labs.cloud.identity.signatures.checksums import check_checksums
from labs.cloud.wire.request import HttpRequest

BODY = b"123456789"
# The check values of the catalogue of parametrised CRC algorithms (Greg Cook), and the standard library's.
SUMS = {
    "crc32": zlib.crc32(BODY).to_bytes(4, "big"),
    "crc32c": 0xE3069283.to_bytes(4, "big"),
    "crc64nvme": 0xAE8B14860A799888.to_bytes(8, "big"),
    "sha1": hashlib.sha1(BODY).digest(),
    "sha256": hashlib.sha256(BODY).digest(),
}


def _request(**headers):
    return HttpRequest("PUT", "/b/k", "", {name.replace("_", "-"): value for name, value in headers.items()}, BODY)


def _encoded(data):
    return base64.b64encode(data).decode()


@pytest.mark.unit
@pytest.mark.parametrize("where", ["header", "trailer"])
@pytest.mark.parametrize("kind", SUMS)
def test_a_checksum_that_is_not_that_of_the_bytes_is_refused(kind, where):
    def check(value):
        pairs = {f"x-amz-checksum-{kind}": value}
        check_checksums(_request(**(pairs if where == "header" else {})), pairs if where == "trailer" else {}, BODY)

    check(_encoded(SUMS[kind]))
    with pytest.raises(AwsError) as refused:
        check(_encoded(bytes(len(SUMS[kind]))))
    words = f"The {kind.upper()} you specified did not match the calculated checksum."
    assert (refused.value.code, refused.value.message) == ("BadDigest", words)


@pytest.mark.unit
def test_so_is_a_content_md5():
    check_checksums(_request(content_md5=_encoded(hashlib.md5(BODY).digest())), {}, BODY)
    with pytest.raises(AwsError, match="The Content-MD5 you specified did not match what we received"):
        check_checksums(_request(content_md5=_encoded(bytes(16))), {}, BODY)


@pytest.mark.unit
@pytest.mark.parametrize("value", ["", "AAAA", "not base64", "AAAAAAA=", "é"])
def test_what_is_no_checksum_is_refused(value):
    with pytest.raises(AwsError, match="Value for x-amz-checksum-crc32 header is invalid") as refused:
        check_checksums(_request(x_amz_checksum_crc32=value), {}, BODY)
    assert refused.value.code == "InvalidRequest"


@pytest.mark.unit
@pytest.mark.parametrize("size", ["", "-1", "+5", "0x5", "5 5", "f" * 150, "g"])
def test_a_chunk_of_another_size_is_refused(size):
    request = HttpRequest("PUT", "/b/k", "", {}, f"{size}\r\nhello\r\n0\r\n\r\n".encode())
    with pytest.raises(AwsError) as refused:
        chunked.joined(request, chunked.UNSIGNED_TRAILER, b"", SimpleNamespace(signature=""))
    assert refused.value.code == "IncompleteBody"


def test_an_sdks_upload_is_taken_and_one_with_a_wrong_trailer_changes_nothing(cloud, name):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=f"sums-{name}")
    s3.put_object(Bucket=f"sums-{name}", Key="k", Body=BODY, ChecksumAlgorithm="CRC32")
    events = s3.meta.events

    def spoil(request, **_):
        request.headers["x-amz-checksum-sha256"] = _encoded(bytes(32))

    events.register("before-sign.s3.PutObject", spoil)
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=f"sums-{name}", Key="k", Body=b"other")
    assert refused.value.response["Error"]["Code"] == "BadDigest"
    assert s3.get_object(Bucket=f"sums-{name}", Key="k")["Body"].read() == BODY
