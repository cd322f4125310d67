"""Whom a trust for one job of GitHub may let in besides: other branches, pull requests, environments, repositories.

Source: GitHub docs, "OpenID Connect reference": the forms of ``sub`` (``repo:OWNER/NAME:`` or, for repositories made
since 2026-07-15, ``repo:OWNER@ID/NAME@ID:``, then ``ref:REF``, ``environment:NAME`` or ``pull_request``), and that the
audience is by default the URL of the repository's owner.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

_SUBJECT = re.compile(
    r"repo:(?P<owner>[^@/:]+)(?:@(?P<owner_id>\d+))?/(?P<name>[^@/:]+)(?:@(?P<id>\d+))?:(?P<rest>.+)", re.DOTALL
)
HEADS, TAGS, ENVIRONMENT, PULL_REQUEST = "ref:refs/heads/", "ref:refs/tags/", "environment:", "pull_request"


@dataclass(frozen=True)
class Subject:
    """A ``sub`` of GitHub in its parts; the ids are "" in the classic form. ``rest``: ``ref:refs/heads/main``."""

    owner: str
    owner_id: str
    name: str
    id: str
    rest: str

    def __str__(self) -> str:
        owner = f"{self.owner}@{self.owner_id}" if self.owner_id else self.owner
        name = f"{self.name}@{self.id}" if self.id else self.name
        return f"repo:{owner}/{name}:{self.rest}"

    @property
    def immutable(self) -> bool:
        """Whether it carries the ids."""
        return bool(self.owner_id and self.id)

    @property
    def kind(self) -> str:
        """``branch``, ``tag``, ``environment``, ``pull request`` or ``other``."""
        if self.rest == PULL_REQUEST:
            return "pull request"
        prefixes = {HEADS: "branch", TAGS: "tag", ENVIRONMENT: "environment"}
        return next((kind for prefix, kind in prefixes.items() if self.rest.startswith(prefix)), "other")


@dataclass(frozen=True)
class Stranger:
    """Somebody whom nobody wanted. ``id``: the finding; ``who``: in words; ``claims``: of their token."""

    id: str
    who: str
    claims: Mapping[str, str]


def read_subject(text: str) -> Subject | None:
    """The parts of a ``sub``; None for one of another form."""
    found = _SUBJECT.fullmatch(text)
    return None if found is None else Subject(**{key: value or "" for key, value in found.groupdict().items()})


def strangers(subject: str, audience: str) -> Iterator[Stranger]:
    """Others whom a trust for this subject might let in, the widest kind first; each may be the wanted one of another.

    Several for a kind, since a pattern lets in some of them alone.
    """
    own = read_subject(subject)
    if own is not None:
        yield from _of_others(own, audience)
        yield from _of_repository(own, audience)
        other = f"https://github.com/{own.owner}"
        yield Stranger("trust-any-audience", f"a token for {other}", {**claims(own, audience), "aud": other})
    yield Stranger("trust-any-audience", "a token for another service", {"sub": subject, "aud": "another-audience"})


def claims(subject: Subject, audience: str) -> dict[str, str]:
    """The claims of a token that are condition keys at AWS, as far as the subject says them."""
    full = f"{subject.owner}/{subject.name}"
    kind = subject.kind
    ref = subject.rest.removeprefix("ref:") if kind in ("branch", "tag") else "refs/heads/main"
    ref = "refs/pull/7/merge" if kind == "pull request" else ref
    found = {
        "sub": str(subject),
        "aud": audience,
        "repository": full,
        "repository_id": subject.id or "789012",
        "repository_owner_id": subject.owner_id or "123456",
        "ref": ref,
        "job_workflow_ref": f"{full}/.github/workflows/push.yml@{ref}",
        "workflow": "push",
        "actor": "somebody",
        "actor_id": "1",
    }
    return found | ({"environment": subject.rest.removeprefix(ENVIRONMENT)} if kind == "environment" else {})


def _rests(own: Subject) -> tuple[str, ...]:
    """What another repository's job may be: the same first, so that a pattern with that end is seen."""
    every = (own.rest, f"{HEADS}main", f"{HEADS}some-branch", PULL_REQUEST, f"{ENVIRONMENT}production")
    return tuple(dict.fromkeys(every))


def _of_others(own: Subject, audience: str) -> Iterator[Stranger]:
    plain = replace(own, owner_id="", id="")
    numbered = replace(own, owner_id=own.owner_id or "123456", id=own.id or "789012")
    for form in (own, numbered if own == plain else plain):
        with_ids = form.immutable
        owners = (
            replace(form, owner="somebody-else", owner_id="424242" * with_ids, name="any-repo", id="434343" * with_ids),
            replace(form, owner="somebody-else", owner_id="424242" * with_ids, id="434343" * with_ids),
            replace(form, owner=f"{own.owner}-2", owner_id="424242" * with_ids, id="434343" * with_ids),
            replace(form, owner=f"2-{own.owner}", owner_id="424242" * with_ids, id="434343" * with_ids),
        )
        again = (replace(form, owner_id="424242", id="434343"), replace(form, id="434343")) if with_ids else ()
        names = (
            replace(form, name="another-repo", id="434343" * with_ids),
            replace(form, name=f"{own.name}-2", id="434343" * with_ids),
            replace(form, name=f"2-{own.name}", id="434343" * with_ids),
        )
        yield from _each(owners, own, audience, "trust-any-owner", "a repository of somebody else")
        yield from _each(names, own, audience, "trust-any-repository", f"another repository of {own.owner}")
        yield from _each(again, own, audience, "trust-names-alone", "a later repository of the same name")


def _each(others: tuple[Subject, ...], own: Subject, audience: str, id: str, who: str) -> Iterator[Stranger]:
    for other in others:
        for rest in _rests(own):
            yield Stranger(id, who, claims(replace(other, rest=rest), audience))


def _of_repository(own: Subject, audience: str) -> Iterator[Stranger]:
    name = own.rest.rpartition("/")[2].rpartition(":")[2]
    rests = {
        "trust-any-pull-request": ("any pull request", (PULL_REQUEST,)),
        "trust-any-environment": (
            "another environment",
            tuple(f"{ENVIRONMENT}{each}" for each in ("any", "staging", "production", f"{name}-2")),
        ),
        "trust-any-branch": (
            "another branch",
            tuple(
                f"{HEADS}{each}" for each in ("some-branch", "main", "feature/x", f"{name}-2", f"{name}/x", f"x/{name}")
            ),
        ),
        "trust-any-tag": ("a tag", tuple(f"{TAGS}{each}" for each in ("v1", "v1.0.0", name, f"{name}-2"))),
    }
    plain, numbered = replace(own, owner_id="", id=""), own if own.immutable else None
    for id, (who, listed) in rests.items():
        for rest in listed:
            for form in filter(None, (own, plain, numbered)):
                yield Stranger(id, who, claims(replace(form, rest=rest), audience))
    if own.immutable:
        # The same job, had the repository the other form: nobody's token has it now.
        yield Stranger("trust-names-alone", "a repository of the same name without ids", claims(plain, audience))
