"""The embedded engine: builds, pushes and runs the lab's image without a Docker Engine, and never claims to be one.

The door is ``EmbeddedEngine``; ``docker_command.main`` is the ``docker`` command that it puts on a kernel's PATH. It
sends containerd's calls in containerd's order and runs no command inside an image
(docs/decisions/embedded-engine.md).
"""

import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from labs import oci
from labs.errors import LabError
from labs.processes import labs

if TYPE_CHECKING:
    from labs.engine import RunningApp

__all__ = ["EmbeddedEngine"]


class EmbeddedEngine:
    """See ``labs.engine.Engine``. ``reason`` says why there is no Docker Engine: ``no Docker Engine found``."""

    name = "embedded"

    def __init__(self, reason: str = "no Docker Engine found", env: Mapping[str, str] | None = None) -> None:
        self.line = f"embedded engine: {reason}"
        self._env = os.environ if env is None else env

    def environment(self, home: Path) -> dict[str, str]:
        """PATH with ``home/bin`` first, where a ``docker`` command of the kit is written; DOCKER_CONFIG; LAB_HOME."""
        folder = home / "bin"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / "docker", _script(self.line))
        except OSError as error:
            raise LabError(
                f"The docker command cannot be written: {error.strerror}.",
                "set LAB_HOME elsewhere",
                id="docker-command-not-written",
            ) from error
        path = [each for each in self._env.get("PATH", "").split(os.pathsep) if each and Path(each) != folder]
        return {
            "PATH": os.pathsep.join([str(folder), *path]),
            "DOCKER_CONFIG": str(home / "docker"),
            "LAB_HOME": str(home),
        }

    def runnable(self, platform: oci.Platform) -> str:
        """Only this machine's own platform: nothing is emulated."""
        from labs.engine.embedded.platforms import native

        if platform.normal() == native():
            return ""
        return f"the embedded engine runs only this machine's own platform, {native()}"

    def run(self, image: str, platform: oci.Platform, env: Mapping[str, str]) -> "RunningApp":
        """Start an image of the local store as a process; LabError when it is not there, or not for that platform."""
        from labs.engine.embedded.app_process import start
        from labs.engine.embedded.workspace import Workspace

        store = Workspace(self._env).store
        return start(store.image(image, store.named(image)[1]), platform.normal(), env)

    def archive(self, image: str, destination: Path) -> Path:
        """Write an image of the local store, with all its platforms, as an OCI archive."""
        from labs.engine.embedded.oci_archive import write_archive
        from labs.engine.embedded.workspace import Workspace

        store = Workspace(self._env).store
        reference, top = store.named(image)
        write_archive(store.blobs, top, [reference], str(destination))
        return destination


def _script(line: str) -> str:
    """``docker`` for a POSIX shell: this Python, this kit, and the reason in its first line."""
    return f'#!/bin/sh\nLAB_ENGINE_LINE={shlex.quote(line)} exec {shlex.join(labs("docker"))} "$@"\n'


def _write(file: Path, text: str) -> None:
    """Replace a script only when it says something else: another kernel may be running it."""
    if file.is_file() and file.read_bytes() == text.encode():
        return
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".docker-")
    with os.fdopen(handle, "wb") as out:
        out.write(text.encode())
    Path(name).chmod(0o755)
    Path(name).replace(file)
