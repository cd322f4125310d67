"""Hand one call to moto's own response class, in process, and take its answer as bytes."""

import importlib
import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import unquote_to_bytes

from labs.cloud.contract import AwsError
from labs.cloud.protocols.services import BY_NAME, ApiService, Protocol
from labs.cloud.wire import memory
from labs.cloud.wire.answer import HttpAnswer
from labs.cloud.wire.request import HttpRequest

log = logging.getLogger("labs.cloud")

Handler = Callable[[Any, str, Any], Any]


@dataclass(frozen=True)
class StoreRequest:
    """One call for moto, in a form that can be journaled and replayed exactly."""

    service: str
    operation: str
    account: str
    region: str
    access_key_id: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


# What moto reads from a request. Signatures and tokens stay outside, and so does x-moto-*: moto would let a caller
# choose its account with it.
_KEPT = (
    "content-type",
    "content-encoding",
    "content-md5",
    "x-amz-target",
    "user-agent",
    "range",
    "expect-bucket-owner",
)
_KEPT_BY_S3 = ("cache-control", "content-disposition", "content-language", "expires")
_FORM = ("application/x-www-form-urlencoded", "multipart/form-data")
_DROPPED = ("x-amz-content-sha256", "x-amz-security-token", "x-amz-decoded-content-length", "x-amz-date")


def store_request(
    service: ApiService, operation: str, account: str, region: str, key: str, http: HttpRequest
) -> StoreRequest:
    """Keep of an HTTP request what the store needs, and nothing secret that is not a parameter."""
    kept = {}
    for name, value in http.headers.items():
        amazon = name.startswith(("x-amz-", "if-")) and name not in _DROPPED
        if name in _KEPT or amazon or (service.protocol is Protocol.REST_XML and name in _KEPT_BY_S3):
            kept[name] = value
    if service.protocol is Protocol.REST_XML and kept.get("content-type", "").startswith(_FORM):
        # moto would take an object's bytes for a form and store nothing.
        kept["content-type"] = "binary/octet-stream"
    if "content-encoding" in kept:
        encodings = [part.strip() for part in kept["content-encoding"].split(",") if part.strip() != "aws-chunked"]
        kept.pop("content-encoding")
        if encodings:
            kept["content-encoding"] = ",".join(encodings)
    return StoreRequest(
        service=service.name,
        operation=operation,
        account=account,
        region=region,
        access_key_id=key,
        method=http.method,
        path=http.path,
        query=http.query,
        headers=kept,
        body=http.body,
    )


class MotoStore:
    """Loads a service on its first call (or when told to) and runs calls on it."""

    def __init__(self, prepare: Callable[[str], None]) -> None:
        """``prepare(service name)`` imports the service with its patches; it runs once for each."""
        self._prepare = prepare
        self._handlers: dict[str, Mapping[str, Handler]] = {}
        self._lock = Lock()

    def load(self, name: str) -> Mapping[str, Handler]:
        """Import a service, patched, and find its handlers."""
        found = self._handlers.get(name)
        if found is not None:
            return found
        with self._lock:
            if name not in self._handlers:
                self._prepare(name)
                urls = importlib.import_module(f"moto.{BY_NAME[name].module}.urls")
                self._handlers[name] = dict(urls.url_paths)
                memory.settle()
        return self._handlers[name]

    def run(self, request: StoreRequest) -> HttpAnswer:
        """Execute. Raises AwsError where moto has no such operation or stumbles over the request."""
        handlers = self.load(request.service)
        handler = _pick(handlers, request)
        moto_request = _moto_request(request)
        from werkzeug.exceptions import HTTPException

        try:
            status, headers, body = handler(moto_request, moto_request.raw_url, moto_request.headers)
        except HTTPException as error:
            status, headers, body = error.code or 400, dict(error.get_headers()), error.get_body()
        except NotImplementedError as error:
            raise NotServed(request.service, request.operation) from error
        except AwsError:
            raise
        except Exception as error:
            raise Stumbled(request, error) from error
        if request.service == "s3" and request.method in ("PUT", "POST") and int(status) in (400, 404) and not body:
            raise AwsError(*_s3_refusal(request))  # moto says nothing more about a document that it cannot read
        plain = _plain(headers)
        if request.method != "HEAD":
            plain.pop("content-length", None)
        return HttpAnswer(int(status), plain, body.encode() if isinstance(body, str) else bytes(body or b""))


class NotServed(AwsError):
    """An operation that AWS has and the local AWS does not."""

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            "UnsupportedOperation" if service == "ec2" else "UnknownOperationException",
            f"The local AWS does not serve {service}:{operation} (simulated wording).",
        )


class Stumbled(AwsError):
    """moto raised something that is not an AWS error; its store may have changed, and is put back after a write."""

    def __init__(self, request: StoreRequest, error: Exception) -> None:
        # Its text may quote a parameter, and a parameter may be a secret.
        log.warning("%s %s: the store raised %s", request.service, request.operation, type(error).__name__)
        if request.service == "s3":
            super().__init__(*_s3_refusal(request))
            return
        super().__init__(
            "InvalidParameterValue" if request.service in ("ec2", "iam", "sts") else "ValidationException",
            f"The local AWS could not carry out {request.service}:{request.operation} with these parameters. "
            "(simulated wording)",
        )


def _s3_refusal(request: StoreRequest) -> tuple[str, str]:
    """Code and words of the S3 API reference, "Error responses": what S3's calls can be wrong in is their document."""
    if request.body:
        return (
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    if request.method in ("PUT", "POST"):
        return "MissingRequestBodyError", "Request Body is empty"
    return "InvalidRequest", f"The local AWS could not carry out s3:{request.operation}. (simulated wording)"


def _pick(handlers: Mapping[str, Handler], request: StoreRequest) -> Handler:
    if request.service != "s3":
        return next(iter(handlers.values()))
    parts = request.path.lstrip("/").split("/", 1)
    if not parts[0]:
        return handlers["{0}/$"]
    if len(parts) == 1 or not parts[1]:
        return handlers["{0}/(?P<key_or_bucket_name>[^/]+)$"]
    return handlers["{0}/(?P<bucket_name_path>[^/]+)/(?P<key_name>.+)"]


def _moto_request(request: StoreRequest) -> Any:
    from moto.core.request import Request

    service = BY_NAME[request.service]
    host = f"{service.signing}.{request.region}.amazonaws.com"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "RAW_URI": request.path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.version": (1, 0),
        "wsgi.errors": None,
        "CONTENT_LENGTH": str(len(request.body)),
        # moto reads the account and the key from these two, so they are set here and nowhere else.
        "HTTP_X_MOTO_ACCOUNT_ID": request.account,
        "HTTP_AUTHORIZATION": (
            f"AWS4-HMAC-SHA256 Credential={request.access_key_id}/20260101/"
            f"{request.region}/{service.signing}/aws4_request"
        ),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.encode().decode("latin-1")
    return Request(environ)


def _plain(headers: Any) -> dict[str, str]:
    return {
        str(name).lower(): str(value)
        for name, value in dict(headers or {}).items()
        if str(name).lower() not in ("status", "connection", "server", "date", "transfer-encoding")
    }
