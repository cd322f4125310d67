"""A registry over HTTP, one connection, with containerd's way of asking and containerd's words when refused.

Source: the OCI distribution specification 1.1; containerd core/remotes/docker (pusher.go, authorizer.go) and
core/remotes/errors for the wording. Plain HTTP for this machine (127.0.0.0/8, localhost), HTTPS for everything else.
"""

import contextlib
import http.client
import ipaddress
import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from labs.engine.embedded.docker_credentials import DockerLogins, Login
from labs.engine.embedded.reference import HUB
from labs.errors import LabError
from labs.printable import printable

TRIES = 4
WAIT_S = 0.25  # doubled after each try
TIMEOUT_S = 60.0
REDIRECTS = 5
_DOCUMENT = 8 << 20


class RegistryError(LabError):
    """The registry could not be reached, or answered what the caller cannot use."""


class StatusError(RegistryError):
    """An answer that ends a push or pull; ``status`` is its number, ``detail`` the registry's own words or ""."""

    def __init__(self, method: str, url: str, status: str, detail: str = "", before: str = "") -> None:
        words = f"{before}unexpected status from {method} request to {url}: {status}"
        super().__init__(words + (f"\n{detail}" if detail else ""), id="registry-refused")
        self.status, self.detail = int(status.split(" ")[0]), detail


class Unauthorized(RegistryError):
    """No usable credentials; the words are containerd's."""


@dataclass(frozen=True)
class RegistryResponse:
    """A response; ``body`` is read from once, by the caller."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: http.client.HTTPResponse
    method: str
    url: str

    @property
    def line(self) -> str:
        return f"{self.status} {self.reason}".strip()

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    def read(self, limit: int = _DOCUMENT) -> bytes:
        """The whole body; RegistryError when it is longer than a document may be."""
        data = self.body.read(limit + 1)
        if len(data) > limit:
            raise RegistryError(f"{self.url} answered more than {limit} bytes.", id="registry-answer-too-long")
        return data

    def error(self) -> StatusError:
        """This answer as an error, with what the body says; a HEAD has no body."""
        detail = registry_words(self.read()) if self.method != "HEAD" else ""
        return StatusError(self.method, self.url, self.line, detail)


def registry_words(body: bytes) -> str:
    """The first error of a registry's error document as containerd prints it: ``denied: User: ...``."""
    try:
        first = json.loads(body)["errors"][0]
        code, message = str(first["code"]), str(first.get("message") or "")
    except (ValueError, LookupError, TypeError):
        return ""
    return printable(f"{code.lower().replace('_', ' ')}: {message}")


@dataclass(frozen=True)
class Upload:
    """A request body: its size and how to open it, again for every try."""

    size: int
    open: Callable[[], BinaryIO]


class RegistryClient:
    """One registry host; anonymous until it asks for credentials."""

    def __init__(self, host: str, credentials: DockerLogins | Login | None) -> None:
        self.host = host
        self._server = "registry-1.docker.io" if host == HUB else host
        self.scheme = "http" if is_local(host) else "https"
        self._credentials = credentials
        self._authorization = ""
        self._connection: http.client.HTTPConnection | None = None

    def url(self, path: str) -> str:
        """The full URL of a path under this registry."""
        return f"{self.scheme}://{self._server}{path}"

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def login(self) -> Login | None:
        """The credentials for this host, None when there are none."""
        if isinstance(self._credentials, DockerLogins):
            return self._credentials.find(self.host)
        return self._credentials

    def request(
        self, method: str, where: str, headers: Mapping[str, str] | None = None, upload: Upload | None = None
    ) -> RegistryResponse:
        """Send one request to a path or URL of this registry; authorises when asked, retries 5xx and lost connections.

        Any status may come back, 401 only when the credentials were refused. Unauthorized when the registry wants
        credentials and there are none; RegistryError when it cannot be reached.
        """
        url = where if "://" in where else self.url(where)
        asked = False
        for attempt in range(TRIES):
            if attempt:
                time.sleep(WAIT_S * 2 ** (attempt - 1))
            last = attempt == TRIES - 1
            try:
                answer = self._once(method, url, headers or {}, upload)
                if answer.status == 401 and not asked:
                    asked = True
                    if self._authorize(answer):
                        answer = self._once(method, url, headers or {}, upload)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if last:
                    verb, words = method.capitalize(), network_words(error, self._server)
                    raise RegistryError(
                        f'failed to do request: {verb} "{url}": {words}', self._remedy(), id="registry-request-failed"
                    ) from error
                continue
            if answer.status < 500 or last:
                return answer
            answer.read()
        raise AssertionError("unreachable")

    def _remedy(self) -> str:
        if self.scheme == "http":
            return "see whether the local AWS is running: labs doctor"
        if self.host.endswith(".amazonaws.com"):
            return "see whether this machine reaches it; the local AWS has the name of its own account and Region alone"
        return "see whether this machine can reach the registry, then try again"

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], upload: Upload | None, hops: int = 0
    ) -> RegistryResponse:
        split = urllib.parse.urlsplit(url)
        own = (split.scheme, split.netloc) == (self.scheme, self._server)
        connection = self._connect() if own else connect(split.scheme, split.netloc)
        send = {"User-Agent": "fargate-lab-kit", **headers}
        if not own:
            send["Connection"] = "close"
        elif self._authorization:  # never sent to where a redirect leads
            send["Authorization"] = self._authorization
        if upload or method in ("POST", "PUT"):
            send["Content-Length"] = str(upload.size if upload else 0)
        target = urllib.parse.urlunsplit(("", "", split.path or "/", split.query, ""))
        body = upload.open() if upload else None
        try:
            connection.request(method, target, body=body, headers=send)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the registry may have answered before it read everything: the answer says why
        finally:
            if body:
                body.close()
        response = connection.getresponse()
        found = dict(response.getheaders())
        answer = RegistryResponse(response.status, response.reason, found, response, method, url)
        if method == "GET" and response.status in (301, 302, 303, 307, 308) and answer.header("Location"):
            answer.read()
            onward = urllib.parse.urljoin(url, answer.header("Location"))
            split = urllib.parse.urlsplit(onward)
            if hops == REDIRECTS or (split.scheme != "https" and not is_local(split.netloc)):
                raise RegistryError(
                    f"{url} redirects too often, or to a place without https.", id="registry-redirects-too-often"
                )
            return self._once(method, onward, headers, None, hops + 1)
        if own and response.will_close:
            self._connection = None
        return answer

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = connect(self.scheme, self._server)
        return self._connection

    def _authorize(self, answer: RegistryResponse) -> bool:
        """Take up the challenge of a 401; Unauthorized when there is nothing to answer it with."""
        challenge = answer.header("Www-Authenticate")
        answer.read()
        login = self.login()
        if challenge.lower().startswith("bearer"):
            self._authorization = f"Bearer {_token(challenge, login)}"
            return True
        if login is None:
            raise Unauthorized(
                "authorization failed: no basic auth credentials", f"docker login {self.host}", id="no-registry-login"
            )
        refused = self._authorization == login.basic
        self._authorization = login.basic
        return not refused


