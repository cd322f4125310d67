"""The runs of the trainee's workflow: one more, the newest of a kind, what they left in the account."""

from collections.abc import Callable, Iterator, Mapping

from labs.errors import LabError
from labs.lesson import workflow_run
from labs.lesson.bench import Bench
from labs.stages.pipeline import resources
from labs.workflow import identity, record, runner
from labs.workflow.record import RunRecord

PUSH, ANYWHERE, DEPLOY = "push", "push-anywhere", "deploy"
PUSHING = (ANYWHERE, PUSH)
# The values that say where a run pushes.
_PLACE = {"REGISTRY", "REPOSITORY"}
# What stands before the commit in the tag of each job that pushes.
_TAG_PREFIXES = {ANYWHERE: "anywhere-", PUSH: ""}


def run(
    bench: Bench,
    *,
    event: str = "push",
    ref: str = "",
    job: str = "",
    file: str = resources.FILE,
    values: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    say: Callable[[str], object] = lambda _line: None,
) -> RunRecord:
    """Run a workflow of the work folder. ``values`` stand in place of the lab's ``vars``. LabError before it starts."""
    started = identity.event(event, ref)
    return workflow_run.run(bench, started, file=file, job=job, given=values, secrets=secrets, say=say)


def why_not(bench: Bench) -> str:
    """Why no workflow can run here, in a sentence; empty when one can."""
    try:
        runner.require(bench.target, bench.env)
    except LabError as error:
        return error.what
    return ""


def must_succeed(bench: Bench, done: RunRecord) -> RunRecord:
    """The same, or LabError with the step at which the run ended."""
    if done.succeeded:
        return done
    failed = [
        f"{name}, {step.title}" for name, job in done.jobs.items() for step in job.steps if step.conclusion == "failure"
    ]
    where = failed[0] if failed else done.conclusion
    raise LabError(
        f"Run {done.number} of {done.workflow} did not succeed: {where}.",
        "labs diagnose --log names the cause",
        id="pipeline-run-failed",
    )


def all_of(bench: Bench) -> Iterator[RunRecord]:
    """Every run of this lab that is kept, the newest first."""
    return map(record.load, record.folders(bench.home))


def newest(bench: Bench, job: str) -> RunRecord | None:
    """The newest run of push.yml for a push to main in which a job was not skipped; None without one.

    One that pushed elsewhere says nothing of this account.
    """
    for each in all_of(bench):
        ours = (each.workflow, each.event, each.ref) == (resources.FILE, resources.MAIN.name, resources.MAIN.ref)
        if ours and not _PLACE & each.given.keys() and job in each.jobs and each.jobs[job].conclusion != record.SKIPPED:
            return each
    return None


def tags(bench: Bench) -> tuple[str, ...]:
    """The tags that the runs may have pushed."""
    commits = dict.fromkeys(each.sha for each in all_of(bench))
    return tuple(tag(job, sha) for sha in commits for job in PUSHING)


def tag(job: str, sha: str) -> str:
    """The tag under which a job pushes a commit."""
    return f"{_TAG_PREFIXES[job]}{sha}"


def digests(bench: Bench) -> frozenset[str]:
    """The digests that the runs' builds gave out."""
    return frozenset(
        step.outputs["digest"]
        for each in all_of(bench)
        for job in each.jobs.values()
        for step in job.steps
        if step.outputs.get("digest")
    )


def forget(bench: Bench) -> None:
    """No run is kept any more."""
    record.forget(bench.home)
