"""Stage 06: the workflow is sound, its roles are for it alone, and what its last run pushed is what runs."""

from labs.lesson.bench import Bench
from labs.stages.pipeline import resources, review_gates, role_gates, run_gates
from labs.stages.pipeline.subject import PipelineSubject
from labs.verdict import Gate, Report, Verdict
from labs.verdict import run_gates as ask


def _passed(subject: PipelineSubject) -> Verdict:
    digest = subject.image.digest[:19] if subject.image is not None else ""
    return subject.say(
        "pipeline.pass", digest=digest, who=subject.pusher, subject=resources.pipeline_subject(subject.bench)
    )


GATES = (
    Gate("workflow", review_gates.workflow),
    Gate("review", review_gates.reviewed),
    Gate("other workflows", review_gates.others),
    Gate("provider", role_gates.provider),
    Gate("push role", role_gates.pipeline),
    Gate("deploy role", role_gates.deploy),
    Gate("run", run_gates.ran),
    Gate("age", run_gates.age),
    Gate("logins", run_gates.logins),
    Gate("image", run_gates.image),
    Gate("pusher", run_gates.pusher),
    Gate("service", run_gates.deployed),
)


def check(bench: Bench) -> Report:
    """Ask the gates of stage 06."""
    return ask("pipeline", GATES, PipelineSubject(bench), _passed)
