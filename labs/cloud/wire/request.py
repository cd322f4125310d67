"""One HTTP request as the gateway sees it: plain data, read once from WSGI."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from labs.cloud.contract import AwsError


@dataclass(frozen=True)
class HttpRequest:
    """Method, undecoded path and query, lower-case headers, whole body."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    remote: str = ""

    @cached_property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The query, decoded, in order; a name without "=" has the value ""."""
        return parse_qsl(self.query, keep_blank_values=True, encoding="utf-8", errors="replace")

    @cached_property
    def query_values(self) -> dict[str, str]:
        """The query as a mapping; the first of repeated names wins."""
        return dict(reversed(self.query_pairs))

    @cached_property
    def form(self) -> dict[str, str]:
        """A form body (AWS's query protocols), or the query string when the body is empty."""
        text = self.body.decode("utf-8", "replace") if self.body else self.query
        return dict(reversed(parse_qsl(text, keep_blank_values=True)))

    @property
    def content_type(self) -> str:
        """The media type without its parameters, lower case."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True)
class ApiCall:
    """One call of one operation: what authorisation, the stores and the trail work on.

    ``params`` are the operation's members as botocore names them; ``account`` is the caller's.
    """

    service: str
    operation: str
    region: str
    account: str
    params: Mapping[str, Any]
    http: HttpRequest
    read_only: bool = False


_BAD_PATH = re.compile(r"[\x00-\x1f\x7f]")


def read_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The request's headers with lower-case names."""
    headers = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:].replace("_", "-").lower()
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key.replace("_", "-").lower()
        else:
            continue
        try:
            # WSGI hands bytes over as Latin-1; AWS clients send UTF-8.
            headers[name] = value.encode("latin-1").decode("utf-8")
        except (UnicodeDecodeError, UnicodeEncodeError):
            headers[name] = value
    return headers


def from_environ(environ: Mapping[str, Any]) -> HttpRequest:
    """Read a request from WSGI without its body. Raises AwsError(InvalidURI)."""
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
    if raw.startswith(("http://", "https://")):
        raw = "/" + raw.split("/", 3)[3] if raw.count("/") >= 3 else "/"
    path = raw.split("?", 1)[0] or _quoted(environ.get("PATH_INFO", "/"))
    if _BAD_PATH.search(unquote(path)):
        raise AwsError("InvalidURI", "Couldn't parse the specified URI.", 400)
    return HttpRequest(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=environ.get("QUERY_STRING", ""),
        headers=read_headers(environ),
        remote=environ.get("REMOTE_ADDR", ""),
    )


def _quoted(path_info: str) -> str:
    return quote(path_info.encode("latin-1", "replace"), safe="/-_.~")


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON body: an object, in UTF-8, without lone surrogates. Raises AwsError(SerializationException)."""
    if not body:
        return {}
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_no_number)
        if _SURROGATE.search(text):  # only escaped ones can be in what was valid UTF-8
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", "The request body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "The request body is not a JSON object.")
    return value


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
