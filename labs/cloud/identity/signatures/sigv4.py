"""Signature Version 4: canonical request, string to sign, signature.

Source: AWS General Reference, "Create a signed AWS API request"; S3 API reference,
"Authenticating Requests (AWS Signature Version 4)". Pure: bytes and strings in, hex out.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_SPACES = re.compile(r" +")


@lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key derived for one day, region and service."""
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def canonical_path(path: str, service: str) -> str:
    """The path as it is signed: S3's as sent, every other service's normalised and encoded once more."""
    if service == "s3":
        return quote(unquote_to_bytes(path), safe="/-_.~") or "/"
    if path in ("", "/"):
        return "/"
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    slash = "/" if path.endswith("/") and kept else ""
    return quote("/" + "/".join(kept) + slash, safe="/-_.~")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values encoded, sorted by name, then by value; the signature itself is left out."""
    encoded = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in pairs if k != "X-Amz-Signature")
    return "&".join(f"{k}={v}" for k, v in encoded)


def canonical_request(
    method: str,
    path: str,
    pairs: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    signed_headers: str,
    payload_hash: str,
    service: str,
) -> str:
    """The six lines that both sides hash. ``headers`` have lower-case names."""
    lines = "".join(f"{name}:{_SPACES.sub(' ', headers.get(name, '').strip())}\n" for name in signed_headers.split(";"))
    return "\n".join(
        (method, canonical_path(path, service), canonical_query(pairs), lines, signed_headers, payload_hash)
    )


def string_to_sign(canonical: str, timestamp: str, scope: str) -> str:
    """Algorithm, time, scope and the hash of the canonical request."""
    return "\n".join((ALGORITHM, timestamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))


def signature(key: bytes, text: str) -> str:
    """Lower-case hex of the HMAC."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare without telling by time where two strings differ."""
    return hmac.compare_digest(left.encode(), right.encode())
