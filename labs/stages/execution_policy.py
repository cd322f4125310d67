"""Is an execution role's policy enough to start a task, and nothing more? Judged by evaluating it.

What a start asks for is in the ECS developer guide, "Amazon ECS task execution IAM role"; a pull takes the two actions
that amazon-ecr-login lists for pulling. AWS's managed policy also allows ecr:BatchCheckLayerAvailability, which a pull
does not ask for; it is tolerated, because the documentation names it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labs.iam import Decision, Policies, Principal, Request, evaluate, parse_policy
from labs.stages.push_policy import TOKEN, Document, Fault, known_actions
from labs.ui.text import series as words

PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
WRITE = ("logs:CreateLogStream", "logs:PutLogEvents")
READ = "ssm:GetParameters"
TOLERATED = "ecr:BatchCheckLayerAvailability"


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

    def needed(self) -> tuple[tuple[str, str], ...]:
        """Every request of a start: the action and its resource."""
        return (
            (TOKEN, "*"),
            *((each, self.repository) for each in PULL),
            *((each, self.stream) for each in WRITE),
            (READ, self.parameter),
        )

    def beside(self, arn: str) -> str:
        """The ARN of another resource of the same kind: its name goes on."""
        if arn == self.stream:
            return self.stream.replace(self.log_group, f"{self.log_group}-2")
        return f"{arn}-2"

    def elsewhere(self, arn: str) -> str:
        """The ARN of a resource of the same kind with another name altogether."""
        *head, _ = arn.split(":", 5)
        kind = {"ecr": "repository/somebody/else", "ssm": "parameter/somebody-else"}.get(head[2])
        return ":".join((*head, kind or "log-group:somebody-else:log-stream:a/b/c"))


@dataclass(frozen=True)
class StartReviewer:
    """Evaluates a role's policies for one start."""

    documents: Sequence[Document]
    start: Start

    def decide(self, action: str, resource: str) -> Decision:
        """The decision on one request of the starting task."""
        policies = Policies(identity=[parse_policy(each.body, name=each.name) for each in self.documents])
        return evaluate(Request(self.start.principal, action, resource), policies)

    def first_fault(self) -> Fault | None:
        """The first thing wrong; None when the policy is right."""
        return next(self.faults(), None)

    def faults(self) -> Iterator[Fault]:
        """What is missing first, then what is too much."""
        lacking = [each for each in self.start.needed() if not self.decide(*each).allowed]
        if lacking:
            action, resource = lacking[0]
            actions = words([each for each, _ in lacking])
            yield Fault("role_lacks", {"actions": actions, "action": action, "resource": resource})
        yield from self._wide_resources()
        yield from self._other_actions()

    def _wide_resources(self) -> Iterator[Fault]:
        for action, resource in self.start.needed():
            if resource == "*":
                continue
            for other in (self.start.elsewhere(resource), self.start.beside(resource)):
                if self.decide(action, other).allowed:
                    yield Fault(
                        "role_wide_resource", {"action": action, "resource": other, "by": self._by(action, other)}
                    )

    def _other_actions(self) -> Iterator[Fault]:
        for action, resource in self._not_needed():
            if self.decide(action, resource).allowed:
                yield Fault("role_wide_action", {"action": action, "by": self._by(action, resource)})

    def _not_needed(self) -> Iterator[tuple[str, str]]:
        """What a start never asks for; a sample of each service, and all of ECR's actions."""
        start = self.start
        for action in sorted(known_actions() - {*PULL, TOKEN, TOLERATED}):
            yield action, start.repository
        _, partition, _, region, account, _ = start.repository.split(":", 5)
        for action in ("ssm:GetParameter", "ssm:GetParametersByPath", "ssm:PutParameter", "ssm:DeleteParameter"):
            yield action, start.parameter
        for action in ("logs:DeleteLogStream", "logs:GetLogEvents"):
            yield action, start.stream
        for action in ("logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy"):
            yield action, start.log_group
        yield "secretsmanager:GetSecretValue", f"arn:{partition}:secretsmanager:{region}:{account}:secret:other-AbCdEf"
        yield "kms:Decrypt", f"arn:{partition}:kms:{region}:{account}:key/00000000-0000-0000-0000-000000000000"
        yield "s3:GetObject", f"arn:{partition}:s3:::other/object"
        yield "iam:PassRole", f"arn:{partition}:iam::{account}:role/other"
        yield "sts:AssumeRole", f"arn:{partition}:iam::{account}:role/other"
        yield "ecs:RunTask", f"arn:{partition}:ecs:{region}:{account}:task-definition/other:1"

    def _by(self, action: str, resource: str) -> str:
        statement = self.decide(action, resource).statement
        if statement is None:
            return f"{action} on {resource}"
        return f"statement {statement.index + 1} of the policy {statement.policy}"
