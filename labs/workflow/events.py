"""Whether an event starts a workflow, and the payload that it brings. Pure.

Source: GitHub docs, "Workflow syntax": ``on.push``, ``on.pull_request``, "Filter pattern cheat sheet"; "Events that
trigger workflows" (activity types: a pull request's default ones are opened, synchronize and reopened).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from labs.errors import LabError
from labs.workflow.document import Workflow
from labs.workflow.identity import HEADS, PULL_REQUEST, TAGS, Event, Repository

_ACTIVITY = {"pull_request": "opened", "pull_request_target": "opened", "release": "published"}
_DEFAULT_TYPES = {"pull_request": ("opened", "synchronize", "reopened")}
_DEFAULT_TYPES["pull_request_target"] = _DEFAULT_TYPES["pull_request"]


def why_not(workflow: Workflow, event: Event, changed: Sequence[str]) -> str:
    """Why the event starts nothing, as a clause without a full stop; "" where it starts the workflow.

    ``changed`` are the paths that the commit brings: the lab's is the first of its branch.
    """
    if event.name not in workflow.triggers:
        return f"{workflow.file} is started by {', '.join(workflow.triggers)}, not by {event.name}"
    filters = workflow.triggers[event.name]
    if not isinstance(filters, Mapping):
        return ""
    return _types(filters, event) or _refs(filters, event) or _paths(filters, event, changed)


def _types(filters: Mapping[str, Any], event: Event) -> str:
    activity = _ACTIVITY.get(event.name, "")
    types = _list(filters.get("types")) or _DEFAULT_TYPES.get(event.name, ())
    if not activity or not types or activity in types:
        return ""
    return f"on.{event.name}.types has {', '.join(types)}, and this is '{activity}'"


def _refs(filters: Mapping[str, Any], event: Event) -> str:
    if event.is_pull_request:
        return _refused(filters, "branches", event.base_ref, event)
    if event.name != "push":
        return ""
    kind, other = ("branches", "tags") if event.ref.startswith(HEADS) else ("tags", "branches")
    if (said := _refused(filters, kind, event.ref_name, event)) != "":
        return said
    # A filter on one of the two leaves the other out altogether.
    asked = any(name in filters for name in (kind, f"{kind}-ignore"))
    only = next((name for name in (other, f"{other}-ignore") if name in filters), "")
    if only and not asked:
        what = "a tag" if event.ref.startswith(TAGS) else "a branch"
        return f"on.push has {only} alone, and {event.ref_name} is {what}"
    return ""


def _refused(filters: Mapping[str, Any], kind: str, name: str, event: Event) -> str:
    if kind in filters and not matches(_list(filters[kind]), name):
        return f"on.{event.name}.{kind} has {', '.join(_list(filters[kind])) or 'nothing'}, not {name}"
    ignored = f"{kind}-ignore"
    if ignored in filters and matches(_list(filters[ignored]), name):
        return f"on.{event.name}.{ignored} leaves {name} out"
    return ""


def _paths(filters: Mapping[str, Any], event: Event, changed: Sequence[str]) -> str:
    if not (event.is_pull_request or (event.name == "push" and event.ref.startswith(HEADS))):
        return ""
    if "paths" in filters and not any(matches(_list(filters["paths"]), path) for path in changed):
        return f"on.{event.name}.paths has {', '.join(_list(filters['paths']))}, and no file of the commit is there"
    ignored = _list(filters.get("paths-ignore"))
    if ignored and changed and all(matches(ignored, path) for path in changed):
        return f"on.{event.name}.paths-ignore leaves every file of the commit out"
    return ""


def _list(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def matches(patterns: Sequence[str], name: str) -> bool:
    """Whether filter patterns take a name: they are read in order, and one that begins with ``!`` takes it out."""
    taken = False
    for pattern in patterns:
        negative = pattern.startswith("!")
        if _pattern(pattern.removeprefix("!")).fullmatch(name):
            taken = not negative
    return taken


def _pattern(text: str) -> re.Pattern[str]:
    """``*`` stops at a slash, ``**`` does not; ``?`` and ``+`` are of the character before; ``[]`` is a set."""
    out, at = [], 0
    while at < len(text):
        char = text[at]
        if text.startswith("**", at):
            out.append(".*")
            at += 2
            # More of them say the same, and would be tried in every split.
            while text.startswith("*", at):
                at += 1
            if text.startswith("/", at):
                # "**/x" is also "x".
                out[-1] = "(?:.*/)?"
                at += 1
            continue
        if char == "[" and (end := text.find("]", at + 1)) > 0:
            out.append(f"[{re.escape(text[at + 1 : end]).replace(chr(92) + '-', '-')}]")
            at = end + 1
            continue
        if char == "\\" and at + 1 < len(text):
            out.append(re.escape(text[at + 1]))
            at += 2
            continue
        out.append("[^/]*" if char == "*" else char if char in "?+" and out else re.escape(char))
        at += 1
    try:
        return re.compile("".join(out))
    except re.error as error:
        raise LabError(
            f"The filter pattern '{text}' cannot be read.", "write it as GitHub's docs do", id="workflow-filter-pattern"
        ) from error


def payload(repository: Repository, event: Event, sha: str) -> Mapping[str, Any]:
    """The part of the webhook's payload that a workflow reads: ``github.event``."""
    of_repository = {
        "id": repository.id,
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.visibility == "private",
        "visibility": repository.visibility,
        "default_branch": repository.default_branch,
        "html_url": f"https://github.com/{repository.full_name}",
        "owner": {"login": repository.owner, "id": repository.owner_id},
    }
    found: dict[str, Any] = {"repository": of_repository, "sender": {"login": "octocat"}}
    if event.name == "push":
        commit = {"id": sha, "message": "The lab's commit"}
        return found | {"ref": event.ref, "after": sha, "deleted": False, "head_commit": commit, "commits": [commit]}
    if event.name == "workflow_dispatch":
        return found | {"ref": event.ref, "inputs": {}}
    found["action"] = _ACTIVITY[event.name]
    if event.name == "release":
        return found | {"release": {"tag_name": event.ref_name, "name": event.ref_name, "draft": False}}
    head_repository = of_repository
    if event.fork:
        head_repository = of_repository | {"id": 1, "full_name": f"someone/{repository.name}", "fork": True}
    return found | {
        "number": PULL_REQUEST,
        "pull_request": {
            "number": PULL_REQUEST,
            "title": "A change",
            "base": {"ref": event.base_ref, "sha": sha, "repo": of_repository},
            # What runs is the merge: the head is another commit.
            "head": {"ref": event.head_ref, "sha": _head(sha), "repo": head_repository},
        },
    }


def _head(sha: str) -> str:
    return hashlib.sha1(f"head of {sha}".encode(), usedforsecurity=False).hexdigest()
