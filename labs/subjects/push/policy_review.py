"""Is a push policy enough, and nothing more? Decided by ``labs.iam``'s analysis, for every request there can be.

What a push of several platforms sends: docs/fidelity.md.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

import botocore.session

from labs import iam
from labs.iam import (
    LintCode,
    Policies,
    Policy,
    PolicyKind,
    Principal,
    Request,
    differs,
    evaluate,
    lint,
    parse_policy,
    quoted,
)
from labs.iam.match import Patterns
from labs.subjects.policies import in_words
from labs.ui import text

# The example of "IAM permissions for pushing an image" in the Amazon ECR user guide, today's text.
DOCUMENTED = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
MISSING = "ecr:GetDownloadUrlForLayer"
NEEDED = (*DOCUMENTED, MISSING)
TOKEN = "ecr:GetAuthorizationToken"
# A colon of an ARN, and not of a variable in it, ${aws:PrincipalAccount}.
_COLON = re.compile(r":(?![^{]*\})")
_MISSPELT = (LintCode.UNKNOWN_ACTION, LintCode.MATCHES_NOTHING)
# Allows nothing, and lets the analysis tell the actions of ECR from those of other services.
_ECR_APART = {
    "Effect": "Allow",
    "Action": "ecr:*",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:PrincipalAccount": "nobody"}},
}


@dataclass(frozen=True)
class PushContext:
    """Who pushes, where to, and since when: ``now`` is aware, no request comes earlier."""

    principal: Principal
    repository_arn: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def parts(self) -> list[str]:
        """``arn, partition, ecr, region, account, repository/NAME``."""
        return self.repository_arn.split(":", 5)

    @property
    def scene(self) -> iam.Scene:
        """The requests in question: this principal's, on whatever resource."""
        return iam.Scene(self.principal, self.parts[4], self.parts[3], self.now)

    @property
    def at_repository(self) -> iam.Scene:
        """Those on the repository."""
        return replace(self.scene, resource=self.repository_arn)

    def elsewhere(self, *, account: str = "", region: str = "", name: str = "") -> str:
        """The ARN of another repository."""
        arn, partition, service, own_region, own_account, own_name = self.parts
        rest = f"repository/{name}" if name else own_name
        return ":".join((arn, partition, service, region or own_region, account or own_account, rest))


