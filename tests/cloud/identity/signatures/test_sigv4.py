"""Signature Version 4 against the examples in AWS's own documentation."""

import hashlib
from datetime import UTC, datetime

import pytest

from labs.cloud.contract import AwsError
from labs.cloud.identity.signatures import SecretOnFile, chunked, read_claim, sigv4, verify
from labs.cloud.protocols.services import Family
from labs.cloud.wire.request import HttpRequest

# S3 API reference, "Signature Calculations": the documentation's example key.
S3_KEY = "AKIAIOSFODNN7EXAMPLE"
S3_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
S3_DAY = datetime(2013, 5, 24, 0, 0, 0, tzinfo=UTC)
# AWS General Reference, "Create a signed AWS API request".
IAM_KEY = "AKIDEXAMPLE"
IAM_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
IAM_DAY = datetime(2015, 8, 30, 12, 36, 0, tzinfo=UTC)


def find(access_key_id):
    return {S3_KEY: SecretOnFile(S3_SECRET), IAM_KEY: SecretOnFile(IAM_SECRET)}.get(access_key_id)


def s3(method, path, query, headers, signed, signature, body=b""):
    scope = f"{S3_KEY}/20130524/us-east-1/s3/aws4_request"
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        **headers,
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders={signed},Signature={signature}",
    }
    return HttpRequest(method, path, query, headers, body)


DOCUMENTED = {
    "IAM ListUsers": (
        HttpRequest(
            "GET",
            "/",
            "Action=ListUsers&Version=2010-05-08",
            {
                "host": "iam.amazonaws.com",
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
                "x-amz-date": "20150830T123600Z",
                "authorization": (
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                    "SignedHeaders=content-type;host;x-amz-date, "
                    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
                ),
            },
        ),
        Family.QUERY,
        IAM_DAY,
    ),
    "S3 GET object": (
        s3(
            "GET",
            "/test.txt",
            "",
            {"range": "bytes=0-9"},
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        Family.S3,
        S3_DAY,
    ),
    "S3 PUT object": (
        s3(
            "PUT",
            "/test%24file.text",
            "",
            {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            b"Welcome to Amazon S3.",
        ),
        Family.S3,
        S3_DAY,
    ),
    "S3 GET bucket lifecycle": (
        s3(
            "GET",
            "/",
            "lifecycle",
            {},
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        Family.S3,
        S3_DAY,
    ),
    "S3 list objects": (
        s3(
            "GET",
            "/",
            "max-keys=2&prefix=J",
            {},
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
        Family.S3,
        S3_DAY,
    ),
    "S3 presigned GET": (
        HttpRequest(
            "GET",
            "/test.txt",
            (
                "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
            ),
            {"host": "examplebucket.s3.amazonaws.com"},
        ),
        Family.S3,
        S3_DAY,
    ),
}


@pytest.mark.parametrize("example", DOCUMENTED)
def test_accepts_the_documented_signature(example):
    request, family, day = DOCUMENTED[example]
    assert verify(request, read_claim(request), family, find, day) == request


@pytest.mark.parametrize("example", DOCUMENTED)
def test_refuses_the_documented_request_once_a_byte_of_it_is_changed(example):
    request, family, day = DOCUMENTED[example]
    changed = HttpRequest(request.method, request.path + "x", request.query, request.headers, request.body)
    with pytest.raises(AwsError) as refusal:
        verify(changed, read_claim(changed), family, find, day)
    assert refusal.value.code == "SignatureDoesNotMatch"


def test_derives_the_documented_signing_key():
    # AWS General Reference, "Deriving the signing key": the worked example.
    key = sigv4.signing_key(IAM_SECRET, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)


def streamed(chunks=CHUNKS, letter=b"a"):
    """The documentation's upload of 66560 letters in chunks of 64 KiB."""
    body = b"".join(b"%x;chunk-signature=%s\r\n" % (n, s.encode()) + letter * n + b"\r\n" for n, s in chunks)
    signed = (
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
        "x-amz-decoded-content-length;x-amz-storage-class"
    )
    scope = f"{S3_KEY}/20130524/us-east-1/s3/aws4_request"
    headers = {
        "host": "s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": chunked.SIGNED,
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "content-length": "66824",
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders={signed},Signature={SEED}",
    }
    return HttpRequest("PUT", "/examplebucket/chunkObject.txt", "", headers, body)


def test_accepts_the_documented_chunked_upload_and_joins_it():
    request = streamed()
    assert len(request.body) == 66824
    seen = verify(request, read_claim(request), Family.S3, find, S3_DAY)
    assert seen.body == b"a" * 66560


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (streamed(letter=b"b"), "SignatureDoesNotMatch"),
        (streamed(CHUNKS[:1]), "IncompleteBody"),
        (streamed(CHUNKS[:1] + CHUNKS[2:]), "SignatureDoesNotMatch"),
    ],
    ids=["another byte", "no last chunk", "a chunk left out"],
)
def test_refuses_a_chunked_upload_that_was_tampered_with(request_, code):
    with pytest.raises(AwsError) as refusal:
        verify(request_, read_claim(request_), Family.S3, find, S3_DAY)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("path", "canonical"),
    [("", "/"), ("/", "/"), ("/a/./b/../c", "/a/c"), ("//a//b/", "/a/b/"), ("/..", "/"), ("/a%20b", "/a%2520b")],
)
def test_normalises_the_path_of_services_other_than_s3(path, canonical):
    assert sigv4.canonical_path(path, "iam") == canonical


@pytest.mark.parametrize("path", ["/b/../c", "//k", "/b/a%2Fb", "/b/a%20b%2Bc"])
def test_takes_the_path_of_s3_as_it_is(path):
    assert sigv4.canonical_path(path, "s3") == path.replace("%2F", "/")


def at(seconds):
    return datetime.fromtimestamp(IAM_DAY.timestamp() + seconds, UTC)


@pytest.mark.parametrize(
    ("family", "code"),
    [
        (Family.QUERY, "SignatureDoesNotMatch"),
        (Family.JSON, "InvalidSignatureException"),
        (Family.EC2, "RequestExpired"),
        (Family.S3, "RequestTimeTooSkewed"),
    ],
)
@pytest.mark.parametrize("seconds", [901, -901])
def test_refuses_a_clock_more_than_fifteen_minutes_off(family, code, seconds):
    request, _, _ = DOCUMENTED["IAM ListUsers"]
    with pytest.raises(AwsError) as refusal:
        verify(request, read_claim(request), family, find, at(seconds))
    assert refusal.value.code == code


@pytest.mark.parametrize("seconds", [899, -899])
def test_accepts_a_clock_less_than_fifteen_minutes_off(seconds):
    request, family, _ = DOCUMENTED["IAM ListUsers"]
    verify(request, read_claim(request), family, find, at(seconds))


def test_says_when_a_signature_expired():
    request, family, _ = DOCUMENTED["IAM ListUsers"]
    with pytest.raises(AwsError) as refusal:
        verify(request, read_claim(request), family, find, at(1800))
    assert refusal.value.message == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T125100Z (20150830T130600Z - 15 min.)"
    )


