"""What a request says about its signer, before anything is believed."""

import re
from dataclasses import dataclass

from labs.aws_texts import texts
from labs.cloud.contract import AwsError
from labs.cloud.identity.signatures.sigv4 import ALGORITHM
from labs.cloud.wire.request import HttpRequest

_DATE = re.compile(r"\d{8}\Z", re.ASCII)
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z\Z", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_REGION = re.compile(r"[a-z0-9-]{1,32}\Z")


@dataclass(frozen=True)
class Claim:
    """The parts of an Authorization header or of a presigned URL. ``expires`` is seconds, None for a header."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str
    timestamp: str
    token: str
    presigned: bool = False
    expires: int | None = None

    @property
    def scope(self) -> str:
        """The credential scope: date/region/service/aws4_request."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_claim(request: HttpRequest) -> Claim | None:
    """Read the claim; None when the request is not signed at all.

    Raises AwsError(IncompleteSignature) for a signature that is malformed; the gateway gives it the
    service family's own code.
    """
    authorization = request.headers.get("authorization", "")
    if authorization:
        return _from_header(request, authorization)
    if "AWSAccessKeyId" in request.query_values and "Signature" in request.query_values:
        raise AwsError(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        )
    if "X-Amz-Algorithm" in request.query_values or "X-Amz-Signature" in request.query_values:
        return _from_query(request)
    return None


def detail(id: str, /, **values: object) -> str:
    """AWS's words about the particular request, by the second part of the text's id."""
    return texts("signatures")[f"detail.{id}"].say(**values)


def _incomplete(id: str, /, **values: object) -> AwsError:
    return AwsError("IncompleteSignature", detail(id, **values))


def _from_header(request: HttpRequest, authorization: str) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise _incomplete("algorithm", algorithm=_shown(algorithm))
    fields = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if equals:
            fields[name] = value
    for needed in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(needed):
            raise _incomplete("no_part", part=needed)
    timestamp = request.headers.get("x-amz-date", "")
    if not timestamp:
        raise _incomplete("no_date")
    return _claim(
        fields["Credential"],
        fields["SignedHeaders"],
        fields["Signature"],
        timestamp,
        request.headers.get("x-amz-security-token", ""),
    )


def _from_query(request: HttpRequest) -> Claim:
    values = request.query_values
    for needed in ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"):
        if not values.get(needed):
            raise _incomplete("no_query_part", part=needed)
    if values["X-Amz-Algorithm"] != ALGORITHM:
        raise _incomplete("algorithm", algorithm=_shown(values["X-Amz-Algorithm"]))
    text = values.get("X-Amz-Expires", "900")
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 0 < int(text) <= 604800:
        raise _incomplete("expires")
    return _claim(
        credential=values["X-Amz-Credential"],
        signed=values["X-Amz-SignedHeaders"],
        signature=values["X-Amz-Signature"],
        timestamp=values["X-Amz-Date"],
        token=values.get("X-Amz-Security-Token", ""),
        expires=int(text),
    )


def _claim(
    credential: str, signed: str, signature: str, timestamp: str, token: str, expires: int | None = None
) -> Claim:
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request" or not all(parts):
        raise _incomplete("credential", credential=_shown(credential))
    key, date, region, service, _ = parts
    if not _DATE.match(date) or not _TIMESTAMP.match(timestamp):
        raise _incomplete("date")
    if not timestamp.startswith(date):
        raise AwsError(
            "SignatureDoesNotMatch",
            detail("scope_date", date=date, day=timestamp[:8], timestamp=timestamp),
            403,
        )
    if not _REGION.match(region) or not _HEX.match(signature):
        raise _incomplete("malformed")
    headers = signed.lower()
    if "host" not in headers.split(";"):
        raise AwsError("SignatureDoesNotMatch", detail("host"), 403)
    return Claim(
        access_key_id=key,
        date=date,
        region=region,
        service=service,
        signed_headers=headers,
        signature=signature,
        timestamp=timestamp,
        token=token,
        presigned=expires is not None,
        expires=expires,
    )


def _shown(text: str) -> str:
    """Client text safe to repeat in an error: short and printable."""
    return "".join(c for c in text[:80] if c.isprintable())
