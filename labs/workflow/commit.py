"""The repository that a run checks out: a commit of the work folder, whose content alone decides its id."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labs.errors import LabError
from labs.workflow.identity import HEADS, TAGS, Event, Repository

# One date and one author for every commit: the same files have the same id, on every machine.
_DATE = "2026-01-01T00:00:00+00:00"
_WHO = {"NAME": "octocat", "EMAIL": "octocat@users.noreply.github.com"}
_LARGEST = 5 << 20
_LEFT_OUT = (".tar", ".log")
# What nobody commits: the lab keeps its app's secret in the work folder.
_SECRET = "secret"
_GIT_S = 60


@dataclass(frozen=True)
class Commit:
    """The folder of the repository, the commit's id, its paths, and what of the work folder is not in it."""

    folder: Path
    sha: str
    files: tuple[str, ...]
    left_out: tuple[str, ...]


def require_git(env: Mapping[str, str]) -> None:
    """LabError where there is no git on the PATH of ``env``."""
    if shutil.which("git", path=env.get("PATH")) is None:
        raise LabError(
            "A workflow cannot run here: there is no git on this machine.",
            "install git; everything but the run works without it",
            id="workflow-needs-git",
        )


def make(work: Path, folder: Path, repository: Repository, event: Event, env: Mapping[str, str]) -> Commit:
    """Copy the work folder into a new repository and commit it. ``env`` is git's environment, without the user's.

    Archives, logs, secrets, files above 5 MB, links and hidden folders but ``.github`` stay out. LabError without git.
    """
    require_git(env)
    files, left_out = _chosen(work)
    for path in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(work / path, folder / path)
        # The permission that git keeps.
        (folder / path).chmod(0o755 if os.access(work / path, os.X_OK) else 0o644)
    (folder).mkdir(parents=True, exist_ok=True)
    branch = event.head_ref or (event.ref_name if event.ref.startswith(HEADS) else repository.default_branch)
    git = {**env, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    git |= {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in _WHO.items()}
    git |= {"GIT_AUTHOR_DATE": _DATE, "GIT_COMMITTER_DATE": _DATE}
    _git(folder, git, "init", "-q", "-b", branch)
    _git(folder, git, "remote", "add", "origin", f"https://github.com/{repository.full_name}.git")
    _git(folder, git, "add", "--all", "--force")
    _git(folder, git, "commit", "-q", "--no-gpg-sign", "--allow-empty", "-m", "The lab's commit")
    if event.ref.startswith(TAGS):
        _git(folder, git, "tag", event.ref_name)
    elif event.is_pull_request and event.head_ref != repository.default_branch:
        _git(folder, git, "branch", repository.default_branch)
    return Commit(folder, _git(folder, git, "rev-parse", "HEAD").strip(), files, left_out)


def _chosen(work: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    files, left_out = [], []
    for folder, folders, names in os.walk(work):
        here = Path(folder)
        folders[:] = sorted(each for each in folders if not (here / each).is_symlink() and _goes(each))
        for name in sorted(names):
            path = here / name
            place = path.relative_to(work).as_posix()
            unfit = path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST
            if unfit or path.suffix in _LEFT_OUT or _SECRET in path.stem:
                left_out.append(place)
            else:
                files.append(place)
    return tuple(sorted(files)), tuple(sorted(left_out))


def _goes(folder: str) -> bool:
    return folder == ".github" or not (folder.startswith(".") or folder == "__pycache__")


def _git(folder: Path, env: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_GIT_S,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise LabError(
            f"git {words[0]} failed in the run's copy of your work: {said}", "labs doctor", id="workflow-commit-failed"
        )
    return done.stdout
