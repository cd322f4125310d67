"""Registry credentials as Docker keeps them: ``$DOCKER_CONFIG/config.json``, ``auths``, base64 of user:password."""

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labs.errors import LabError

HUB_KEY = "https://index.docker.io/v1/"


@dataclass(frozen=True)
class Login:
    """A user name and a password; the password never shows in a message."""

    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class DockerLogins:
    """The logins in one Docker configuration folder."""

    folder: Path

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "DockerLogins":
        """The folder that ``DOCKER_CONFIG`` names, else ``~/.docker``."""
        return cls(Path(env.get("DOCKER_CONFIG") or Path.home() / ".docker"))

    def find(self, host: str) -> Login | None:
        """The login for a registry host, None when there is none; credential helpers are not asked."""
        auths = self._read().get("auths")
        if not isinstance(auths, dict):
            return None
        for key, entry in auths.items():
            if _host(key) == _host(host) and isinstance(entry, dict) and entry.get("auth"):
                try:
                    user, _, password = base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
                except (binascii.Error, UnicodeDecodeError):
                    raise LabError(
                        f"The login for {host} in {self.folder.name}/config.json is damaged.",
                        f"docker login {host}",
                        id="login-damaged",
                    ) from None
                return Login(user, password.rstrip("\0"))
        return None

    def save(self, host: str, login: Login) -> None:
        """Keep a login, in a file only this user can read."""
        document = self._read()
        auths = {key: entry for key, entry in (document.get("auths") or {}).items() if _host(key) != _host(host)}
        auths[HUB_KEY if host == "docker.io" else host] = {"auth": login.basic.removeprefix("Basic ")}
        self._write({**document, "auths": auths})

    def forget(self, host: str) -> bool:
        """Remove a login; False when there was none."""
        document = self._read()
        auths = document.get("auths") or {}
        left = {key: entry for key, entry in auths.items() if _host(key) != _host(host)}
        if len(left) == len(auths):
            return False
        self._write({**document, "auths": left})
        return True

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "config.json").read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise LabError(
                f"error loading config file: {error}", "fix or remove config.json there", id="docker-config-not-read"
            ) from error
        return found if isinstance(found, dict) else {}

    def _write(self, document: Mapping[str, Any]) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".config-")  # mode 600 from the beginning
            with os.fdopen(handle, "w") as out:
                json.dump(document, out, indent="\t")
            Path(name).replace(self.folder / "config.json")
        except OSError as error:
            raise LabError(
                f"The login cannot be saved: {error.strerror}.", "set DOCKER_CONFIG elsewhere", id="login-not-saved"
            ) from error


def _host(key: str) -> str:
    """``https://index.docker.io/v1/`` and ``http://127.0.0.1:5000`` as bare hosts."""
    bare = key.split("://", 1)[-1].split("/", 1)[0].lower()
    return "docker.io" if bare in ("index.docker.io", "registry-1.docker.io", "docker.io") else bare
