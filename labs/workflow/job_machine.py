"""The machine of each job, as far as one machine can be many: a home, a Docker configuration and an image store of its
own, and of the user's environment the PATH alone.

With a Docker Engine the images are the engine's own, for all jobs; ``docker`` is then a wrapper that knows the local
registry by ECR's host name, too.
"""

import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from labs.engine import Engine
from labs.engine.embedded.registry_alias import VARIABLE, ecr_host
from labs.errors import LabError
from labs.files import make_folder, write_private
from labs.processes import python
from labs.session import Target
from labs.workflow import docker_wrapper, stand_ins

# What a job would be led astray by, and what may be secret, does not reach it.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE")
_TEMPORARY = ("/tmp", "/var/tmp")
_DOCKER = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT")


def scratch(home: Path) -> Path:
    """A new private folder for one run: in the lab home, or where temporary files are.

    act splits the command of a script at the spaces of its path, and the scripts lie here. LabError where no folder has
    a path that it reads as one word.
    """
    folder = make_folder(home / "workflow")
    if _is_one_word(folder):
        return Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    places = dict.fromkeys((tempfile.gettempdir(), *_TEMPORARY))
    for place in places:
        if _is_one_word(Path(place)) and os.access(place, os.W_OK | os.X_OK):
            return Path(tempfile.mkdtemp(prefix="fargate-lab-run-", dir=place))
    raise LabError(
        f"A workflow cannot run in {folder}: act reads a path with a space or another special character as several "
        f"words, and so is that of {' and '.join(places)}, or it cannot be written.",
        "set TMPDIR to a folder with a plain path",
        id="workflow-needs-plain-path",
    )


def _is_one_word(folder: Path) -> bool:
    return shlex.quote(str(folder)) == str(folder)


class Machine:
    """What a run's jobs find on this machine; everything is in ``scratch``, which goes when the run ends."""

    def __init__(self, target: Target, engine: Engine, env: Mapping[str, str], scratch: Path) -> None:
        self._target, self._engine, self._scratch = target, engine, scratch
        self._engine_env = engine.environment(target.home)
        self.plain = {name: env[name] for name in _KEPT if env.get(name)}
        self.plain.setdefault("PATH", os.defpath)
        self.plain["HOME"] = str(make_folder(scratch / "home"))

    def environment(self, clone: Path) -> dict[str, str]:
        """The environment of act itself, which every step inherits."""
        target = self._target
        home = self._scratch / "home"
        found = {
            **self.plain,
            **{name: value for name, value in self._engine_env.items() if name in _DOCKER},
            "PATH": self._path(),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "NO_PROXY": "127.0.0.1,localhost",
            "AWS_ENDPOINT_URL": target.endpoint,
            # A runner of GitHub's is no machine of AWS's.
            "AWS_EC2_METADATA_DISABLED": "true",
            # Else act asks its makers for news of its version.
            "ACT_DISABLE_VERSION_CHECK": "1",
            "DOCKER_BUILD_SUMMARY": "false",
            "DOCKER_BUILD_RECORD_UPLOAD": "false",
            "LAB_PYTHON": python()[0],
            "LAB_STAND_INS": str(Path(stand_ins.__file__).with_name("__main__.py")),
            "LAB_CHECKOUT": str(clone),
            "LAB_ENGINE_NAME": self._engine.name,
            VARIABLE: f"{ecr_host(target.account, target.region)}={target.registry}",
        }
        return {name: value for name, value in found.items() if value or name == "DOCKER_CONTEXT"}

    def of(self, job: str) -> dict[str, str]:
        """The variables of one job alone."""
        home = make_folder(self._scratch / "jobs" / job)
        config = make_folder(home / ".docker")
        self._docker_config(config)
        return {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "DOCKER_CONFIG": str(config),
            "BUILDX_CONFIG": str(config / "buildx"),
            # The embedded engine's images.
            "LAB_HOME": str(make_folder(home / "lab")),
        }

    def _docker_config(self, config: Path) -> None:
        """The kit's own Docker configuration without its logins: a fresh machine has none."""
        try:
            kit = json.loads((self._target.home / "docker" / "config.json").read_bytes())
        except (OSError, ValueError):
            return
        write_private(config / "config.json", json.dumps({**kit, "auths": {}}).encode())

    def _path(self) -> str:
        """``docker`` first: the embedded engine's command, or the wrapper around the user's own."""
        path = self._engine_env.get("PATH") or self.plain["PATH"]
        if self._engine.name != "docker":
            return path
        real = shutil.which("docker", path=path) or "docker"
        folder = make_folder(self._scratch / "bin")
        host = ecr_host(self._target.account, self._target.region)
        words = shlex.join(python(docker_wrapper.__file__, real, host, self._target.registry))
        (folder / "docker").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (folder / "docker").chmod(0o700)
        return os.pathsep.join((str(folder), path))