def test_refuses_a_presigned_url_after_its_end():
    request, family, _ = DOCUMENTED["S3 presigned GET"]
    end = datetime(2013, 5, 25, 0, 0, 1, tzinfo=UTC)
    with pytest.raises(AwsError) as refusal:
        verify(request, read_claim(request), family, find, end)
    assert (refusal.value.code, refusal.value.message, refusal.value.status) == (
        "AccessDenied",
        "Request has expired",
        403,
    )


def test_refuses_a_body_that_is_not_the_one_that_was_hashed():
    request, family, day = DOCUMENTED["S3 PUT object"]
    other = HttpRequest(request.method, request.path, request.query, request.headers, b"Welcome to Amazon S3!")
    with pytest.raises(AwsError) as refusal:
        verify(other, read_claim(other), family, find, day)
    assert refusal.value.code == "XAmzContentSHA256Mismatch"


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic QVdTOng=",
        "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
        "AWS4-HMAC-SHA256 Credential=A/B/C,SignedHeaders=host,Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/2015/us-east-1/iam/aws4_request,SignedHeaders=host,Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/iam/aws4_request,SignedHeaders=host,Signature=zz",
        "AWS4-HMAC-SHA256 Credential=A/20150830/../iam/aws4_request,SignedHeaders=host,Signature=" + "0" * 64,
    ],
)
def test_names_what_is_malformed_in_an_authorization_header(authorization):
    request = HttpRequest("GET", "/", "", {"authorization": authorization, "x-amz-date": "20150830T123600Z"})
    with pytest.raises(AwsError) as refusal:
        read_claim(request)
    assert refusal.value.code == "IncompleteSignature"


def test_a_host_that_is_not_signed_is_refused():
    request = HttpRequest(
        "GET",
        "/",
        "",
        {
            "authorization": (
                "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/iam/aws4_request,SignedHeaders=x-amz-date,Signature="
                + "0" * 64
            ),
            "x-amz-date": "20150830T123600Z",
        },
    )
    with pytest.raises(AwsError) as refusal:
        read_claim(request)
    assert refusal.value.code == "SignatureDoesNotMatch"
