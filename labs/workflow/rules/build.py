"""What is built and how it is named: builder, push, platforms, tags, attestations.

Sources: docker/build-push-action's README and action.yml; docker/buildx, build/opt.go and driver/docker/driver.go
(several platforms need another driver than ``docker``, or the containerd image store); docker/docs, "Attestations";
Amazon ECR user guide, "Image tag mutability".
"""

import re
from collections.abc import Iterator

from labs.workflow import expressions
from labs.workflow.document import Job, Place, Step
from labs.workflow.findings import Finding, Weight
from labs.workflow.rules.reading import BUILD, BUILDX, Reading, settled

_BUILDX = "docker/buildx, build/opt.go and driver/docker/driver.go"
_BUILD = "action.yml of docker/build-push-action"
_TAGS = "Amazon ECR user guide, Image tag mutability"
_METADATA = "docker/metadata-action"
_PUSHED = re.compile(r"\bdocker\s+(?:image\s+)?push\b(?P<words>[^\n|;&]*)|\s(?:-t|--tag)[ =](?P<tag>\S+)")


def found(reading: Reading) -> Iterator[Finding]:
    """Every finding of this subject."""
    for job in reading.workflow.jobs:
        building = [step for step in job.steps if step.action == BUILD]
        for step in building:
            yield from _builder(reading, job, step)
            yield from _tags(reading, job, step)
            yield from _attestations(reading, job, step)
        if building:
            yield from _platforms(reading, job, building)
            yield from _pushes(reading, job, building)
        for step in job.steps:
            if step.run:
                yield from _script_tags(reading, job, step)


def pushes(reading: Reading, job: Job, step: Step) -> bool | None:
    """Whether a build step pushes; None: that cannot be told."""
    push = reading.input(job, step, "push")
    outputs = reading.input(job, step, "outputs")
    if push.lower() == "true" or re.search(r"type=registry|(?:^|[\s,])push=true", outputs):
        return True
    return None if not settled(push + outputs) else False


def tags(reading: Reading, job: Job, step: Step) -> list[str]:
    """The names that a build step gives the image, filled in: its tags, and the names in its outputs."""
    listed = re.split(r"[\n,]", reading.input(job, step, "tags"))
    listed = [name for each in listed for name in _made(reading, job, each.strip())]
    listed += re.findall(r"name=([^,\s]+)", reading.input(job, step, "outputs"))
    return [each.strip() for each in listed if each.strip()]


def _made(reading: Reading, job: Job, name: str) -> list[str]:
    """A name, or those that docker/metadata-action makes where it is that action's output ``tags``."""
    found = expressions.expressions(name)
    contexts = list(expressions.contexts(found[0].node)) if len(found) == 1 and found[0].shown == name else []
    made = reading.step_of(contexts[0], job) if len(contexts) == 1 else None
    if made is None or made.action != _METADATA or contexts[0].path[2:] != ("outputs", "tags"):
        return [name]
    images = [each.strip() for each in re.split(r"[\n,]", reading.input(job, made, "images")) if each.strip()]
    return [f"{image}:${{{{ steps.{made.id}.outputs.version }}}}" for image in images] or [name]


def tag_of(image: str) -> str:
    """The tag of an image's name, "" without one; expressions stay whole."""
    last = re.sub(r"\$\{\{.*?\}\}", lambda found: "x" * len(found[0]), image.partition("@")[0])
    colon = last.rfind(":")
    return "" if colon <= last.rfind("/") else image[colon + 1 : len(last)]


def _several(platforms: str) -> bool:
    return len([each for each in re.split(r"[\n,]", platforms) if each.strip()]) > 1


