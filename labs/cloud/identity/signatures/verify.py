"""Verify a claim against the secret on file, the clock and the body."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from labs.cloud.contract import AwsError
from labs.cloud.identity.signatures import chunked, sigv4
from labs.cloud.identity.signatures.checksums import check_checksums
from labs.cloud.identity.signatures.claim import Claim, detail
from labs.cloud.identity.signatures.signature_errors import SignatureRefusal, refusal
from labs.cloud.protocols.services import Family
from labs.cloud.wire.request import HttpRequest

SKEW = timedelta(minutes=15)


@dataclass(frozen=True)
class SecretOnFile:
    """What is on file for an access key id: its secret, its session token ("" for a user's key), its end."""

    secret: str
    token: str = ""
    expires: datetime | None = None


def verify(
    request: HttpRequest,
    claim: Claim,
    family: Family,
    find: Callable[[str], SecretOnFile | None],
    now: datetime,
    read: Callable[[], bytes] | None = None,
) -> HttpRequest:
    """Return the request with its body as the service is to see it (S3's streamed chunks joined).

    ``find`` answers None for an access key id that is unknown or inactive. ``read`` gives the body where the
    request has none yet; S3 signs the body's hash, so there it is called once the signature is known to be good.
    Raises AwsError with the family's own code and words.
    """
    _check_clock(claim, family, now)
    secret = find(claim.access_key_id)
    if secret is None:
        raise refusal(family, SignatureRefusal.UNKNOWN_KEY)
    if secret.token or claim.token:
        if not claim.token or not secret.token or not sigv4.same(claim.token, secret.token):
            raise refusal(family, SignatureRefusal.BAD_TOKEN)
        if secret.expires is not None and now >= secret.expires:
            raise refusal(family, SignatureRefusal.EXPIRED_TOKEN)
    payload = _declared(request, claim, family)
    if payload is None:
        request = _with_body(request, read)
        payload = _sha256(request.body)
    canonical = sigv4.canonical_request(
        request.method,
        request.path,
        request.query_pairs,
        request.headers,
        claim.signed_headers,
        payload,
        claim.service,
    )
    key = sigv4.signing_key(secret.secret, claim.date, claim.region, claim.service)
    expected = sigv4.signature(key, sigv4.string_to_sign(canonical, claim.timestamp, claim.scope))
    if not sigv4.same(expected, claim.signature):
        raise refusal(family, SignatureRefusal.WRONG_SIGNATURE)
    if family is not Family.S3:
        return request
    request = _with_body(request, read)
    if payload.startswith("STREAMING-"):
        body, trailers = chunked.joined(request, payload, key, claim)
        check_checksums(request, trailers, body)
        return replace(request, body=body)
    if payload not in (sigv4.UNSIGNED, _sha256(request.body)):
        raise AwsError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    check_checksums(request, {}, request.body)
    return request


def _with_body(request: HttpRequest, read: Callable[[], bytes] | None) -> HttpRequest:
    return request if read is None or request.body else replace(request, body=read())


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest() if body else sigv4.EMPTY_SHA256


def _declared(request: HttpRequest, claim: Claim, family: Family) -> str | None:
    """What stands for the body in the canonical request where a header says so, which S3 alone allows."""
    if family is not Family.S3:
        return None
    declared = request.headers.get("x-amz-content-sha256", "")
    if claim.presigned and not declared:
        return sigv4.UNSIGNED
    return declared or None


def _check_clock(claim: Claim, family: Family, now: datetime) -> None:
    try:
        signed = datetime.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise refusal(family, SignatureRefusal.INCOMPLETE, detail("date")) from error
    here = now.strftime("%Y%m%dT%H%M%SZ")
    if signed - now > SKEW:
        limit = (now + SKEW).strftime("%Y%m%dT%H%M%SZ")
        raise refusal(
            family,
            SignatureRefusal.SKEWED,
            detail("too_early", timestamp=claim.timestamp, limit=limit, now=here),
        )
    if claim.presigned:
        end = signed + timedelta(seconds=claim.expires or 0)
        if now > end:
            text = end.strftime("%Y%m%dT%H%M%SZ")
            raise refusal(family, SignatureRefusal.URL_EXPIRED, detail("url_expired", end=text, now=here))
        return
    if now - signed > SKEW:
        limit = (now - SKEW).strftime("%Y%m%dT%H%M%SZ")
        raise refusal(
            family,
            SignatureRefusal.SKEWED,
            detail("too_late", timestamp=claim.timestamp, limit=limit, now=here),
        )