@dataclass(frozen=True)
class PolicyDocument:
    """One policy: its name and its JSON object. ``text``: how its author wrote it, "" when that is not known."""

    name: str
    body: Mapping[str, Any]
    text: str = field(default="", repr=False)

    @property
    def statements(self) -> list[Mapping[str, Any]]:
        raw = self.body.get("Statement", [])
        return [raw] if isinstance(raw, Mapping) else list(raw)

    def parsed(self, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
        """The policy; its places have lines where the text is known. Raises MalformedPolicy."""
        return parse_policy(self.text or self.body, kind, self.name)


def own_policies(documents: Sequence[PolicyDocument], boundary: PolicyDocument | None) -> Policies:
    """A role's own policies under its boundary. Raises MalformedPolicy."""
    above = boundary.parsed(PolicyKind.BOUNDARY) if boundary else None
    return Policies(identity=[each.parsed() for each in documents], boundary=above)


@dataclass(frozen=True)
class PolicyProblem:
    """What is wrong: the last word of a message id, and the values of its message."""

    name: str
    values: Mapping[str, str]


@cache
def known_actions(service: str = "ecr") -> frozenset[str]:
    """Every action of a service; the operations are those of botocore's service model."""
    model = botocore.session.get_session().get_service_model(service)
    every = iam.known_actions({service: model.operation_names})
    return frozenset(action for action in every if action.startswith(f"{service}:"))


@dataclass(frozen=True)
class Reviewer:
    """Judges the role's policies for one place.

    ``boundary``: the role's permissions boundary; ``repository_policy``: the repository's own. ``actions``: those that
    the push may have on the repository.
    """

    documents: Sequence[PolicyDocument]
    place: PushContext
    boundary: PolicyDocument | None = None
    repository_policy: PolicyDocument | None = None
    actions: Sequence[str] = NEEDED

    @cached_property
    def policies(self) -> Policies:
        """The role's own policies under its boundary."""
        return own_policies(self.documents, self.boundary)

    @cached_property
    def _at_repository(self) -> Policies:
        """What decides a request on the repository."""
        own = self.repository_policy.parsed(PolicyKind.RESOURCE) if self.repository_policy else None
        return Policies(self.policies.identity, own, self.policies.boundary)

    def decide(self, action: str, resource: str) -> iam.Decision:
        """The decision on one request of the pusher, of which no more is known than of any: the time and the Region."""
        place = self.place
        connection = iam.Connection(place.parts[3])
        context = iam.request_context(place.principal, connection, place.now, session=iam.Session(place.now))
        policies = self._at_repository if resource == place.repository_arn else self.policies
        return evaluate(Request(place.principal, action, resource, context), policies)

    @cached_property
    def lacks(self) -> tuple[iam.Lack, ...]:
        """What of a push is refused on the repository, for certain or for some requests only."""
        wanted = [iam.Wanted(NEEDED, self.place.repository_arn)]
        return iam.lacking(self._at_repository, wanted, self.place.at_repository)

    def lacking(self) -> tuple[str, ...]:
        """The actions of a push that the repository is refused for certain."""
        return _actions_of(each for each in self.lacks if each.certain)

    def maybe_lacking(self) -> tuple[str, ...]:
        """The same with the token, and with those that are refused unless a condition holds."""
        return _actions_of((*self.lacks, *self._token_lacks))

    def undecided(self) -> str:
        """Why it cannot be told whether the push lacks something; empty when it can."""
        return next((each.unclear for each in (*self.lacks, *self._token_lacks) if each.unclear), "")

    def narrowed(self) -> str:
        """The conditions under which alone the push is allowed, in words; empty when it is whatever they are."""
        found = [str(condition) for each in (*self.lacks, *self._token_lacks) for condition in each.conditions]
        return text.series(list(dict.fromkeys(found)))

    def allowing(self, action: str) -> tuple[iam.Access, ...]:
        """What may allow an action on the repository, under whatever conditions; empty: nothing does."""
        own = self.place.repository_arn
        everything_else = [
            {"Effect": "Allow", "NotAction": action, "Resource": "*"},
            {"Effect": "Allow", "Action": action, "NotResource": own},
        ]
        return iam.excess(self._at_repository, _wanted(everything_else), self.place.at_repository)

    def denying(self, action: str) -> iam.Place | None:
        """The statement that denies an action on the repository, at least under its conditions; None: none does."""
        wanted = [iam.Wanted(action, self.place.repository_arn)]
        lacks = iam.lacking(self._at_repository, wanted, self.place.at_repository)
        return next((each.denied_by for each in lacks if each.denied_by), None)

    def faults(self) -> Iterator[PolicyProblem]:
        """Everything wrong, the most telling first; what cannot be told comes last."""
        yield from self._denied()
        yield from self._misspelt()
        yield from self._token()
        yield from self._misplaced()
        lacking = self.lacking()
        if lacking:
            yield self._missing(lacking)
        yield from self.excess()

    def first_fault(self) -> PolicyProblem | None:
        """The first of ``faults``."""
        return next(self.faults(), None)

    def faults_but(self, names: Sequence[str]) -> Iterator[PolicyProblem]:
        """Those with other names."""
        return (fault for fault in self.faults() if fault.name not in names)

    @cached_property
    def _token_lacks(self) -> tuple[iam.Lack, ...]:
        return iam.lacking(self.policies, [iam.Wanted(TOKEN)], self.place.scene)

    def _denied(self) -> Iterator[PolicyProblem]:
        for lack in (*self.lacks, *self._token_lacks):
            if lack.certain and lack.denied_by is not None:
                where = lack.denied_by
                statement = f"number {where.index + 1}" + (f" ({where.sid})" if where.sid else "")
                action = _actions_of([lack])[0]
                yield PolicyProblem("deny_left", {"action": action, "statement": statement, "policy": where.policy})
                return

    def _misspelt(self) -> Iterator[PolicyProblem]:
        for document in self.documents:
            for found in lint(parse_policy(document.body, name=document.name), known_actions()):
                if found.code in _MISSPELT or found.suggestion.startswith("ecr:"):
                    yield PolicyProblem(
                        "typo", {"action": found.value, "suggestion": found.suggestion or "another action"}
                    )

    def _token(self) -> Iterator[PolicyProblem]:
        if not any(each.certain for each in self._token_lacks):
            return
        for document in self.documents:
            for statement in document.statements:
                named = any(Patterns([each], fold=True).match(TOKEN.lower()) for each in _list(statement.get("Action")))
                if named and statement.get("Effect") == "Allow" and _list(statement.get("Resource")) != ["*"]:
                    yield PolicyProblem("token_resource", {"resource": text.series(_list(statement.get("Resource")))})
                    return
        yield PolicyProblem("token_missing", {})

    def _misplaced(self) -> Iterator[PolicyProblem]:
        """The push actions are there, but for a repository that is not the trainee's."""
        if len(self.lacking()) < len(NEEDED):
            return
        for document in self.documents:
            for arn in written(document, "Resource"):
                parts = _COLON.split(arn, 5)
                if len(parts) < 6 or parts[2] != "ecr":
                    continue
                own = self.place.parts
                names = ("arn", "partition", "service", "Region", "account", "repository")
                for name, theirs, ours in zip(names, parts, own, strict=True):
                    if not Patterns([theirs]).match(ours):
                        kind = {"account": "other_account", "Region": "other_region"}.get(name, "other_name")
                        yield PolicyProblem(kind, {"ours": ours, **_told_apart(name, ours, theirs, arn, self.place)})
                        return

    def _missing(self, lacking: tuple[str, ...]) -> PolicyProblem:
        values = {"actions": text.series(lacking)}
        if self.boundary is not None and not Reviewer(self.documents, self.place).lacking():
            return PolicyProblem("boundary_limits", {**values, "boundary": self.boundary.name})
        return PolicyProblem("missing_action", values)

    def excess(self) -> Iterator[PolicyProblem]:
        """What the role may do beyond the push: of ECR, then on other repositories, then of other services."""
        right = [_allow(self.actions, self.place.repository_arn), _allow([TOKEN], "*")]
        found = iam.excess(self.policies, _wanted([*right, _ECR_APART]), self.place.scene)
        shown = [(each, each.witness) for each in found if each.witness is not None]
        of_ecr = [(each, asked) for each, asked in shown if asked.action.lower().startswith("ecr:")]
        pushing = {each.lower() for each in self.actions}
        wide = [(each, asked) for each, asked in of_ecr if asked.action.lower() not in pushing]
        if wide:
            actions = [action for access, _ in wide for action in access.actions]
            count = sum(access.count for access, _ in wide)
            access, asked = wide[0]
            values = {"count": str(count), "actions": text.series(actions[:3]), **_witnessed(access, asked)}
            yield PolicyProblem("wide_actions", values)
        for access, asked in of_ecr:
            if asked.action.lower() in pushing:
                yield self._wide_resource(access, asked)
        for access, asked in shown:
            if not asked.action.lower().startswith("ecr:"):
                yield PolicyProblem("other_service", _witnessed(access, asked))
        for access in found:
            if access.witness is None:
                yield PolicyProblem("cannot_tell", {"why": in_words.unclear(access)})

    def _wide_resource(self, access: iam.Access, asked: Request) -> PolicyProblem:
        """A push action on another repository: any, or some. A repository that people know by its kind is shown."""
        place = self.place
        beside = place.parts[5].removeprefix("repository/") + "-2"
        for kind, arn in (
            ("resource_any", place.elsewhere(name="somebody/else")),
            ("other_repository", place.elsewhere(name=beside)),
            ("resource_any", place.elsewhere(region="eu-west-3" if place.parts[3] != "eu-west-3" else "eu-west-1")),
            ("resource_any", place.elsewhere(account="999999999999")),
        ):
            request = Request(asked.principal, asked.action, arn, asked.context)
            if evaluate(request, self.policies).allowed:
                return PolicyProblem(kind, _witnessed(access, request))
        return PolicyProblem("other_repository", _witnessed(access, asked))


def _witnessed(access: iam.Access, asked: Request) -> dict[str, str]:
    """The values of a message about an access: the request that shows it, and what gives it."""
    return {
        "action": asked.action,
        "arn": asked.resource,
        "keys": in_words.keys(asked),
        "by": in_words.given_by(access),
        "place": in_words.place(access.place),
    }


def _allow(actions: Sequence[str], resource: str) -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _wanted(statements: Sequence[Mapping[str, Any]]) -> Policies:
    return Policies(identity=[parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, name="wanted")])


