"""Is a push policy enough, and nothing more? Judged by evaluating it, not by comparing texts.

The required requests are what a push of several platforms sends (docs/fidelity.md); the forbidden ones are every
other ECR action on the repository, the same actions elsewhere, and a sample of other services.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import botocore.session

from labs import iam
from labs.iam import (
    Decision,
    DecisionKind,
    LintCode,
    Policies,
    Principal,
    Request,
    differs,
    evaluate,
    lint,
    parse_policy,
    quoted,
)
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
_MISSPELT = (LintCode.UNKNOWN_ACTION, LintCode.MATCHES_NOTHING)
# One request for each door that a careless wildcard opens.
_ELSEWHERE = (
    ("ecr-public:PutImage", "arn:{partition}:ecr-public::{account}:repository/other"),
    ("iam:PutRolePolicy", "arn:{partition}:iam::{account}:role/other"),
    ("iam:PassRole", "arn:{partition}:iam::{account}:role/other"),
    ("s3:GetObject", "arn:{partition}:s3:::other/object"),
    ("sts:AssumeRole", "arn:{partition}:iam::{account}:role/other"),
    ("ssm:GetParameter", "arn:{partition}:ssm:{region}:{account}:parameter/other"),
    ("ecs:RunTask", "arn:{partition}:ecs:{region}:{account}:task-definition/other:1"),
    ("logs:GetLogEvents", "arn:{partition}:logs:{region}:{account}:log-group:other:log-stream:other"),
    ("ec2:DescribeInstances", "*"),
)


@dataclass(frozen=True)
class PushContext:
    """Who pushes, and where to."""

    principal: Principal
    repository_arn: str

    @property
    def parts(self) -> list[str]:
        """``arn, partition, ecr, region, account, repository/NAME``."""
        return self.repository_arn.split(":", 5)

    def elsewhere(self, *, account: str = "", region: str = "", name: str = "") -> str:
        """The ARN of another repository."""
        arn, partition, service, own_region, own_account, own_name = self.parts
        rest = f"repository/{name}" if name else own_name
        return ":".join((arn, partition, service, region or own_region, account or own_account, rest))


@dataclass(frozen=True)
class PolicyDocument:
    """One policy of the role: its name and its JSON object."""

    name: str
    body: Mapping[str, Any]

    @property
    def statements(self) -> list[Mapping[str, Any]]:
        raw = self.body.get("Statement", [])
        return [raw] if isinstance(raw, Mapping) else list(raw)


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
    """Evaluates the role's policies for one place."""

    documents: Sequence[PolicyDocument]
    place: PushContext

    def decide(self, action: str, resource: str) -> Decision:
        """The decision on one request of the pusher."""
        policies = Policies(identity=[parse_policy(each.body, name=each.name) for each in self.documents])
        return evaluate(Request(self.place.principal, action, resource), policies)

    def lacking(self, actions: Sequence[str] = NEEDED) -> tuple[str, ...]:
        """Those of the actions that the repository is refused."""
        return tuple(each for each in actions if not self.decide(each, self.place.repository_arn).allowed)

    def faults(self) -> Iterator[PolicyProblem]:
        """Everything wrong, the most telling first."""
        yield from self._denied()
        yield from self._misspelt()
        yield from self._token()
        yield from self._misplaced()
        lacking = self.lacking()
        if lacking:
            yield PolicyProblem("missing_action", {"actions": text.series(lacking)})
        yield from self._too_much()

    def first_fault(self) -> PolicyProblem | None:
        """The first of ``faults``."""
        return next(self.faults(), None)

    def faults_but(self, names: Sequence[str]) -> Iterator[PolicyProblem]:
        """Those with other names."""
        return (fault for fault in self.faults() if fault.name not in names)

    def _denied(self) -> Iterator[PolicyProblem]:
        for action, resource in [(each, self.place.repository_arn) for each in NEEDED] + [(TOKEN, "*")]:
            decision = self.decide(action, resource)
            if decision.kind is DecisionKind.EXPLICIT_DENY and decision.statement is not None:
                where = decision.statement
                statement = f"number {where.index + 1}" + (f" ({where.sid})" if where.sid else "")
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
        if self.decide(TOKEN, "*").allowed:
            return
        for document in self.documents:
            for statement in document.statements:
                named = any(fnmatchcase(TOKEN.lower(), each.lower()) for each in _list(statement.get("Action")))
                if named and statement.get("Effect") == "Allow":
                    yield PolicyProblem("token_resource", {"resource": text.series(_list(statement.get("Resource")))})
                    return
        yield PolicyProblem("token_missing", {})

    def _misplaced(self) -> Iterator[PolicyProblem]:
        """The push actions are there, but for a repository that is not the trainee's."""
        if len(self.lacking()) < len(NEEDED):
            return
        for document in self.documents:
            for arn in written(document, "Resource"):
                parts = arn.split(":", 5)
                if len(parts) < 6 or parts[2] != "ecr":
                    continue
                own = self.place.parts
                names = ("arn", "partition", "service", "Region", "account", "repository")
                for name, theirs, ours in zip(names, parts, own, strict=True):
                    if not fnmatchcase(ours, theirs):
                        kind = {"account": "other_account", "Region": "other_region"}.get(name, "other_name")
                        yield PolicyProblem(kind, {"ours": ours, **_told_apart(name, ours, theirs, arn, self.place)})
                        return

    def _too_much(self) -> Iterator[PolicyProblem]:
        place = self.place
        extra = [each for each in sorted(known_actions() - {*NEEDED, TOKEN}) if self._allows(each)]
        if extra:
            by = self._by(extra[0], place.repository_arn)
            yield PolicyProblem("wide_actions", {"count": str(len(extra)), "actions": text.series(extra[:3]), "by": by})
        beside = place.parts[5].removeprefix("repository/") + "-2"
        for kind, arn in (
            ("resource_any", place.elsewhere(name="somebody/else")),
            ("other_repository", place.elsewhere(name=beside)),
            ("resource_any", place.elsewhere(region="eu-west-3" if place.parts[3] != "eu-west-3" else "eu-west-1")),
            ("resource_any", place.elsewhere(account="999999999999")),
        ):
            for action in NEEDED:
                if self.decide(action, arn).allowed:
                    yield PolicyProblem(kind, {"action": action, "arn": arn, "by": self._by(action, arn)})
                    break
        yield from self._named_elsewhere()
        _, partition, _, region, account, _ = place.parts
        for action, template in _ELSEWHERE:
            resource = template.format(partition=partition, region=region, account=account)
            if self.decide(action, resource).allowed:
                yield PolicyProblem("other_service", {"action": action, "by": self._by(action, resource)})

    def _named_elsewhere(self) -> Iterator[PolicyProblem]:
        """A second repository that a statement names outright."""
        for document in self.documents:
            for arn in written(document, "Resource"):
                if ":ecr:" not in arn or fnmatchcase(self.place.repository_arn, arn):
                    continue
                for action in NEEDED:
                    if self.decide(action, arn).allowed:
                        yield PolicyProblem("other_repository", {"action": action, "arn": arn, "by": arn})
                        return

    def _allows(self, action: str) -> bool:
        beside = self.place.elsewhere(name="somebody/else")
        return any(self.decide(action, resource).allowed for resource in (self.place.repository_arn, beside, "*"))

    def _by(self, action: str, resource: str) -> str:
        """How the policy itself writes what allowed a request: its Action and Resource."""
        statement = self.decide(action, resource).statement
        if statement is None:
            return f"{action} on {resource}"
        document = next(each for each in self.documents if each.name == statement.policy)
        raw = document.statements[statement.index]
        actions = [each for each in _list(raw.get("Action")) if fnmatchcase(action.lower(), each.lower())]
        resources = [each for each in _list(raw.get("Resource")) if fnmatchcase(resource, each)]
        if not (actions and resources):
            return f"statement number {statement.index + 1} of {document.name}"
        return f'Action "{actions[0]}" on Resource "{resources[0]}"'


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
