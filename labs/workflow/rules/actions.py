"""The actions that the lab knows: inputs, outputs, runtime and commit of each release, from their own action.yml.

``known_actions.json`` is written by tests/workflow/make_known_actions.py from the actions' Git repositories: for each
action its releases, oldest first, those in a row that say the same together.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from labs.workflow.document import Step

_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


@dataclass(frozen=True)
class Release:
    """One release of an action. ``version``: ``v1.2.3``; input names in lower case, as the runner compares them."""

    action: str
    version: str
    commit: str
    runtime: str
    inputs: frozenset[str]
    required: frozenset[str]
    outputs: frozenset[str]

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version[1:].split("."))


@cache
def known() -> Mapping[str, tuple[Release, ...]]:
    """The releases of each action, the oldest first."""
    text = resources.files("labs.workflow.rules").joinpath("known_actions.json").read_text("utf-8")
    return {
        action: tuple(
            Release(
                action,
                version,
                commit,
                entry["runtime"],
                frozenset(entry["inputs"]),
                frozenset(entry["required"]),
                frozenset(entry["outputs"]),
            )
            for entry in entries
            for version, commit in entry["releases"].items()
        )
        for action, entries in json.loads(text).items()
    }


def newest(action: str) -> Release | None:
    """The release with the highest version; None for an action that is not known."""
    return max(known().get(action, ()), key=lambda release: release.numbers, default=None)


def is_commit(version: str) -> bool:
    """Whether what stands behind the ``@`` is a whole commit."""
    return _COMMIT.fullmatch(version) is not None


def of_commit(action: str, commit: str) -> Release | None:
    """The release that a commit is."""
    return next((each for each in known().get(action, ()) if each.commit == commit), None)


def of_version(action: str, version: str) -> Release | None:
    """The newest release that a version names: ``v6``, ``v6.2`` or ``v6.2.3``, the v may be missing."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    wanted = tuple(int(part) for part in found.groups() if part)
    fitting = [each for each in known().get(action, ()) if each.numbers[: len(wanted)] == wanted]
    return max(fitting, key=lambda release: release.numbers, default=None)


def of_step(step: Step, comment: str = "") -> Release | None:
    """The release that a step uses: by its commit, its version, or the version that the comment beside it says."""
    if is_commit(step.version):
        return of_commit(step.action, step.version) or of_version(step.action, comment)
    return of_version(step.action, step.version)