def _token(challenge: str, login: Login | None) -> str:
    """A bearer token from the realm that a challenge names (the distribution token specification)."""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = fields.pop("realm", "")
    if not realm.startswith("https://") and not is_local(urllib.parse.urlsplit(realm).netloc):
        raise Unauthorized(
            f"failed to authorize: the token server {realm} is not reached over https", id="token-server-without-https"
        )
    query = urllib.parse.urlencode({key: fields[key] for key in ("service", "scope") if key in fields})
    headers = {"Authorization": login.basic} if login else {}
    split = urllib.parse.urlsplit(realm)
    connection = connect(split.scheme, split.netloc)
    with contextlib.closing(connection):
        connection.request("GET", f"{split.path}?{query}", headers=headers)
        response = connection.getresponse()
        data = response.read(_DOCUMENT)
        if response.status != 200:
            words = (
                f"failed to authorize: failed to fetch anonymous token: unexpected status from GET request to {realm}"
            )
            raise Unauthorized(f"{words}: {response.status} {response.reason}", id="no-anonymous-token")
    try:
        document = json.loads(data)
        return str(document.get("token") or document["access_token"])
    except (ValueError, LookupError, AttributeError):
        raise Unauthorized(
            f"failed to authorize: the token server {realm} gave no token", id="token-server-gave-no-token"
        ) from None


def connect(scheme: str, netloc: str) -> http.client.HTTPConnection:
    """A connection, through the proxy that the environment names for hosts that are not this machine."""
    proxy = urllib.request.getproxies().get(scheme, "") if not is_local(netloc) else ""
    host = netloc.rpartition("@")[2]
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    if not proxy or urllib.request.proxy_bypass(host.partition(":")[0]):
        return kind(host, timeout=TIMEOUT_S, blocksize=1 << 20)
    through = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    connection = kind(through.hostname or "", through.port, timeout=TIMEOUT_S, blocksize=1 << 20)
    connection.set_tunnel(host)
    return connection


def is_local(host: str) -> bool:
    """Whether a host is this machine: those are spoken to in plain HTTP, as Docker does."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    name = name.strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def network_words(error: Exception, host: str) -> str:
    """What went wrong on the wire, in the words that Go programs use."""
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {host}: connect: connection refused"
    if isinstance(error, http.client.RemoteDisconnected | http.client.IncompleteRead):
        return "EOF"
    if isinstance(error, ConnectionResetError):
        return "read: connection reset by peer"
    if isinstance(error, TimeoutError):
        return f"dial tcp {host}: i/o timeout"
    if "Name or service not known" in str(error) or "getaddrinfo failed" in str(error):
        return f"dial tcp: lookup {host.partition(':')[0]}: no such host"
    return str(error) or type(error).__name__
