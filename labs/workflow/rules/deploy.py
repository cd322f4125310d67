"""What is deployed, and after what.

Sources: the READMEs of aws-actions/amazon-ecs-render-task-definition and amazon-ecs-deploy-task-definition; GitHub
docs, "Using jobs in a workflow" (needs) and "Evaluate expressions" (status check functions); Amazon ECS developer
guide, "Container image resolution".
"""

import re
from collections.abc import Iterator

from labs.workflow import expressions
from labs.workflow.document import Job, Place, Step
from labs.workflow.expressions import Expression
from labs.workflow.findings import Finding, Weight
from labs.workflow.rules.build import tag_of
from labs.workflow.rules.reading import BUILD, DEPLOY, RENDER, Reading

_RENDER = "README of aws-actions/amazon-ecs-render-task-definition"
_NEEDS = "GitHub docs, Using jobs in a workflow"
_STATUS = "GitHub docs, Evaluate expressions: status check functions"
_DEEPEST = 8


def found(reading: Reading) -> Iterator[Finding]:
    """Every finding of this subject."""
    for job, step in reading.steps(RENDER):
        yield from _image(reading, job, step)
    for job in reading.workflow.jobs:
        deploys = next((step for step in job.steps if _deploys(step)), None)
        if deploys is not None:
            yield from _after_push(reading, job)
            yield from _in_any_case(reading, job)
    for job, step in reading.steps(DEPLOY):
        yield from _waits(reading, job, step)


def _deploys(step: Step) -> bool:
    return step.action == DEPLOY or re.search(r"\becs\s+(update-service|deploy)\b", step.run) is not None


def traced(reading: Reading, template: str, job: Job, step: Step | None, depth: int = 0) -> str:
    """A template filled in, and the outputs of jobs followed to the steps that they come from."""
    text = ""
    for part in expressions.parts(reading.text(template, job, step)):
        text += part if isinstance(part, str) else _followed(reading, part, job, depth)
    return text


def _followed(reading: Reading, part: Expression, job: Job, depth: int) -> str:
    contexts = list(expressions.contexts(part.node))
    behind = reading.traced(contexts[0], job) if len(contexts) == 1 and depth < _DEEPEST else None
    return part.shown if behind is None else traced(reading, behind[0], behind[1], None, depth + 1)


def _image(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    written = next((value for name, value in step.inputs.items() if name.lower() == "image"), "")
    image = traced(reading, written, job, step)
    line = reading.input_line(job, step, "image")
    if not image or re.search(r"@(sha256:[0-9a-f]{64}|\$\{\{[^}]*digest[^}]*\}\})", image):
        return
    if tag_of(image) or not expressions.expressions(image):
        what = (
            f"{image} is deployed by its tag: whatever that is when a task starts may be another image than this run's."
        )
        next_step = "write the digest behind an @: needs.JOB.outputs.digest of the job that pushes"
        yield Finding("deploy-by-tag", line, what, next_step, evidence=_RENDER)
        return
    what = f"Whether {image} names the image by its digest is not known here."
    next_step = "write the digest behind an @ in that place"
    yield Finding("deploy-image-not-known", line, what, next_step, weight=Weight.UNKNOWN, evidence=_RENDER)


def _after_push(reading: Reading, job: Job) -> Iterator[Finding]:
    pushing = [each for each in reading.workflow.jobs if _builds(each)]
    if not pushing or job in pushing or any(each.id in _needed(reading, job) for each in pushing):
        return
    what = (
        f"Job {job.id} deploys, and does not wait for job {pushing[0].id}, which pushes the image: both start at once."
    )
    next_step = f"add needs: {pushing[0].id} to job {job.id}"
    yield Finding("deploy-without-push", job.line, what, next_step, evidence=_NEEDS)


def _builds(job: Job) -> bool:
    # One that does not push is told so by itself.
    return any(each.action == BUILD for each in job.steps)


def _needed(reading: Reading, job: Job) -> set[str]:
    found: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        name = waiting.pop()
        other = reading.workflow.job(name)
        if name not in found and other is not None:
            found.add(name)
            waiting += other.needs
    return found


def _in_any_case(reading: Reading, job: Job) -> Iterator[Finding]:
    condition = expressions.condition(job.condition)
    names = {call.name for call in expressions.calls(condition.node)} if condition else set()
    checked = any(
        context.path[-1] == "result" for context in expressions.contexts(condition.node if condition else None)
    )
    if job.needs and names & {"always", "failure", "cancelled"} and not checked:
        place: Place = ("jobs", job.id, "if")
        what = f"Job {job.id} deploys although the job that it needs may have failed."
        next_step = "take if: out: a job runs when what it needs has succeeded"
        yield Finding("deploy-in-any-case", reading.workflow.line(*place), what, next_step, evidence=_STATUS)


def _waits(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    if reading.input(job, step, "service") and reading.input(job, step, "wait-for-service-stability") != "true":
        yield Finding(
            "deploy-not-waited-for",
            reading.line(job, step),
            "The step ends before the service is steady: a deployment that is rolled back leaves the run green.",
            "add wait-for-service-stability: true",
            weight=Weight.ADVICE,
            evidence="README of aws-actions/amazon-ecs-deploy-task-definition",
        )
