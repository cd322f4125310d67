"""The kit as GitHub's token issuer: a key pair, its public half where the local AWS looks, and an endpoint for jobs.

Sources: GitHub docs, "OpenID Connect reference" (header, claims); actions/toolkit, ``oidc-utils.ts`` (how a job asks:
a bearer token, ``&audience=``, ``{"value": ...}``); RFC 7517 and 7638 (the key set and the key's id). A token's times
are those of GitHub's published example: valid from ten minutes before to five minutes after it was made.
"""

import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from labs.errors import LabError
from labs.files import make_folder, read_json, write_json
from labs.locks import waited
from labs.workflow.identity import ISSUER

_BEFORE_S, _AFTER_S = 600, 300
_PATH = "/idtoken"
_VERSION = "api-version=2.0"


@dataclass(frozen=True)
class SigningKey:
    """An RSA key that signs tokens (RS256); ``id`` is its thumbprint."""

    id: str
    pem: str = field(repr=False)
    public: Mapping[str, str]

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed JWT."""
        import jwt

        return jwt.encode(dict(claims), self.pem, algorithm="RS256", headers={"kid": self.id, "typ": "JWT"})


def signing_key(home: Path) -> SigningKey:
    """The key of this lab home, made once; a private file that never leaves it. LabError when it cannot be kept."""
    folder = make_folder(home / "workflow")
    file = folder / "issuer-key.json"
    with waited(folder / "issuer-key.lock"):
        kept = read_json(file)
        if kept is None:
            kept = _new_key()
            write_json(file, kept)
    try:
        return SigningKey(str(kept["id"]), str(kept["pem"]), {str(k): str(v) for k, v in kept["public"].items()})
    except (KeyError, TypeError, AttributeError) as error:
        raise LabError(
            f"The token issuer's key {file} is damaged.", f"remove it: rm {file}", id="issuer-key-damaged"
        ) from error


def _new_key() -> dict[str, Any]:
    import jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    needed = {name: public[name] for name in ("e", "kty", "n")}
    return {"id": _thumbprint(needed), "pem": pem, "public": needed}


def _thumbprint(public: Mapping[str, str]) -> str:
    """RFC 7638: SHA-256 over the required members, sorted, without spaces."""
    import base64
    import hashlib

    text = json.dumps(dict(sorted(public.items())), separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def publish(key: SigningKey, state: Path) -> None:
    """Write the public key where the local AWS with that state folder looks for GitHub's."""
    name = quote(ISSUER.removeprefix("https://"), safe="")
    entry = {**key.public, "alg": "RS256", "use": "sig", "kid": key.id}
    write_json(make_folder(state / "identity-providers") / f"{name}.json", {"keys": [entry]})


@dataclass
class _Grant:
    """What one job may ask for: the claims of its tokens, and whether it did ask."""

    claims: Mapping[str, str]
    request_token: str = field(repr=False)
    given: int = 0


class Issuer:
    """The token endpoint on loopback, for the time of a ``with`` block."""

    def __init__(self, key: SigningKey, owner_url: str, clock: Callable[[], float] = time.time) -> None:
        self._key, self._owner_url, self._clock = key, owner_url, clock
        self._grants: dict[str, _Grant] = {}
        self.on_signed: Callable[[str], object] = lambda _token: None
        self._lock = threading.Lock()
        self._server = _Server(self)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The value of ACTIONS_ID_TOKEN_REQUEST_URL; a job appends ``&audience=``."""
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}?{_VERSION}"

    def grant(self, job: str, claims: Mapping[str, str]) -> str:
        """Let a job ask for tokens with these claims; the value of its ACTIONS_ID_TOKEN_REQUEST_TOKEN."""
        request_token = secrets.token_urlsafe(32)
        with self._lock:
            self._grants[job] = _Grant(dict(claims), request_token)
        return request_token

    def subjects(self) -> Mapping[str, str]:
        """The ``sub`` of every job that was given a token."""
        with self._lock:
            return {job: grant.claims["sub"] for job, grant in self._grants.items() if grant.given}

    def answer(self, authorization: str, audience: str) -> Mapping[str, Any] | None:
        """The document for one request; None where the bearer token is not one that was given to a job."""
        scheme, _, shown = authorization.partition(" ")
        with self._lock:
            found = None
            for grant in self._grants.values():
                # Every one is compared, and each in constant time.
                if secrets.compare_digest(shown.strip().encode(), grant.request_token.encode()):
                    found = grant
            if found is None or scheme.lower() != "bearer":
                return None
            found.given += 1
        now = int(self._clock())
        times = {"nbf": now - _BEFORE_S, "iat": now, "exp": now + _AFTER_S}
        token = self._key.sign({"jti": str(uuid.uuid4()), **found.claims, "aud": audience or self._owner_url, **times})
        # Before it is given out: whoever has it may print it.
        self.on_signed(token)
        return {"count": len(token), "value": token}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "fargate-lab-kit", ""
    timeout = 10

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        if split.path != _PATH:
            self._send(404, {"message": "Not Found"})
            return
        audience = parse_qs(split.query).get("audience", [""])[-1]
        answer = self.server.issuer.answer(self.headers.get("Authorization", ""), audience)
        self._send(*((200, answer) if answer else (401, {"message": "Unauthorized"})))

    def _send(self, status: int, document: Mapping[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
