"""Who a job is to a cloud: the ``sub`` and the other claims of the OIDC token that GitHub would give it. Pure.

Sources: GitHub docs, "OpenID Connect reference" (claims; example subject claims; immutable subject claims: the default
of repositories made after 2026-07-15), "Events that trigger workflows" (``GITHUB_REF`` of each event), "permissions"
and "Events that trigger workflows: pull_request" (a pull request from a fork has no write access). That
``pull_request_target`` carries the base branch as ``ref`` is field-observed (kyma-project/test-infra issue 9976); that
its ``sub`` then has the branch's form follows from the reference's "not triggered by a pull request event", not run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from labs.errors import LabError

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
HEADS, TAGS = "refs/heads/", "refs/tags/"
# A self-made number: no pull request of the lab has a page.
PULL_REQUEST = 7
_PULL_REQUESTS = ("pull_request", "pull_request_target")
EVENTS = ("push", "pull_request", "pull_request_target", "workflow_dispatch", "release")


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub; ``immutable`` says whether its ``sub`` carries the two ids."""

    owner: str
    owner_id: int
    name: str
    id: int
    immutable: bool = True
    default_branch: str = "main"
    visibility: str = "private"

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"

    @property
    def subject_part(self) -> str:
        """What stands behind ``repo:`` in a subject."""
        if not self.immutable:
            return self.full_name
        return f"{self.owner}@{self.owner_id}/{self.name}@{self.id}"

    def classic(self) -> "Repository":
        """The same repository, had it been made before 2026-07-15."""
        return replace(self, immutable=False)


# The repository of the lab's pipeline: the names of GitHub's own examples.
LAB_REPOSITORY = Repository("octo-org", 123456, "octo-repo", 789012)


@dataclass(frozen=True)
class Event:
    """What starts a run. ``ref`` is GITHUB_REF; ``head_ref`` and ``base_ref`` are a pull request's branches."""

    name: str = "push"
    ref: str = "refs/heads/main"
    head_ref: str = ""
    base_ref: str = ""
    fork: bool = False

    @property
    def is_pull_request(self) -> bool:
        return self.name in _PULL_REQUESTS

    @property
    def ref_name(self) -> str:
        """The branch or tag by its short name; of a pull request ``7/merge``."""
        for prefix in (HEADS, TAGS, "refs/pull/"):
            if self.ref.startswith(prefix):
                return self.ref.removeprefix(prefix)
        return self.ref

    @property
    def ref_type(self) -> str:
        return "tag" if self.ref.startswith(TAGS) else "branch"

    @property
    def gives_write(self) -> bool:
        """Whether ``write`` in ``permissions`` is given at all: a pull request from a fork may read only.

        ``pull_request_target`` runs for the base repository and keeps it, fork or not.
        """
        return not (self.fork and self.name == "pull_request")


def event(name: str = "push", ref: str = "", fork: bool = False, repository: Repository = LAB_REPOSITORY) -> Event:
    """The event that a person means by a name and a branch or tag.

    ``ref`` is short (``main``) or full (``refs/tags/v1``); for a pull request the branch that would be merged, for a
    release its tag. LabError for an event that the kit does not make, or a ref that cannot be.
    """
    if name not in EVENTS:
        raise LabError(
            f"The kit makes no event '{name}'.", f"use one of: {', '.join(EVENTS)}", id="workflow-event-unknown"
        )
    if fork and name not in _PULL_REQUESTS:
        raise LabError(
            f"A {name} event does not come from a fork.",
            f"leave the fork out, or use {' or '.join(_PULL_REQUESTS)}",
            id="workflow-event-not-of-a-fork",
        )
    base = repository.default_branch
    if name in _PULL_REQUESTS:
        head = _short(ref or "change")
        merged = f"refs/pull/{PULL_REQUEST}/merge" if name == "pull_request" else f"{HEADS}{base}"
        return Event(name, merged, head, base, fork)
    if name == "release":
        return Event(name, _full(ref or "v1.0.0", TAGS))
    return Event(name, _full(ref or base, HEADS))


def _full(ref: str, prefix: str) -> str:
    full = ref if ref.startswith("refs/") else f"{prefix}{ref}"
    if not full.startswith((HEADS, TAGS)) or (prefix == TAGS and not full.startswith(TAGS)) or not _named(full):
        raise LabError(
            f"'{ref}' is not the ref of {'a tag' if prefix == TAGS else 'a branch or tag'}.",
            "give a short name, or refs/heads/... or refs/tags/...",
            id="workflow-ref-not-one",
        )
    return full


def _short(ref: str) -> str:
    full = _full(ref, HEADS)
    if full.startswith(TAGS):
        raise LabError(
            f"A pull request merges a branch; '{ref}' is a tag.", "give a branch", id="workflow-pull-request-of-a-tag"
        )
    return full.removeprefix(HEADS)


def _named(ref: str) -> bool:
    """Whether git would take the name (git-check-ref-format), as far as a subject could be misread."""
    name = ref.partition("/")[2].partition("/")[2]
    wrong = name.startswith(("/", "-", ".")) or name.endswith(("/", ".", ".lock"))
    return bool(name) and not wrong and ".." not in name and not any(each in name for each in " ~^:?*[\\\x7f")


def subject(repository: Repository, event: Event, environment: str = "") -> str:
    """The ``sub`` of a job: its environment where it has one, else the pull request, else the ref.

    A colon within a value is written ``%3A``.
    """
    begin = f"repo:{repository.subject_part}"
    if environment:
        return f"{begin}:environment:{environment.replace(':', '%3A')}"
    if event.name == "pull_request":
        return f"{begin}:pull_request"
    return f"{begin}:ref:{event.ref.replace(':', '%3A')}"


def subject_form(text: str) -> str:
    """``immutable``, ``classic``, or "" for what is neither: how the owner and the repository stand in a ``sub``."""
    kind, _, rest = text.partition(":")
    owner, slash, name = rest.partition(":")[0].partition("/")
    if kind != "repo" or not slash or not owner or not name:
        return ""
    return "immutable" if "@" in owner and "@" in name else "classic" if "@" not in owner + name else ""


@dataclass(frozen=True)
class RunIdentity:
    """What of a run stands in every token: its numbers, its commit, its workflow."""

    id: int
    number: int
    sha: str
    workflow: str
    file: str
    attempt: int = 1
    actor: str = "octocat"
    actor_id: int = 583231


def claims(repository: Repository, event: Event, run: RunIdentity, environment: str = "") -> Mapping[str, str]:
    """Every documented claim but the audience, the times and the token's own id. All values are text, as GitHub's."""
    workflow_ref = f"{repository.full_name}/.github/workflows/{run.file}@{event.ref}"
    found = {
        "sub": subject(repository, event, environment),
        "iss": ISSUER,
        "actor": run.actor,
        "actor_id": str(run.actor_id),
        "base_ref": event.base_ref,
        "event_name": event.name,
        "head_ref": event.head_ref,
        "job_workflow_ref": workflow_ref,
        "job_workflow_sha": run.sha,
        "ref": event.ref,
        "ref_type": event.ref_type,
        "repository": repository.full_name,
        "repository_id": str(repository.id),
        "repository_owner": repository.owner,
        "repository_owner_id": str(repository.owner_id),
        "repository_visibility": repository.visibility,
        "run_attempt": str(run.attempt),
        "run_id": str(run.id),
        "run_number": str(run.number),
        "runner_environment": "github-hosted",
        "sha": run.sha,
        "workflow": run.workflow,
        "workflow_ref": workflow_ref,
        "workflow_sha": run.sha,
    }
    return found | ({"environment": environment} if environment else {})
