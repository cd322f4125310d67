"""actions/checkout. Source: v7.0.1, ``src/input-helper.ts``, ``unsafe-pr-checkout-helper.ts``, ``ref-helper.ts``.

Differs: there is one repository, of one commit, on this machine; whichever of its refs is named gives that commit.
No credentials are kept, and inputs about fetching change nothing.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labs.workflow.stand_ins.step import Step, StepFailed

_SHA = re.compile(r"[0-9a-f]{40}")
_PULL = re.compile(r"refs/pull/[0-9]+/(?:head|merge)")


def run(step: Step) -> None:
    """Put the run's commit into the workspace."""
    own = step.env.get("GITHUB_REPOSITORY", "")
    wanted = step.get("repository") or own
    ref = step.get("ref")
    event = _event(step)
    if ref or wanted != own:
        _refuse_fork(step, event, wanted, ref)
    if wanted != own:
        raise StepFailed(f"This machine has the repository {own} only; {wanted} is on GitHub.")
    source, sha = step.env["LAB_CHECKOUT"], step.env.get("GITHUB_SHA", "")
    known = {
        sha,
        step.env.get("GITHUB_REF", ""),
        step.env.get("GITHUB_REF_NAME", ""),
        step.env.get("GITHUB_HEAD_REF", ""),
    }
    known |= {event.get("pull_request", {}).get("head", {}).get("sha", "")}
    known |= {step.env.get("GITHUB_BASE_REF", ""), event.get("repository", {}).get("default_branch", "")}
    short = re.sub(r"^refs/(heads|tags)/", "", ref)
    if ref and ref not in known and short not in known and not _PULL.fullmatch(ref):
        raise StepFailed(f"A branch or tag with the name '{ref}' could not be found")
    workspace = Path(step.env["GITHUB_WORKSPACE"])
    folder = (workspace / step.get("path")).resolve()
    if not folder.is_relative_to(workspace.resolve()):
        raise StepFailed(f"Repository path '{folder}' is not under '{workspace}'")
    step.say(f"Syncing repository: {own}")
    folder.mkdir(parents=True, exist_ok=True)
    with step.group("Fetching the repository"):
        _git(step, folder, "init", "--quiet")
        _git(step, folder, "fetch", "--quiet", source, "HEAD")
    with step.group("Checking out the ref"):
        _git(step, folder, "checkout", "--quiet", "--force", "-B", short or "main", "FETCH_HEAD")
    step.say(sha)
    step.output("ref", ref or step.env.get("GITHUB_REF", ""))
    step.output("commit", sha)


def _refuse_fork(step: Step, event: Mapping[str, Any], repository: str, ref: str) -> None:
    """v7 checks out a fork's code in a workflow that has the base repository's rights only where told to."""
    name = step.env.get("GITHUB_EVENT_NAME", "")
    if name != "pull_request_target" or step.get("allow-unsafe-pr-checkout").lower() == "true":
        return
    head = event.get("pull_request", {}).get("head", {})
    fork = head.get("repo", {})
    if not fork or fork.get("id") == event.get("repository", {}).get("id"):
        return
    its_own = repository.lower() == str(fork.get("full_name", "")).lower()
    if its_own or _PULL.fullmatch(ref) or (_SHA.fullmatch(ref) and ref == head.get("sha")):
        raise StepFailed(
            f"Refusing to check out fork pull request code from a '{name}' workflow. This workflow runs with the base "
            "repository's GITHUB_TOKEN, secrets, default-branch cache scope, and runner access. Fetching and executing "
            'a fork\'s code in that trusted context commonly leads to "pwn request" vulnerabilities. To opt in, review '
            "the risks at https://gh.io/securely-using-pull_request_target and set 'allow-unsafe-pr-checkout: true' on "
            "the actions/checkout step."
        )


def _event(step: Step) -> Mapping[str, Any]:
    try:
        found = json.loads(Path(step.env["GITHUB_EVENT_PATH"]).read_bytes())
    except (KeyError, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _git(step: Step, folder: Path, *words: str) -> None:
    done = step.command("git", "-C", str(folder), *words)
    if done.code != 0:
        raise StepFailed(f"The process 'git' failed with exit code {done.code}: {done.last_line}")
