"""Which code an action is: pinned by commit, the version beside it true, its runtime one that runners have.

Sources: GitHub docs, "Secure use reference" (pin actions to a full-length commit); each action's own action.yml;
actions/runner, src/Runner.Common/Constants.cs (Node20RemovalDate).
"""

import re
from collections.abc import Iterator

from labs.workflow.document import Job, Step
from labs.workflow.findings import Finding, Weight
from labs.workflow.rules import actions
from labs.workflow.rules.reading import Reading

_PINNING = "GitHub docs, Secure use reference: pin actions to a full-length commit SHA"
_RUNNER = "actions/runner, Constants.cs: Node20RemovalDate, 16 September 2026"
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_GONE = ("node12", "node16", "node20")


def found(reading: Reading) -> Iterator[Finding]:
    """Every finding of this subject."""
    for job in reading.workflow.jobs:
        if job.uses and not job.uses.startswith("./") and not actions.is_commit(job.uses.partition("@")[2]):
            yield _not_pinned(reading.workflow.line("jobs", job.id, "uses"), job.uses, None)
        for step in job.steps:
            yield from _of_step(reading, job, step)


def _of_step(reading: Reading, job: Job, step: Step) -> Iterator[Finding]:
    line = reading.line(job, step, "uses")
    if step.uses.startswith("docker:"):
        if not _DIGEST.search(step.uses):
            yield _not_pinned(line, step.uses, None)
        return
    if not step.action:
        return
    comment = reading.comment(job, step)
    release = actions.of_step(step, comment)
    if not actions.is_commit(step.version):
        yield _not_pinned(line, step.uses, actions.newest(step.action))
    else:
        yield from _version(line, step, comment)
    if release is not None and release.runtime in _GONE:
        newest = actions.newest(step.action)
        yield Finding(
            "old-node-runtime",
            line,
            f"{step.action} {release.version} is made for {release.runtime}, which GitHub's runners have no more.",
            f"take {newest.version}, which is made for {newest.runtime}" if newest else "take a newer release",
            evidence=_RUNNER,
        )


def _not_pinned(line: int, uses: str, newest: actions.Release | None) -> Finding:
    what = f"{uses} may be other code tomorrow: a tag or a branch can be moved, a commit cannot."
    step = "write the full commit behind the @, and the version as a comment beside it"
    if newest is not None:
        step = f"write {newest.action}@{newest.commit} # {newest.version}"
    return Finding("not-pinned", line, what, step, evidence=_PINNING)


def _version(line: int, step: Step, comment: str) -> Iterator[Finding]:
    if step.action not in actions.known():
        return
    true, said = actions.of_commit(step.action, step.version), actions.of_version(step.action, comment)
    if not comment:
        step_ = f"write # {true.version} behind it" if true else "write the version behind it as a comment"
        yield Finding(
            "pin-without-version",
            line,
            f"{step.action} is pinned, and no comment says which version that is.",
            step_,
            weight=Weight.ADVICE,
            evidence=_PINNING,
        )
    elif true is not None and not _is_version(true, comment):
        yield Finding(
            "pin-and-version-differ",
            line,
            f"The commit of {step.action} is {true.version}, and the comment beside it says {comment}.",
            f"write # {true.version}, or the commit of the version that you mean",
            evidence=f"the tags of {step.action}",
        )
    elif true is None and said is not None and len(comment.lstrip("v").split(".")) == 3:
        yield Finding(
            "pin-and-version-differ",
            line,
            f"The commit of {step.action} is not {comment}: that is {said.commit}.",
            f"write {said.action}@{said.commit} # {said.version}",
            evidence=f"the tags of {step.action}",
        )
    elif true is None:
        yield Finding(
            "pin-not-known",
            line,
            f"Whether that commit of {step.action} is {comment} is not known here.",
            "look at the tags of its repository",
            weight=Weight.UNKNOWN,
            evidence=f"the tags of {step.action}",
        )


def _is_version(release: actions.Release, comment: str) -> bool:
    numbers = comment.lstrip("v").split(".")
    return [str(number) for number in release.numbers][: len(numbers)] == numbers
