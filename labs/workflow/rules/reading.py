"""A workflow with what is known besides: its templates with values filled in, and the lines of what is found.

What is not known stays in a text as its expression; ``settled`` says whether any did.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.workflow import expressions
from labs.workflow.document import Job, Place, Step, Workflow
from labs.workflow.expressions import Context, Expression

CREDENTIALS = "aws-actions/configure-aws-credentials"
ECR_LOGIN = "aws-actions/amazon-ecr-login"
LOGIN = "docker/login-action"
BUILDX = "docker/setup-buildx-action"
BUILD = "docker/build-push-action"
RENDER = "aws-actions/amazon-ecs-render-task-definition"
DEPLOY = "aws-actions/amazon-ecs-deploy-task-definition"
CHECKOUT = "actions/checkout"
# Values lead to values; a ring of them ends here.
_DEEPEST = 8


@dataclass(frozen=True)
class Known:
    """What stands outside the file and decides with it.

    ``vars``: the repository's and the environment's variables; ``empty_secrets``: secrets that are known to have no
    value; ``registry``: what amazon-ecr-login gives as its output; ``immutable``: names of repositories that never move
    a tag; ``platforms``: those that the image is needed for; ``containerd``: whether the runner's Docker has the
    containerd image store, None when that is not known.
    """

    vars: Mapping[str, str] = field(default_factory=dict)
    empty_secrets: frozenset[str] = frozenset()
    registry: str = ""
    immutable: frozenset[str] = frozenset()
    platforms: tuple[str, ...] = ()
    containerd: bool | None = None


def settled(text: str) -> bool:
    """Whether nothing in a filled text is left open."""
    return expressions.OPEN not in text


@dataclass(frozen=True)
class Reading:
    """What every rule is given."""

    workflow: Workflow
    known: Known

    def steps(self, *actions: str) -> Iterator[tuple[Job, Step]]:
        """The steps that use one of these actions; without any, every step."""
        for job in self.workflow.jobs:
            yield from ((job, step) for step in job.steps if not actions or step.action in actions)

    def text(self, template: str, job: Job, step: Step | None = None) -> str:
        """A template with what is known filled in; each expression that is not stays, as ``${{ like.this }}``."""
        return self._text(template, job, step, 0)

    def input(self, job: Job, step: Step, name: str) -> str:
        """An input of a step, filled in; empty where it is not given. Names in any case of letters."""
        given = {key.lower(): value for key, value in step.inputs.items()}
        return self.text(given.get(name, ""), job, step).strip()

    def line(self, job: Job, step: Step, *more: str) -> int:
        """The line of a step (its ``uses:``, where it has one), or of what is in it."""
        more = more or (("uses",) if step.uses else ())
        return self.workflow.line("jobs", job.id, "steps", step.index, *more)

    def input_line(self, job: Job, step: Step, name: str) -> int:
        """The line of an input, or of its step."""
        written = next((key for key in step.inputs if key.lower() == name), name)
        place = ("jobs", job.id, "steps", step.index, "with", written)
        return self.workflow.lines.get(place, self.line(job, step))

    def line_of(self, place: Place, piece: str) -> int:
        """The line on which a piece of the text at a place is written, or the place's own."""
        begin = self.workflow.line(*place)
        for number, line in enumerate(self.workflow.text.splitlines()[begin - 1 :], begin):
            if piece.strip() and piece.strip().splitlines()[0] in line:
                return number
        return begin

    def comment(self, job: Job, step: Step) -> str:
        """What the comment beside ``uses:`` says, its first word; empty where there is none."""
        if not step.uses:
            return ""
        written = self.workflow.text.splitlines()[self.line(job, step, "uses") - 1]
        _, mark, said = written.partition(step.uses)[2].partition("#")
        words = said.split() if mark else []
        # "tag=v1.2.3" is how some tools write it.
        return words[0].removeprefix("tag=").rstrip(",;") if words else ""

    def templates(self, job: Job) -> Iterator[tuple[Place, str]]:
        """Every text of a job, with its place."""
        raw = self.workflow.raw.get("jobs", {}).get(job.id, {})
        yield from _texts(raw, ("jobs", job.id))

    def expressions(self, job: Job) -> Iterator[tuple[Place, Expression]]:
        """Every expression of a job, those of ``if:`` too."""
        for place, text in self.templates(job):
            if place[-1] == "if":
                found = expressions.condition(text)
                if found is not None:
                    yield place, found
            else:
                yield from ((place, each) for each in expressions.expressions(text))

    def traced(self, context: Context, job: Job) -> tuple[str, Job] | None:
        """The template behind ``needs.JOB.outputs.NAME``, with the job that it is of; None for another context."""
        if len(context.path) != 4 or context.path[0] != "needs" or context.path[2] != "outputs":
            return None
        other = next((each for each in self.workflow.jobs if each.id.lower() == context.path[1]), None)
        if other is None or other.id not in job.needs:
            return None
        found = next((value for name, value in other.outputs.items() if name.lower() == context.path[3]), None)
        return None if found is None else (found, other)

    def step_of(self, context: Context, job: Job) -> Step | None:
        """The step of ``steps.ID.outputs.NAME``."""
        if len(context.path) < 2 or context.path[0] != "steps":
            return None
        return next((each for each in job.steps if each.id.lower() == context.path[1]), None)

    def _text(self, template: str, job: Job, step: Step | None, depth: int) -> str:
        found = ""
        for part in expressions.parts(template):
            if isinstance(part, str):
                found += part
                continue
            value = expressions.value(part.node, lambda context: self._value(context, job, step, depth))
            found += self._open(part, job, step, depth) if value is None else value
        return found

    def _value(self, context: Context, job: Job, step: Step | None, depth: int) -> str | None:
        if depth > _DEEPEST or len(context.path) < 2:
            return None
        kind, name = context.path[0], context.path[1]
        template: str | None = None
        owner = job
        if kind == "vars":
            return _of(self.known.vars, name)
        if kind == "secrets":
            return "" if name in {each.lower() for each in self.known.empty_secrets} else None
        if kind == "env":
            template = self._env(name, job, step)
        elif kind == "steps":
            source = self.step_of(context, job)
            is_registry = (
                source is not None and source.action == ECR_LOGIN and context.path[2:] == ("outputs", "registry")
            )
            return self.known.registry or None if is_registry else None
        elif kind == "needs":
            traced = self.traced(context, job)
            if traced is not None:
                (template, owner), step = traced, None
        if template is None:
            return None
        text = self._text(template, owner, step, depth + 1)
        return text if settled(text) else None

    def _open(self, part: Expression, job: Job, step: Step | None, depth: int) -> str:
        """What stands for an expression that is not known: what ``env.NAME`` was given, or itself."""
        path = part.node.path if isinstance(part.node, Context) else ()
        template = self._env(path[1], job, step) if len(path) == 2 and path[0] == "env" else None
        return part.shown if template is None or depth > _DEEPEST else self._text(template, job, step, depth + 1)

    def _env(self, name: str, job: Job, step: Step | None) -> str | None:
        """The template of an environment variable; None where there is none, or a script may have set another."""
        if any("GITHUB_ENV" in each.run and name in each.run.lower() for each in job.steps):
            return None
        layers = (step.env if step else {}, job.env, self.workflow.env)
        return next((each for each in (_of(layer, name) for layer in layers) if each is not None), None)


def _of(values: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in values.items() if key.lower() == name), None)


def _texts(raw: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(raw, str):
        yield place, raw
    elif isinstance(raw, dict):
        for key, value in raw.items():
            yield from _texts(value, (*place, str(key)))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _texts(value, (*place, index))
