"""The inputs, outputs, runtime and commit of each release of the actions that the lab knows.

    python tests/workflow/make_known_actions.py FOLDER    # writes labs/workflow/rules/known_actions.json again

FOLDER has a Git repository of each action, ``OWNER+NAME/repo`` or ``OWNER/NAME``. A release is a tag ``vA.B.C``; its
commit is the one that the tag leads to. Releases in a row with the same inputs, outputs and runtime share one entry.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "labs" / "workflow" / "rules" / "known_actions.json"
ACTIONS = (
    "actions/checkout",
    "actions/setup-python",
    "actions/upload-artifact",
    "aws-actions/amazon-ecr-login",
    "aws-actions/amazon-ecs-deploy-task-definition",
    "aws-actions/amazon-ecs-render-task-definition",
    "aws-actions/configure-aws-credentials",
    "docker/build-push-action",
    "docker/login-action",
    "docker/metadata-action",
    "docker/setup-buildx-action",
    "docker/setup-qemu-action",
)
RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def main(folder: Path) -> None:
    found = {action: entries(repository(folder, action)) for action in ACTIONS}
    rows = ",\n".join(f"{json.dumps(action)}: [\n{_lines(each)}\n]" for action, each in found.items())
    FILE.write_text("{\n" + rows + "\n}\n")


def _lines(each: list[dict[str, Any]]) -> str:
    return ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in each)


def repository(folder: Path, action: str) -> Path:
    mirrored = folder / action.replace("/", "+") / "repo"
    return mirrored if mirrored.is_dir() else folder / action


def entries(place: Path) -> list[dict[str, Any]]:
    """The releases, oldest first."""
    tags = (tag for tag in git(place, "tag").split() if RELEASE.fullmatch(tag))
    found: list[dict[str, Any]] = []
    for tag in sorted(tags, key=lambda tag: [int(part) for part in tag[1:].split(".")]):
        said = metadata(place, tag)
        if said is None:
            continue
        commit = git(place, "rev-parse", f"{tag}^{{commit}}").strip()
        if found and all(found[-1][key] == value for key, value in said.items()):
            found[-1]["releases"][tag] = commit
        else:
            found.append({"releases": {tag: commit}, **said})
    return found


def metadata(place: Path, tag: str) -> dict[str, Any] | None:
    """What the action's metadata file says at a tag; None: it has none."""
    for name in ("action.yml", "action.yaml"):
        try:
            said = yaml.safe_load(git(place, "show", f"{tag}:{name}"))
        except subprocess.CalledProcessError:
            continue
        inputs = said.get("inputs") or {}
        needed = [key for key, row in inputs.items() if str((row or {}).get("required")).lower() == "true"]
        return {
            "runtime": said["runs"].get("using", ""),
            "inputs": sorted(key.lower() for key in inputs),
            "required": sorted(key.lower() for key in needed if "default" not in inputs[key]),
            "outputs": sorted(said.get("outputs") or {}),
        }
    return None


def git(place: Path, *words: str) -> str:
    command = ["git", f"--git-dir={place}" if not (place / ".git").exists() else f"--git-dir={place / '.git'}", *words]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
