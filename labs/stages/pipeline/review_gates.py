"""The gates of stage 06 about the workflow as it is written: what can be said before it runs."""

from pathlib import Path

from labs.errors import LabError
from labs.lesson import workflow_run
from labs.lesson.bench import PLATFORMS, Bench
from labs.lesson.stage import catalogue
from labs.stages.pipeline import resources
from labs.stages.pipeline.subject import PipelineSubject
from labs.ui import text
from labs.verdict import Verdict
from labs.workflow import linters
from labs.workflow.document import Workflow, read
from labs.workflow.findings import Finding, Weight, errors
from labs.workflow.review import review
from labs.workflow.rules.reading import Known

_NAMES = ("permission-unknown", "unknown-input", "step-not-there", "undefined-job-needs")
_STRANGERS = ("untrusted-checkout", "script-injection")
_SKELETON = Path(__file__).parent / "files" / "skeleton.yml"


def workflow(subject: PipelineSubject) -> Verdict | None:
    """It is there, and GitHub can read it."""
    path = subject.bench.work / resources.WORKFLOW
    if not path.exists():
        return subject.say("pipeline.no_workflow", file=resources.WORKFLOW)
    try:
        subject.workflow = read(path)
    except LabError as error:
        return subject.say("pipeline.unreadable", what=error.what, next_step=error.next_step)
    if subject.workflow.text.strip() == _SKELETON.read_text().strip():
        return subject.say("pipeline.skeleton", file=resources.FILE)
    return None


def reviewed(subject: PipelineSubject) -> Verdict | None:
    """Neither the kit's rules nor a linter find an error in it, and each linter was asked."""
    assert subject.workflow is not None, "the gate before has read it"
    found, not_asked = findings(subject.bench, subject.workflow)
    # Where a job has no builder it depends on the runner's Docker: advice elsewhere, and an error in a pipeline.
    wrong = errors(found) or [each for each in found if each.id == "no-builder"]
    if wrong:
        # A misspelt name is behind much else that is then wrong.
        first = min(wrong, key=lambda each: linters.about(each) not in _NAMES)
        values = {"line": first.line, "what": first.what, "next_step": first.next_step}
        name = f"pipeline.{linters.about(first).replace('-', '_')}"
        if name in catalogue().messages:
            return subject.say(name, file=resources.FILE, **values)
        return subject.say("pipeline.review", file=resources.FILE, found_by=first.found_by, rule=first.id, **values)
    if not_asked:
        raise LabError(
            f"What can be said of {resources.FILE} without a run is not known whole: {text.series(not_asked)}.",
            "run: labs doctor",
            id="pipeline-linter-not-asked",
        )
    return None


def others(subject: PipelineSubject) -> Verdict | None:
    """No other workflow of the folder runs a stranger's code: its jobs may have the same subject."""
    folder = (subject.bench.work / resources.WORKFLOW).parent
    for path in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml"))):
        if path.name == resources.FILE:
            continue
        try:
            written = read(path)
        except LabError as error:
            return subject.say("pipeline.unreadable", what=error.what, next_step=error.next_step)
        for each in errors(review(written, known(subject.bench))):
            if each.id in _STRANGERS:
                values = {"line": each.line, "what": each.what, "next_step": each.next_step}
                return subject.say(f"pipeline.{each.id.replace('-', '_')}", file=path.name, **values)
    return None


def findings(bench: Bench, written: Workflow) -> tuple[tuple[Finding, ...], list[str]]:
    """What the kit's rules and the linters find, the kit's first; and why a linter was not asked."""
    answers = linters.ask(written.text, written.file)
    own = review(written, known(bench))
    said = {each.id for each in own if each.weight is Weight.ERROR}
    theirs = [each for answer in answers for each in answer.findings if linters.about(each) not in said]
    return (*own, *theirs), [answer.not_asked for answer in answers if answer.not_asked]


def known(bench: Bench) -> Known:
    """What stands outside the file: the values that a run gets, and the runner's Docker."""
    return Known(
        vars=workflow_run.values(bench),
        empty_secrets=frozenset({"REGISTRY_PASSWORD"}),
        registry=bench.target.registry,
        platforms=PLATFORMS,
    )
