"""What strangers write, run as code: a text of theirs in a script, or their pull request with the repository's rights.

Source: GitHub docs, "Script injections" ("these contexts typically end with body, default_branch, email, head_ref,
label, message, name, page_name, ref, and title") and "Secure use reference"; GitHub Security Lab, "Preventing pwn
requests"; the README of actions/checkout v7 (allow-unsafe-pr-checkout).
"""

import re
from collections.abc import Iterator

from labs.workflow import expressions
from labs.workflow.document import Job, Place, Step
from labs.workflow.expressions import Context
from labs.workflow.findings import Finding
from labs.workflow.rules.reading import CHECKOUT, Reading

_INJECTIONS = "GitHub docs, Script injections"
_PWN = "GitHub docs, Secure use reference; GitHub Security Lab, Preventing pwn requests"
_WRITTEN_BY_STRANGERS = frozenset(
    ("body", "default_branch", "email", "head_ref", "label", "message", "name", "page_name", "ref", "title")
)
# Who is asked for these does not choose their characters: names of the repository, of its owner, of what is ours.
_HARMLESS = re.compile(r"github\.event\.(repository|organization|enterprise|installation|sender)\.(?!default_branch).*")
_PRIVILEGED = ("pull_request_target", "workflow_run")
_HEAD = re.compile(
    r"github\.event\.(pull_request|workflow_run\.pull_requests\.\*)\.head\.|github\.event\.workflow_run\.head_"
    r"|github\.head_ref|github\.event\.(pull_request\.)?number|github\.event\.pull_request\.merge_commit_sha"
)
_FETCHES_HEAD = re.compile(r"\bgh\s+pr\s+checkout\b|\bgit\s+(checkout|switch|fetch|pull|clone|merge)\b")
_DEEPEST = 4


def found(reading: Reading) -> Iterator[Finding]:
    """Every finding of this subject."""
    for job, step in reading.steps():
        yield from _script(reading, job, step)
        yield from _checkout(reading, job, step)


def _script(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    code = step.run
    place: Place = ("jobs", job.id, "steps", step.index, "run")
    if step.action == "actions/github-script":
        code, place = step.inputs.get("script", ""), (*place[:4], "with", "script")
    for each in expressions.expressions(code):
        source = next((c for c in expressions.flows(each.node) if _strange(reading, job, step, c, 0)), None)
        if source is not None:
            yield Finding(
                "script-injection",
                reading.line_of(place, each.source),
                f"{each.shown} is put into the script before it runs, and strangers write that text: a command, too.",
                'give it to the step by env: and read "$NAME" in the script',
                evidence=_INJECTIONS,
            )
            return


def _strange(reading: Reading, job: Job, step: Step, context: Context, depth: int) -> bool:
    """Whether a stranger writes that text; what an env variable or a job's output is made of counts."""
    path = context.path
    if context.name == "github" or context.name == "github.event":
        return True
    if path[0] == "github":
        if context.name in ("github.head_ref", "github.base_ref", "github.ref_name", "github.ref"):
            # The names of ref belong to those who may push here, but for a pull request's.
            return context.name == "github.head_ref"
        return path[1:2] == ("event",) and path[-1] in _WRITTEN_BY_STRANGERS and not _HARMLESS.fullmatch(context.name)
    if depth >= _DEEPEST:
        return False
    template, owner = "", job
    if path[0] == "env" and len(path) == 2:
        layers = (step.env, job.env, reading.workflow.env)
        template = next((v for layer in layers for k, v in layer.items() if k.lower() == path[1]), "")
    elif (traced := reading.traced(context, job)) is not None:
        template, owner = traced
    inner = (c for each in expressions.expressions(template) for c in expressions.flows(each.node))
    return any(_strange(reading, owner, step, each, depth + 1) for each in inner)


def _checkout(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    trigger = next((each for each in _PRIVILEGED if each in reading.workflow.triggers), None)
    if trigger is None:
        return
    if step.action == CHECKOUT:
        for name in ("ref", "repository"):
            if _of_head(reading, job, step, next((v for k, v in step.inputs.items() if k.lower() == name), "")):
                yield _strangers_code(trigger, reading.input_line(job, step, name))
                return
    elif step.run and _FETCHES_HEAD.search(step.run):
        sources = [step.run, *step.env.values()]
        fetches = "gh pr checkout" in " ".join(step.run.split()) or "refs/pull/" in step.run
        if fetches or any(_of_head(reading, job, step, each) for each in sources):
            line = next(each for each in step.run.splitlines() if _FETCHES_HEAD.search(each))
            place: Place = ("jobs", job.id, "steps", step.index, "run")
            yield _strangers_code(trigger, reading.line_of(place, line))


def _of_head(reading: Reading, job: Job, step: Step, template: str) -> bool:
    if "refs/pull/" in template:
        return True
    names = [c.name for each in expressions.expressions(template) for c in expressions.flows(each.node)]
    filled = reading.text(template, job, step)
    return any(_HEAD.match(name) for name in names) or (filled != template and _of_head(reading, job, step, filled))


def _strangers_code(trigger: str, line: int) -> Finding:
    return Finding(
        "untrusted-checkout",
        line,
        f"{trigger} runs with the repository's secrets and token, and this takes the code of whoever opened the pull "
        "request: its build runs as you.",
        "use pull_request for what builds their code, and leave the head out here",
        evidence=_PWN,
    )
