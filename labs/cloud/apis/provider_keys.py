"""The signing keys of an OpenID Connect provider: from a file of the state folder, or asked of the provider.

Sources: OpenID Connect Discovery 1.0 section 4 (``/.well-known/openid-configuration``, ``jwks_uri``); IAM user guide,
id_roles_providers_create_oidc (trusted root CAs first, then the provider's thumbprints); AWS's knowledge centre,
"InvalidIdentityToken" (five seconds at most).
"""

import hashlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import quote, urlsplit

from labs.cloud.apis.sts_errors import refused
from labs.cloud.contract import AwsError

_SECONDS = 5.0
_LARGEST = 256 * 1024
_KEPT_SECONDS = 300.0


class ProviderKeys:
    """``find`` gives the keys of an issuer as JSON Web Keys.

    A file ``identity-providers/NAME.json`` in the state folder is an issuer's key set (RFC 7517) for a machine without
    a network; NAME is the issuer without ``https://``, percent-encoded ("token.actions.githubusercontent.com").
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._kept: dict[tuple[str, tuple[str, ...]], tuple[float, list[Mapping[str, Any]]]] = {}

    def find(self, issuer: str, thumbprints: Sequence[str]) -> list[Mapping[str, Any]]:
        """Raises AwsError(InvalidIdentityToken) when the provider cannot be asked, or is not who it says it is."""
        file = self._folder / f"{quote(issuer.removeprefix('https://'), safe='')}.json"
        try:
            return _keys(json.loads(file.read_bytes()))
        except FileNotFoundError:
            return self._asked(issuer, tuple(thumbprints))
        except (OSError, ValueError) as error:
            raise _no_key() from error

    def _asked(self, issuer: str, thumbprints: tuple[str, ...]) -> list[Mapping[str, Any]]:
        kept = self._kept.get((issuer, thumbprints))
        if kept is not None and self._clock() - kept[0] < _KEPT_SECONDS:
            return kept[1]
        try:
            document = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", thumbprints)
            if document.get("issuer") != issuer or not isinstance(document.get("jwks_uri"), str):
                raise _no_key()
            keys = _keys(_get(document["jwks_uri"], thumbprints))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise _no_key() from error
        self._kept[(issuer, thumbprints)] = (self._clock(), keys)
        return keys


def _get(url: str, thumbprints: Sequence[str]) -> Mapping[str, Any]:
    """One JSON document over HTTPS; no redirect is followed."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("not an https address")
    connection = _connect(parts.hostname, parts.port or 443, thumbprints)
    # A provider that sends a byte now and then would never run into the socket's own timeout.
    end = Timer(_SECONDS, _cut, [connection])
    end.daemon = True
    end.start()
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target or "/", headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(_LARGEST + 1)
        if answer.status != 200 or len(body) > _LARGEST:
            raise ValueError("no document there")
        found = json.loads(body)
    finally:
        end.cancel()
        connection.close()
    if not isinstance(found, Mapping):
        raise ValueError("not a JSON object")
    return found


def _cut(connection: http.client.HTTPSConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _connect(host: str, port: int, thumbprints: Sequence[str]) -> http.client.HTTPSConnection:
    connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=ssl.create_default_context())
    try:
        connection.connect()
        return connection
    except ssl.SSLCertVerificationError:
        connection.close()
    # A certificate of no known authority: the thumbprint says whether it is the provider's.
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=unverified)
    connection.connect()
    certificate = connection.sock.getpeercert(binary_form=True) or b""
    if hashlib.sha1(certificate, usedforsecurity=False).hexdigest() not in [text.lower() for text in thumbprints]:
        connection.close()
        raise refused("token.thumbprint")
    return connection


def _keys(document: Any) -> list[Mapping[str, Any]]:
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        raise ValueError("not a key set")
    return [key for key in keys if isinstance(key, Mapping)]


def _no_key() -> AwsError:
    return refused("token.no_key")
