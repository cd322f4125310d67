"""What the gates of stage 05 look at: the bench, and the service with its definition and tasks, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from labs.fargate.task import session_of
from labs.iam import Connection
from labs.lesson.bench import Bench
from labs.stages.fargate import resources
from labs.subjects.push import lab_repository
from labs.subjects.push.role_policies import RolePolicies
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.execution_policy import Start, StartReviewer
from labs.subjects.tasks.service_reading import definition_of, service_of
from labs.subjects.vpc import reading
from labs.verdict import Verdict

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class ServiceSubject:
    """One pass of the check."""

    bench: Bench

    def say(self, message_id: str, **values: object) -> Verdict:
        return self.bench.say(message_id, **values)

    @property
    def since(self) -> datetime:
        """When the stage was begun."""
        return self.bench.progress.of("fargate").begun_at or _BEGINNING

    @cached_property
    def ecs(self) -> Any:
        return self.bench.reader("ecs")

    @cached_property
    def definition(self) -> Mapping[str, Any] | None:
        """The newest active revision of the service's task definition."""
        return definition_of(self.ecs, service_names.service(self.bench))

    @cached_property
    def service(self) -> Mapping[str, Any] | None:
        """The service, while it is there."""
        return service_of(self.bench, self.ecs)

    @cached_property
    def pushed(self) -> lab_repository.Pushed | None:
        """The image that stage 05 pushes."""
        return lab_repository.pushed(self.bench.reader("ecr"), self.bench.repository_name, resources.TAG)

    def container(self) -> Mapping[str, Any]:
        """The definition's container of the app: the one of that name, else the first without which a task ends."""
        every: Sequence[Mapping[str, Any]] = (self.definition or {}).get("containerDefinitions") or [{}]
        named = [each for each in every if each.get("name") == task_runs.CONTAINER]
        return next(iter([*named, *(each for each in every if each.get("essential", True))]), every[0])

    @cached_property
    def endpoints(self) -> Mapping[str, Connection]:
        """How the calls of a start come, by the prefix of their actions: through which endpoint of the lab's VPC."""
        bench, ec2 = self.bench, self.bench.reader("ec2")
        vpcs = [str(each["VpcId"]) for each in reading.ours(ec2, bench.target.prefix)]
        inside = [{"Name": "vpc-id", "Values": vpcs or ["none"]}]
        found = {
            str(each["ServiceName"]).removeprefix(f"com.amazonaws.{bench.target.region}."): each
            for each in ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
        }
        return {
            prefix: Connection(
                bench.target.region, endpoint=str(found[service]["VpcEndpointId"]), vpc=str(found[service]["VpcId"])
            )
            for prefix, service in (("ecr", "ecr.dkr"), ("ssm", "ssm"), ("logs", "logs"))
            if service in found
        }

    def review(self, role: RolePolicies) -> StartReviewer:
        """The review of the execution role's policies for this service."""
        bench = self.bench
        session = session_of(service_names.execution_role_arn(bench), "0123456789abcdef")
        start = Start(
            session, bench.repository_arn, resources.log_group_arn(bench), resources.parameter_arn(bench),
            endpoints=self.endpoints,
        )  # fmt: skip
        return StartReviewer(role.documents, start, role.boundary)
