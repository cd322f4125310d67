"""The kit's own DOCKER_CONFIG: the user's is read for its plugins and context, and never written."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labs.engine.facts import DockerFacts
from labs.engine.probe import client_path
from labs.errors import LabError

# docker looks there by itself on Linux; Docker Desktop's and Homebrew's folders are named in the user's own config.
PLUGIN_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/opt/homebrew/lib/docker/cli-plugins",
    "/Applications/Docker.app/Contents/Resources/cli-plugins",
)
# With no entry of any kind `docker login` picks the machine's keychain by itself, and that is the user's. An empty
# helper for a host that cannot exist is such an entry (docker/cli: configfile.ContainsAuth, DetectDefaultStore).
NO_KEYCHAIN = {"fargate-lab-kit.invalid": ""}


def kernel_environment(facts: DockerFacts, env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables with which ``docker`` in a shell cell uses the kit's config in ``folder`` and the user's engine."""
    _write(folder, _plugin_folders(env, folder))
    variables = {
        "DOCKER_CONFIG": str(folder),
        "BUILDX_CONFIG": str(folder / "buildx"),
        "BUILDX_BUILDER": "default",
        # The kit's config knows no contexts; the one in use is carried over as DOCKER_HOST.
        "DOCKER_CONTEXT": "",
        # A default platform would change what `docker push` and `docker run` pick.
        "DOCKER_DEFAULT_PLATFORM": "",
    }
    if facts.context:
        variables["DOCKER_HOST"] = facts.endpoint
        if facts.tls_folder:
            variables |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": facts.tls_folder}
    path = _path_without_the_kits_own(env)
    if path != env.get("PATH"):
        variables["PATH"] = path
    return variables


def _path_without_the_kits_own(env: Mapping[str, str]) -> str:
    """PATH without folders in front whose ``docker`` is the embedded engine's: a kernel may have used it before."""
    folders = env.get("PATH", os.defpath).split(os.pathsep)
    real = str(Path(client_path(env)).parent)
    kept: list[str] = []
    for place, folder in enumerate(folders):
        if folder == real:
            return os.pathsep.join(kept + folders[place:])
        if not (Path(folder) / "docker").exists():
            kept.append(folder)
    return os.pathsep.join(folders)


def _plugin_folders(env: Mapping[str, str], folder: Path) -> list[str]:
    """Where the user's docker finds its plugins, those that exist, each once."""
    named = env.get("DOCKER_CONFIG", "")
    home = env.get("HOME") or env.get("USERPROFILE") or str(Path.home())
    default = Path(home) / ".docker"
    # The environment may already be the kit's: then the user's own config is the default one.
    users = default if not named or Path(named) == folder else Path(named)
    extra = _read(users / "config.json").get("cliPluginsExtraDirs") or []
    wanted = [users / "cli-plugins", default / "cli-plugins", *map(Path, extra), *map(Path, PLUGIN_FOLDERS)]
    return list(dict.fromkeys(str(each) for each in wanted if each.is_dir()))


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(folder: Path, plugins: list[str]) -> None:
    """Keep the logins that are in it, set the rest; mode 600, and never half written."""
    file = folder / "config.json"
    config = _read(file)
    wanted = {
        **{key: value for key, value in config.items() if key != "credsStore"},
        "cliPluginsExtraDirs": plugins,
        "credHelpers": NO_KEYCHAIN,
    }
    if wanted == config:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_name(f"config.{os.getpid()}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(wanted, out, indent=1)
        fresh.replace(file)
    except OSError as error:
        raise LabError(
            f"The kit's Docker config {file} cannot be written: {error.strerror}.",
            "make its folder writable, or set LAB_HOME to a folder that is",
            id="docker-config-not-written",
        ) from error