def _builder(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    if not _several(reading.input(job, step, "platforms")):
        return
    setups = [each for each in job.steps[: step.index] if each.action == BUILDX]
    drivers = [reading.input(job, each, "driver") or "docker-container" for each in setups]
    made = any(re.search(r"\bbuildx\s+create\b", each.run) for each in job.steps[: step.index])
    if made or reading.input(job, step, "builder") or any(each != "docker" for each in drivers):
        return
    line = reading.input_line(job, step, "platforms")
    next_step = "add a step with docker/setup-buildx-action before it"
    if reading.known.containerd:
        what = (
            "Several platforms without a builder work here alone because the runner's Docker has the containerd store."
        )
        yield Finding("no-builder", line, what, next_step, weight=Weight.ADVICE, evidence=_BUILDX)
        return
    unsure = "" if reading.known.containerd is False else ", unless the runner's Docker has the containerd image store"
    what = f"Several platforms need a builder: the docker driver refuses them{unsure}."
    yield Finding("no-builder", line, what, next_step, evidence=_BUILDX)


def _pushes(reading: Reading, job: Job, building: list[Step]) -> Iterator[Finding]:
    answers = [pushes(reading, job, step) for step in building]
    scripts = any("docker push" in step.run or "imagetools create" in step.run for step in job.steps)
    if True in answers or scripts:
        return
    step = building[0]
    line = reading.input_line(job, step, "push")
    if None in answers:
        what = f"Whether {step.title} pushes depends on a value that is not known here."
        yield Finding("push-not-known", line, what, "say push: true", weight=Weight.UNKNOWN, evidence=_BUILD)
        return
    what = f"{step.title} builds the image and leaves it where it is: nothing is pushed."
    yield Finding("not-pushed", line, what, "add push: true", evidence=_BUILD)


def _platforms(reading: Reading, job: Job, building: list[Step]) -> Iterator[Finding]:
    wanted = reading.known.platforms
    given = [reading.input(job, step, "platforms") for step in building]
    if not wanted or all(each in ",".join(given) for each in wanted):
        return
    step = building[0]
    line = reading.input_line(job, step, "platforms")
    missing = " and ".join(each for each in wanted if each not in ",".join(given))
    next_step = f"write platforms: {','.join(wanted)}"
    if not all(settled(each) for each in given):
        what = f"Whether the image is built for {missing} depends on a value that is not known here."
        yield Finding("platforms-not-known", line, what, next_step, weight=Weight.UNKNOWN, evidence=_BUILD)
        return
    yield Finding("one-platform", line, f"The image is not built for {missing}.", next_step, evidence=_BUILD)


def _tags(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    named = tags(reading, job, step)
    line = reading.input_line(job, step, "tags")
    place: Place = ("jobs", job.id, "steps", step.index, "with", "tags")
    for image in named:
        if tag_of(image) == "latest":
            yield _latest(reading, reading.line_of(place, "latest"), image)
            return
        if settled(image) and not tag_of(image) and "@" not in image and "push-by-digest" not in str(step.inputs):
            yield _latest(reading, line, image)
            return
    constant = [each for each in named if tag_of(each) and settled(tag_of(each)) and "${{" not in _written(step, each)]
    if constant and len(constant) == len(named):
        immutable = _immutable(reading, constant[0])
        says = "the second run is refused, as the repository never moves a tag" if immutable else "each run moves it"
        yield Finding(
            "constant-tag",
            line,
            f"The tag {tag_of(constant[0])} is the same in every run: {says}.",
            "name the image by its commit: ${{ github.sha }}",
            weight=Weight.ERROR if immutable else Weight.ADVICE,
            evidence=_TAGS,
        )
    yield from _metadata_tags(reading, job, step)


def _written(step: Step, image: str) -> str:
    """The line of the tags input that gives an image its tag."""
    lines = re.split(r"[\n,]", next((v for k, v in step.inputs.items() if k.lower() == "tags"), ""))
    tag = tag_of(image)
    return next((tag_of(each.strip()) for each in lines if each.strip().endswith(tag)), "${{")


def _metadata_tags(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    """docker/metadata-action makes the tags: does it make ``latest``?"""
    for each in expressions.expressions(next((v for k, v in step.inputs.items() if k.lower() == "tags"), "")):
        for context in expressions.contexts(each.node):
            made = reading.step_of(context, job)
            if made is None or made.action != _METADATA:
                continue
            said = f"{reading.input(job, made, 'tags')}\n{reading.input(job, made, 'flavor')}"
            if re.search(r"value=latest\b|latest=true\b", said):
                yield _latest(reading, reading.line(job, made), "what docker/metadata-action makes")
                return


def _script_tags(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    if not re.search(r"\bdocker\s+(?:image\s+)?push\b|--push\b", step.run):
        return
    for match in _PUSHED.finditer(reading.text(step.run, job, step)):
        image = match["tag"] or (match["words"].split() or [""])[-1]
        if tag_of(image.strip("\"'")) == "latest":
            place: Place = ("jobs", job.id, "steps", step.index, "run")
            yield _latest(reading, reading.line_of(place, "latest"), image)
            return


def _immutable(reading: Reading, image: str) -> bool:
    name = image.partition("@")[0].removesuffix(f":{tag_of(image)}").partition("/")[2]
    return name in reading.known.immutable


def _latest(reading: Reading, line: int, image: str) -> Finding:
    says = "nobody can tell later which build it was"
    if _immutable(reading, image):
        says = "and that repository never moves a tag: the second push is refused"
    what = f"The tag latest, which {image} has, is another image after each push: {says}."
    next_step = "name the image by its commit: ${{ github.sha }}"
    return Finding("latest-tag", line, what, next_step, evidence=_TAGS)


def _attestations(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    given = {name.lower() for name in step.inputs}
    silent = [name for name in ("provenance", "sbom") if name not in given]
    if silent and "attests" not in given and pushes(reading, job, step) is not False:
        yield Finding(
            "attestations-not-said",
            reading.line(job, step),
            f"The build step says neither yes nor no to {' and '.join(silent)}: what buildx does by itself decides.",
            "say " + " and ".join(f"{name}: true or false" for name in silent),
            weight=Weight.ADVICE,
            evidence="docker/docs, Build attestations",
        )
