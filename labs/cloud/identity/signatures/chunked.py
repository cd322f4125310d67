"""S3's aws-chunked bodies: join the chunks, verify each chunk's signature and the trailer's.

Source: S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in
Multiple Chunks" and the page on trailing headers. Every SDK sends an object's body so; objects are what a task's
environmentFiles are read from.
"""

import hashlib

from labs.cloud.contract import AwsError
from labs.cloud.identity.signatures import sigv4
from labs.cloud.identity.signatures.claim import Claim
from labs.cloud.identity.signatures.signature_errors import SignatureRefusal, refusal
from labs.cloud.protocols.services import Family
from labs.cloud.wire.request import HttpRequest

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def joined(request: HttpRequest, kind: str, key: bytes, claim: Claim) -> tuple[bytes, dict[str, str]]:
    """The decoded body, and the trailers behind it by their names.

    Raises AwsError for a malformed body or a chunk whose signature is wrong.
    """
    if kind not in (SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER):
        raise AwsError("InvalidRequest", f"'{kind[:60]}' is not a payload kind that is served.", 400)
    data, position = request.body, 0
    chunks: list[bytes] = []
    previous = claim.signature
    while True:
        end = data.find(b"\r\n", position)
        if end < 0 or end - position > 200:
            raise _malformed()
        size, extension = _chunk_head(data[position:end])
        start = end + 2
        chunk = data[start : start + size]
        if len(chunk) < size:
            raise _malformed()
        if kind != UNSIGNED_TRAILER:
            previous = _check_chunk(chunk, extension, previous, key, claim)
        if size == 0:
            trailers = _trailers(data[start:]) if kind != SIGNED else {}
            if kind == SIGNED_TRAILER:
                _check_trailer(data[start:], previous, key, claim)
            break
        if data[start + size : start + size + 2] != b"\r\n":
            raise _malformed()
        chunks.append(chunk)
        position = start + size + 2
    body = b"".join(chunks)
    declared = request.headers.get("x-amz-decoded-content-length", "")
    if declared and declared != str(len(body)):
        raise _malformed()
    return body, trailers


def _trailers(tail: bytes) -> dict[str, str]:
    pairs = [line.decode("latin-1").partition(":") for line in tail.splitlines() if line]
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _malformed() -> AwsError:
    return AwsError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        400,
    )


def _chunk_head(line: bytes) -> tuple[int, str]:
    head, _, extension = line.partition(b";")
    try:
        if not head or any(c not in b"0123456789abcdefABCDEF" for c in head):
            raise ValueError(head)
        return int(head, 16), extension.decode("ascii")
    except ValueError as error:
        raise _malformed() from error


def _check_chunk(chunk: bytes, extension: str, previous: str, key: bytes, claim: Claim) -> str:
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256-PAYLOAD",
            claim.timestamp,
            claim.scope,
            previous,
            sigv4.EMPTY_SHA256,
            hashlib.sha256(chunk).hexdigest(),
        )
    )
    expected = sigv4.signature(key, text)
    if not sigv4.same(expected, extension.removeprefix("chunk-signature=")):
        raise refusal(Family.S3, SignatureRefusal.WRONG_SIGNATURE)
    return expected


def _check_trailer(tail: bytes, previous: str, key: bytes, claim: Claim) -> None:
    lines = [line for line in tail.replace(b"\r\n", b"\n").split(b"\n") if line]
    signed = [line for line in lines if not line.lower().startswith(b"x-amz-trailer-signature:")]
    given = next((line.partition(b":")[2].decode("ascii", "replace") for line in lines if line not in signed), "")
    canonical = b"".join(line + b"\n" for line in signed)
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256-TRAILER",
            claim.timestamp,
            claim.scope,
            previous,
            hashlib.sha256(canonical).hexdigest(),
        )
    )
    if not sigv4.same(sigv4.signature(key, text), given.strip()):
        raise refusal(Family.S3, SignatureRefusal.WRONG_SIGNATURE)
