"""What the gates of stage 04 look at: the bench, and the VPC read once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from labs.lesson.bench import Bench
from labs.subjects.tasks import task_runs
from labs.subjects.vpc import reading, vpc_names
from labs.subjects.vpc.reading import VpcReading
from labs.verdict import Verdict
from labs.verdict.stops import TaskRun

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class VpcSubject:
    """One pass of the check."""

    bench: Bench
    seen: dict[str, tuple[TaskRun, ...]] = field(default_factory=dict)

    def say(self, message_id: str, **values: object) -> Verdict:
        return self.bench.say(message_id, **values)

    @cached_property
    def ec2(self) -> Any:
        return self.bench.reader("ec2")

    @cached_property
    def vpcs(self) -> Sequence[reading.Answer]:
        return reading.ours(self.ec2, self.bench.target.prefix)

    @cached_property
    def vpc(self) -> VpcReading:
        """The lab's VPC; only asked for behind the gate that found it."""
        return reading.read_vpc(self.ec2, self.vpcs[0], self.bench.target.region)

    @property
    def tasks_group(self) -> str:
        return self.vpc.group_named(vpc_names.group(self.bench, vpc_names.TASKS))

    @property
    def since(self) -> datetime:
        """When the stage was begun: what happened before is not its evidence."""
        return self.bench.progress.of("private-subnet").begun_at or _BEGINNING

    def runs(self, label: str) -> tuple[TaskRun, ...]:
        """The tasks of one experiment."""
        if label not in self.seen:
            found = task_runs.labelled(self.bench, self.bench.reader("ecs"), label)
            self.seen[label] = tuple(task for task in found if task.created >= self.since)
        return self.seen[label]
