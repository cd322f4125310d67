"""Is an execution role's policy enough to start a task, and nothing more? Judged by evaluating it.

What a start asks for is in the ECS developer guide, "Amazon ECS task execution IAM role"; a pull takes the two actions
that amazon-ecr-login lists for pulling. AWS's managed policy also allows ecr:BatchCheckLayerAvailability, which a pull
does not ask for; it is tolerated, because the documentation names it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from labs.iam import Decision, DecisionKind, Policies, Principal, Request, evaluate, parse_policy
from labs.subjects.push.policy_review import TOKEN, PolicyDocument, PolicyProblem, known_actions, written
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
# All actions of these are tried; of the others, what a statement names, and one for each door of a careless wildcard.
_SERVICES = ("ecr", "logs", "ssm")
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
    """Who starts the task, and what it needs: ARNs of the repository, the log group (without ``:*``), the secret."""

    principal: Principal
    repository: str
    log_group: str
    parameter: str

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
    """Evaluates a role's policies for one start."""

    documents: Sequence[PolicyDocument]
    start: Start

    @cached_property
    def _policies(self) -> Policies:
        return Policies(identity=[parse_policy(each.body, name=each.name) for each in self.documents])

    def decide(self, action: str, resource: str) -> Decision:
        """The decision on one request of the starting task."""
        return evaluate(Request(self.start.principal, action, resource), self._policies)

    def first_fault(self) -> PolicyProblem | None:
        """The first thing wrong; None when the policy is right."""
        return next(self.faults(), None)

    def faults(self) -> Iterator[PolicyProblem]:
        """What is missing first, then what is too much."""
        yield from self._lacking()
        yield from self._wide_resources()
        yield from self._other_actions()

    def _lacking(self) -> Iterator[PolicyProblem]:
        lacking = [each for each in self.start.needed() if not self.decide(*each).allowed]
        if not lacking:
            return
        action, resource = lacking[0]
        if self.decide(action, resource).kind is DecisionKind.EXPLICIT_DENY:
            why = f"{self._statement(action, resource)} denies {action} on {resource}."
        else:
            why = f"No statement allows {action} on {resource}."
        yield PolicyProblem("role_lacks", {"actions": text.series([each for each, _ in lacking]), "why": why})

    def _wide_resources(self) -> Iterator[PolicyProblem]:
        for action, resource in (*self.start.needed(), (TOLERATED, self.start.repository)):
            if resource == "*":
                continue
            for other in (*self.start.others(resource), *self._named(resource)):
                if self.decide(action, other).allowed:
                    by = self._statement(action, other)
                    yield PolicyProblem("role_wide_resource", {"action": action, "resource": other, "by": by})

    def _named(self, resource: str) -> Iterator[str]:
        """What the statements name beside the resource that is needed."""
        for document in self.documents:
            yield from (each for each in written(document, "Resource") if not fnmatchcase(resource, each))

    def _other_actions(self) -> Iterator[PolicyProblem]:
        for action, resource in self._not_needed():
            if self.decide(action, resource).allowed:
                yield PolicyProblem("role_wide_action", {"action": action, "by": self._statement(action, resource)})

    def _not_needed(self) -> Iterator[tuple[str, str]]:
        """What a start never asks for."""
        start = self.start
        needed = {action for action, _ in start.needed()} | {TOLERATED}
        own = {
            "ecr": (start.repository,),
            "logs": (start.stream, start.log_group, f"{start.log_group}:*"),
            "ssm": (start.parameter,),
        }
        for service in _SERVICES:
            for action in sorted(known_actions(service) - needed):
                yield from ((action, resource) for resource in (*own[service], "*"))
        for document in self.documents:
            for action in written(document, "Action"):
                if action.split(":")[0].lower() not in _SERVICES:
                    yield from ((action, resource) for resource in written(document, "Resource"))
        for action, template in _ELSEWHERE:
            yield action, template.format(**start.place)

    def _statement(self, action: str, resource: str) -> str:
        statement = self.decide(action, resource).statement
        if statement is None:
            return f"{action} on {resource}"
        named = f" ({statement.sid})" if statement.sid else ""
        return f"statement {statement.index + 1}{named} of the policy {statement.policy}"
