"""Is an execution role's policy enough to start a task, and nothing more? Decided by ``labs.iam``'s analysis.

What a start asks for is in the ECS developer guide, "Amazon ECS task execution IAM role"; a pull takes the two actions
that amazon-ecr-login lists for pulling. AWS's managed policy also allows ecr:BatchCheckLayerAvailability, which a pull
does not ask for; it is tolerated, because the documentation names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from labs import iam
from labs.iam import Decision, DecisionKind, Policies, Principal, Request, Wanted, evaluate
from labs.subjects.policies import in_words
from labs.subjects.push.policy_review import TOKEN, PolicyDocument, PolicyProblem, own_policies
from labs.ui import text

# AWS's managed policy of execution roles (ECS developer guide, "Amazon ECS task execution IAM role").
MANAGED = "service-role/AmazonECSTaskExecutionRolePolicy"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
WRITE = ("logs:CreateLogStream", "logs:PutLogEvents")
READ = "ssm:GetParameters"
TOLERATED = "ecr:BatchCheckLayerAvailability"
# Of what a wildcard opens, the requests that people know: they are shown before others.
_ELSEWHERE = (
    ("secretsmanager:GetSecretValue", "arn:{partition}:secretsmanager:{region}:{account}:secret:other-AbCdEf"),
    ("kms:Decrypt", "arn:{partition}:kms:{region}:{account}:key/00000000-0000-0000-0000-000000000000"),
    ("s3:GetObject", "arn:{partition}:s3:::other/object"),
    ("iam:PassRole", "arn:{partition}:iam::{account}:role/other"),
    ("sts:AssumeRole", "arn:{partition}:iam::{account}:role/other"),
    ("ecs:RunTask", "arn:{partition}:ecs:{region}:{account}:task-definition/other:1"),
    ("ec2:DescribeInstances", "*"),
)


@dataclass(frozen=True)
class Start:
    """Who starts the task, and what it needs: ARNs of the repository, the log group (without ``:*``), the secret.

    ``now`` is aware: no request comes earlier. ``endpoints``: how the calls of a service come, by its prefix (``ssm``).
    """

    principal: Principal
    repository: str
    log_group: str
    parameter: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    endpoints: Mapping[str, iam.Connection] = field(default_factory=dict)

    @property
    def stream(self) -> str:
        """A stream of the log group."""
        return f"{self.log_group}:log-stream:app/app/0123456789abcdef0123456789abcdef"

    @property
    def place(self) -> dict[str, str]:
        """Partition, Region and account."""
        _, partition, _, region, account, _ = self.repository.split(":", 5)
        return {"partition": partition, "region": region, "account": account}

    def needed(self) -> tuple[tuple[str, str], ...]:
        """Every request of a start: the action and its resource."""
        return (
            (TOKEN, "*"),
            *((each, self.repository) for each in PULL),
            *((each, self.stream) for each in WRITE),
            (READ, self.parameter),
        )

    def wanted(self) -> list[Wanted]:
        """What the role may have."""
        return [
            Wanted(TOKEN),
            Wanted((*PULL, TOLERATED), self.repository),
            # The group's own ARN allows nothing more: beside that of its streams it is often written.
            *(Wanted(WRITE, arn) for arn in (self.log_group, f"{self.log_group}:*")),
            Wanted(READ, self.parameter),
        ]

    @property
    def scene(self) -> iam.Scene:
        """The requests in question: the role's, on whatever resource."""
        return iam.Scene(self.principal, self.place["account"], self.place["region"], self.now)

    def others(self, arn: str) -> Iterator[str]:
        """Resources of the same kind: another name, a name that goes on, another Region, another account."""
        head, partition, service, region, account, name = arn.split(":", 5)
        another = {"ecr": "repository/somebody/else", "ssm": "parameter/somebody-else"}
        yield f"{head}:{partition}:{service}:{region}:{account}:" + another.get(
            service, "log-group:somebody-else:log-stream:a/b/c"
        )
        yield arn.replace(self.log_group, f"{self.log_group}-2") if arn == self.stream else f"{arn}-2"
        elsewhere = "eu-west-3" if region != "eu-west-3" else "eu-west-1"
        yield f"{head}:{partition}:{service}:{elsewhere}:{account}:{name}"
        yield f"{head}:{partition}:{service}:{region}:999999999999:{name}"


