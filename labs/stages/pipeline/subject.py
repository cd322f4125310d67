"""What the gates of stage 06 look at: the workflow, the newest runs, the trail; each read once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from labs.lesson.bench import Bench
from labs.stages.pipeline import runs
from labs.subjects.push.lab_repository import Pushed
from labs.verdict import Event, Verdict, read_trail
from labs.workflow.document import Workflow
from labs.workflow.record import RunRecord

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class PipelineSubject:
    """One pass of the check; what a gate has found, the gates behind it use."""

    bench: Bench
    workflow: Workflow | None = None
    image: Pushed | None = None
    pusher: str = ""
    clients: tuple[str, ...] = ()

    def say(self, message_id: str, **values: object) -> Verdict:
        """The verdict behind a message id."""
        return self.bench.say(message_id, **values)

    @property
    def since(self) -> datetime:
        """When the stage was begun."""
        return self.bench.progress.of("pipeline").begun_at or _BEGINNING

    @cached_property
    def runs(self) -> dict[str, RunRecord | None]:
        """The newest run of each job that the check asks for."""
        return {job: runs.newest(self.bench, job) for job in (runs.PUSH, runs.ANYWHERE, runs.DEPLOY)}

    def run(self, job: str) -> RunRecord:
        """The newest run of a job; only asked for behind the gate that found it."""
        found = self.runs[job]
        assert found is not None, "the gate before has found it"
        return found

    @cached_property
    def trail(self) -> tuple[Event, ...]:
        """What the trail has of IAM, STS and ECR since the stage was begun, oldest first."""
        reader = self.bench.reader("cloudtrail")
        services = ("iam", "sts", "ecr")
        found = [each for name in services for each in read_trail(reader, self.since, f"{name}.amazonaws.com")]
        return tuple(sorted(found, key=lambda each: each.at))
