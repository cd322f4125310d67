"""Inputs, outputs, steps and jobs that are named and are not there.

Sources: each action's own action.yml; GitHub docs, "Contexts reference" (steps, needs) and "Expressions". The runner
only warns of an unknown input, and an output that is not there is an empty text: neither fails by itself.
"""

import difflib
import re
from collections.abc import Iterable, Iterator

from labs.workflow.document import Job, Place, Step
from labs.workflow.expressions import Context, contexts
from labs.workflow.findings import Finding, Weight
from labs.workflow.rules import actions
from labs.workflow.rules.reading import ECR_LOGIN, Reading

_CONTEXTS = "GitHub docs, Contexts reference"
# docker_username_ACCOUNT_dkr_ecr_REGION_amazonaws_com: named after the registry, so not in action.yml.
_OF_REGISTRY = re.compile(r"docker_(username|password)_\w+")


def found(reading: Reading) -> Iterator[Finding]:
    """Every finding of this subject."""
    for job, step in reading.steps():
        yield from _inputs(reading, job, step)
    for job in reading.workflow.jobs:
        told: set[tuple[int, str]] = set()
        for place, expression in reading.expressions(job):
            if expression.node is None:
                yield Finding(
                    "expression-not-readable",
                    reading.line_of(place, expression.source),
                    f"An expression cannot be read: {expression.fault}.",
                    "correct what stands between ${{ and }}",
                    evidence="GitHub docs, Expressions",
                )
            for context in contexts(expression.node):
                finding = _reference(reading, job, place, context)
                if finding is not None and (finding.line, finding.what) not in told:
                    told.add((finding.line, finding.what))
                    yield finding


def _inputs(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    release = actions.of_step(step, reading.comment(job, step))
    if release is None:
        return
    evidence = f"action.yml of {release.action} {release.version}"
    for name in step.inputs:
        if name.lower() not in release.inputs:
            near = _near(name.lower(), release.inputs)
            yield Finding(
                "unknown-input",
                reading.line(job, step, "with", name),
                f"{release.action} {release.version} has no input {name}, and goes on without it.",
                f"write {near}" if near else "take it out, or look at the inputs in its action.yml",
                evidence=evidence,
            )
    given = {name.lower() for name in step.inputs}
    for name in sorted(release.required - given):
        yield Finding(
            "missing-input",
            reading.line(job, step),
            f"{release.action} {release.version} needs the input {name}.",
            f"add {name} under with:",
            evidence=evidence,
        )


def _reference(reading: Reading, job: Job, place: Place, context: Context) -> Finding | None:
    line = reading.line_of(place, context.path[1] if len(context.path) > 1 else context.name)
    if context.path[0] == "steps" and len(context.path) >= 2 and context.path[1] != "*":
        return _of_step(reading, job, place, context, line)
    if context.path[0] == "needs" and len(context.path) >= 2 and context.path[1] != "*":
        return _of_job(reading, job, context, line)
    return None


def _of_step(reading: Reading, job: Job, place: Place, context: Context, line: int) -> Finding | None:
    name, step = context.path[1], reading.step_of(context, job)
    if step is None:
        near = _near(name, [each.id for each in job.steps if each.id])
        return Finding(
            "step-not-there",
            line,
            f"Job {job.id} has no step with the id {name}, so {context.name} is empty.",
            f"write steps.{near}" if near else f"give the step that is meant id: {name}",
            evidence=_CONTEXTS,
        )
    if len(place) > 3 and place[2] == "steps" and isinstance(place[3], int) and step.index >= place[3]:
        return Finding(
            "step-not-there",
            line,
            f"The step {name} has not run yet where {context.name} is read, so it is empty.",
            f"move the step {name} before it",
            evidence=_CONTEXTS,
        )
    if len(context.path) < 4 or context.path[2] != "outputs" or context.path[3] == "*":
        return None
    return _of_output(reading, job, step, context, line)


def _of_output(reading: Reading, job: Job, step: Step, context: Context, line: int) -> Finding | None:
    output = context.path[3]
    if step.run:
        if "GITHUB_OUTPUT" in step.run and re.search(rf"\b{re.escape(output)}\b", step.run, re.IGNORECASE):
            return None
        return Finding(
            "output-not-seen",
            line,
            f"Whether the script of {context.path[1]} sets an output {output} cannot be seen in it.",
            f'let it write {output}=... to "$GITHUB_OUTPUT"',
            weight=Weight.UNKNOWN,
            evidence=_CONTEXTS,
        )
    release = actions.of_step(step, reading.comment(job, step))
    if release is None or output in {each.lower() for each in release.outputs}:
        return None
    if step.action == ECR_LOGIN and _OF_REGISTRY.fullmatch(output):
        return None
    near = _near(output, release.outputs)
    return Finding(
        "unknown-output",
        line,
        f"{release.action} {release.version} has no output {output}, so {context.name} is empty.",
        f"write {near}" if near else "look at the outputs in its action.yml",
        evidence=f"action.yml of {release.action} {release.version}",
    )


def _of_job(reading: Reading, job: Job, context: Context, line: int) -> Finding | None:
    name = context.path[1]
    other = next((each for each in reading.workflow.jobs if each.id.lower() == name), None)
    if other is None or other.id not in job.needs:
        near = _near(name, job.needs)
        return Finding(
            "job-not-needed",
            line,
            f"Job {job.id} does not need a job {name}, so {context.name} is empty.",
            f"write needs.{near}" if near and other is None else f"add {name} to needs: of job {job.id}",
            evidence=_CONTEXTS,
        )
    if len(context.path) < 4 or context.path[2] != "outputs" or context.path[3] == "*" or other.uses:
        return None
    if context.path[3] in {each.lower() for each in other.outputs}:
        return None
    near = _near(context.path[3], other.outputs)
    return Finding(
        "unknown-output",
        line,
        f"Job {other.id} has no output {context.path[3]}, so {context.name} is empty.",
        f"write {near}" if near else f"add it to outputs: of job {other.id}",
        evidence=_CONTEXTS,
    )


def _near(name: str, names: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, list(names), 1)), "")