@dataclass(frozen=True)
class StartReviewer:
    """Judges a role's policies, under its boundary, for one start."""

    documents: Sequence[PolicyDocument]
    start: Start
    boundary: PolicyDocument | None = None

    @cached_property
    def policies(self) -> Policies:
        """The role's own policies under its boundary."""
        return own_policies(self.documents, self.boundary)

    def decide(self, action: str, resource: str, **keys: str) -> Decision:
        """The decision on one request of the starting task; ``keys``: those that it takes beside the usual ones."""
        start = self.start
        # GetAuthorizationToken does not say through which endpoint it came (ECR user guide, vpc-endpoints).
        by_endpoint = {} if action == TOKEN else start.endpoints
        connection = by_endpoint.get(action.split(":")[0], iam.Connection(start.place["region"]))
        context = iam.request_context(start.principal, connection, start.now, session=iam.Session(start.now))
        return evaluate(Request(start.principal, action, resource, {**context, **keys}), self.policies)

    def first_fault(self) -> PolicyProblem | None:
        """The first thing wrong; None when the policy is right."""
        return next(self.faults(), None)

    def faults(self) -> Iterator[PolicyProblem]:
        """What is missing first, then what is too much; what cannot be told comes last."""
        yield from self._lacking()
        found = iam.excess(self.policies, self.start.wanted(), self.start.scene)
        shown = [(each, each.witness) for each in found if each.witness is not None]
        wide = [self._wide_resource(access, asked) for access, asked in shown if self._needed(access)]
        yield from sorted(wide, key=lambda each: self._order.index(each.values["action"]))
        yield from (self._other_action(access, asked) for access, asked in shown if not self._needed(access))
        for access in found:
            if access.witness is None:
                yield PolicyProblem("cannot_tell", {"why": in_words.unclear(access)})

    @property
    def _order(self) -> list[str]:
        """What a start needs, in its order, and what is tolerated."""
        return [*(action for action, _ in self.start.needed()), TOLERATED]

    def _lacking(self) -> Iterator[PolicyProblem]:
        """Refused for certain, or unless a condition holds that a start does not meet."""
        missing = [each for each in self.start.needed() if self._lacks(*each) and not self.decide(*each).allowed]
        if not missing:
            return
        action, resource = missing[0]
        decision, lack = self.decide(action, resource), self._lacks(action, resource)[0]
        if decision.kind is DecisionKind.EXPLICIT_DENY and lack.denied_by is not None:
            why = f"{in_words.place(lack.denied_by)} denies {action} on {resource}."
        elif lack.certain:
            why = f"No statement allows {action} on {resource}."
        else:
            conditions = text.series([str(each) for each in lack.conditions])
            why = f"{action} on {resource} is allowed only if {conditions}, which a start does not meet."
        yield PolicyProblem("role_lacks", {"actions": text.series([each for each, _ in missing]), "why": why})

    def _lacks(self, action: str, resource: str) -> tuple[iam.Lack, ...]:
        return iam.lacking(self.policies, [Wanted(action, resource)], self.start.scene)

    def _needed(self, access: iam.Access) -> bool:
        """Whether it is an action of a start: then its resource is too much."""
        return any(each in access.actions for each in self._order)

    def _wide_resource(self, access: iam.Access, asked: Request) -> PolicyProblem:
        action = next(each for each in self._order if each in access.actions)
        own = dict((*self.start.needed(), (TOLERATED, self.start.repository)))[action]
        shown = self._first([(action, each) for each in self.start.others(own)], asked, access.place)
        return self._problem("role_wide_resource", access, shown or _as(asked, action))

    def _other_action(self, access: iam.Access, asked: Request) -> PolicyProblem:
        known = [(action, arn.format(**self.start.place)) for action, arn in _ELSEWHERE]
        return self._problem("role_wide_action", access, self._first(known, asked, access.place) or asked)

    def _first(self, candidates: Sequence[tuple[str, str]], like: Request, place: iam.Place) -> Request | None:
        """The first of some requests that the statement really allows, with the condition keys of another request."""
        for action, resource in candidates:
            request = Request(like.principal, action, resource, like.context)
            decision = evaluate(request, self.policies)
            by = decision.statement
            if decision.allowed and by is not None and (by.policy, by.index) == (place.policy, place.index):
                return request
        return None

    def _problem(self, name: str, access: iam.Access, asked: Request) -> PolicyProblem:
        values = {
            "action": asked.action,
            "resource": asked.resource,
            "keys": in_words.keys(asked),
            "by": in_words.place(access.place),
        }
        return PolicyProblem(name, values)


def _as(asked: Request, action: str) -> Request:
    """The same request for another action of its class: no statement tells them apart."""
    return Request(asked.principal, action, asked.resource, asked.context)