def _actions_of(lacks: Iterator[iam.Lack] | Sequence[iam.Lack]) -> tuple[str, ...]:
    """The actions of some lacks, in the order in which this module names them."""
    found = {action for each in lacks for action in each.actions}
    return tuple(each for each in (*NEEDED, TOKEN) if each in found)


def _told_apart(part: str, ours: str, theirs: str, arn: str, place: PushContext) -> dict[str, str]:
    """``found``: what the policy has in the place of a part of the ARN; ``differs``: where, if it looks the same."""
    if not theirs:
        found = f"an ARN without {'an' if part == 'account' else 'a'} {part}: {quoted(arn)}"
    elif part in ("account", "Region"):
        found = f"an ARN in {part} {quoted(theirs)}"
    elif part == "repository":
        found = f"the name {quoted(theirs)}"
    else:
        return {"found": f"the {part} {quoted(theirs)} in {quoted(arn)}", "differs": differs(place.repository_arn, arn)}
    return {"found": found, "differs": differs(ours, theirs)}


def _list(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(each) for each in value] if isinstance(value, Sequence) else []


def written(document: PolicyDocument, key: str) -> Iterator[str]:
    """What the Allow statements write under ``Action`` or ``Resource``."""
    for statement in document.statements:
        if statement.get("Effect") == "Allow":
            yield from _list(statement.get(key))
