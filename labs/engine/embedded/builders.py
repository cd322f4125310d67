"""Builders by name, as ``docker buildx create`` makes them: remembered in buildx's folder, all the same one underneath.

Source: docker/buildx 0.36: ``store/storeutil``, ``builder/builder.go``, ``commands`` (where they are kept, the words).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.engine.embedded.build_error import BuildError
from labs.errors import LabError
from labs.files import make_folder, write_json

NAME = "embedded"
# The names under which buildx knows the builder that nobody made.
OWN = (NAME, "default", "")
_FILE = "embedded-builders.json"


@dataclass(frozen=True)
class Builders:
    """The builders of one Docker configuration; ``chosen`` is BUILDX_BUILDER, which wins over the current one."""

    folder: Path
    chosen: str = ""

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Builders":
        """Where BUILDX_CONFIG says, else in ``buildx`` of the Docker configuration."""
        config = Path(env.get("DOCKER_CONFIG") or Path.home() / ".docker")
        return cls(Path(env.get("BUILDX_CONFIG") or config / "buildx"), env.get("BUILDX_BUILDER", ""))

    def names(self) -> tuple[str, ...]:
        """Those that were made, in their order."""
        return tuple(self._read()["builders"])

    @property
    def current(self) -> str:
        """The one in use."""
        return self.chosen or str(self._read()["current"]) or NAME

    def known(self, name: str) -> str:
        """The builder of that name, the one in use for ""; LabError in buildx's words where there is none."""
        name = name or self.current
        if name not in OWN and name not in self.names():
            raise BuildError(
                f'no builder "{name}" found', f"make it: docker buildx create --name {name}", id="no-such-builder"
            )
        return NAME if name in OWN else name

    def create(self, name: str, use: bool, append: bool) -> None:
        """Remember a builder. BuildError for a name that is taken, unless a node is to be added, or that is none."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", name):
            raise BuildError(
                f"invalid name {name}, name needs to start with a letter and may not contain symbols, except ._-",
                "write it like builder-1",
                id="invalid-builder-name",
            )
        document = self._read()
        if name in document["builders"] and not append:
            raise BuildError(
                f'existing instance for "{name}" but no append mode, specify the node name to make changes for '
                "existing instances",
                f"use it: docker buildx use {name}",
                id="builder-exists",
            )
        document["builders"] = list(dict.fromkeys([*document["builders"], name]))
        self._write(document | ({"current": name} if use else {}))

    def use(self, name: str) -> None:
        """Make one the current builder."""
        document = self._read()
        if name not in OWN and name not in document["builders"]:
            raise BuildError(
                f'failed to find instance "{name}"',
                f"make it: docker buildx create --name {name}",
                id="no-such-instance",
            )
        self._write(document | {"current": "" if name in OWN else name})

    def remove(self, name: str) -> None:
        """Forget one. LabError for the builder that is always there."""
        if self.known(name) == NAME:
            raise BuildError(
                "context builder cannot be removed, run `docker context rm default` to remove this context",
                "name one that buildx create made",
                id="builder-not-removed",
            )
        document = self._read()
        document["builders"] = [each for each in document["builders"] if each != name]
        self._write(document | {"current": "" if document["current"] == name else document["current"]})

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / _FILE).read_bytes())
            return {"current": str(found["current"]), "builders": [str(each) for each in found["builders"]]}
        except (OSError, ValueError, KeyError, TypeError):
            return {"current": "", "builders": []}

    def _write(self, document: Mapping[str, Any]) -> None:
        try:
            write_json(make_folder(self.folder) / _FILE, document)
        except LabError as error:
            raise BuildError(error.what, "set BUILDX_CONFIG elsewhere", id=error.id) from error
