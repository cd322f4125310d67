"""GetDownloadUrlForLayer's URL: on AWS a presigned S3 URL, here the same form on the registry's own port.

Form: the AWS CLI's example of get-download-url-for-layer. Works with a plain GET, without a token, for an hour.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

LIFE = timedelta(hours=1)
_TIME = "%Y%m%dT%H%M%SZ"


def download_url(host: str, name: str, digest: str, key: bytes, *, access_key: str, region: str, now: datetime) -> str:
    """A URL for one layer of one repository, good for ``LIFE`` from ``now``."""
    path = f"/v2/_layers/{name}/{digest}"
    fields = [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Date", now.strftime(_TIME)),
        ("X-Amz-SignedHeaders", "host"),
        ("X-Amz-Expires", str(int(LIFE.total_seconds()))),
        ("X-Amz-Credential", f"{access_key}/{now:%Y%m%d}/{region}/s3/aws4_request"),
    ]
    query = urlencode([*fields, ("X-Amz-Signature", _sign(key, path, fields))])
    return f"http://{host}{quote(path, safe='/:')}?{query}"


def refuse_download(path: str, query: str, key: bytes, now: datetime) -> tuple[str, str] | None:
    """S3's error code and message for a URL that is not, or no longer, good; None when it is."""
    fields = parse_qsl(query[:4096], keep_blank_values=True)
    signature = dict(fields).get("X-Amz-Signature", "")
    signed = [(name, value) for name, value in fields if name != "X-Amz-Signature"]
    if not hmac.compare_digest(signature.encode(), _sign(key, path, signed).encode()):
        words = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        )
        return "SignatureDoesNotMatch", words
    made = datetime.strptime(dict(signed)["X-Amz-Date"], _TIME).replace(tzinfo=UTC)
    if now >= made + timedelta(seconds=int(dict(signed)["X-Amz-Expires"])):
        return "AccessDenied", "Request has expired"
    return None


def _sign(key: bytes, path: str, fields: list[tuple[str, str]]) -> str:
    return hmac.new(key, f"GET\n{path}\n{urlencode(fields)}".encode(), hashlib.sha256).hexdigest()
