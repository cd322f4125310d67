"""A log's diagnosis in words: the step, its cause, the evidence, what is open, what was and was not looked at, one next
action. What gives access is masked in all of it.
"""

from collections.abc import Iterable

from labs.printable import printable
from labs.ui import text
from labs.workflow.log_diagnosis import Diagnosis, Finding, Named, Verdict
from labs.workflow.log_reading import Line, Log, Step
from labs.workflow.masking import masked

# A line is quoted as far as it can be read.
_LONGEST = 400
_MOST = 6


def report(diagnosis: Diagnosis, name: str = "") -> str:
    """Plain text that reads from the top. ``name``: what was read."""
    log = diagnosis.log
    parts = [_head(log, name)]
    for finding in diagnosis.findings:
        parts += _finding(finding, log)
    if not diagnosis.findings:
        parts.append(_nothing(diagnosis))
    if log.unread:
        parts.append(_listed("NOT READ:", log.unread))
    if diagnosis.next_step:
        parts.append(text.wrapped(_shown(text.following(diagnosis.next_step))))
    return "\n\n".join(parts)


def _head(log: Log, name: str) -> str:
    jobs = [job for job in log.jobs if job]
    steps = [step for step in log.steps if step.is_own]
    read = f"{log.lines} lines, {len(steps)} step{'s' if len(steps) != 1 else ''}"
    if jobs:
        read += f" of {'the job' if len(jobs) == 1 else 'the jobs'} {text.series(jobs)}"
    facts = {"Read": f"{name}: {read}" if name else read, "Form": log.form.value}
    return text.facts({key: _shown(value) for key, value in facts.items()})


def _finding(finding: Finding, log: Log) -> list[str]:
    step = finding.step
    parts = [text.hanging("Failed: ", _shown(_step(step)))]
    if finding.named:
        first, *others = finding.named
        parts.append(text.hanging("Cause:  ", _shown(f"{first.says}.")))
        parts.append(_quoted("Evidence:", first.evidence, step))
        if first.told:
            parts.append(_listed("Known besides:", first.told))
        if first.trail:
            parts.append(_listed("In the trail:", (f"{e.at:%H:%M:%S} {e.action} {e.error}" for e in first.trail)))
        if first.cause.apart and not first.decided:
            parts.append(_listed("How to tell:", [first.cause.apart]))
        if others:
            parts.append(_listed("Its words also fit:", (_other(each) for each in others[:_MOST])))
    else:
        said = f" {finding.wrapped.says[:1].upper()}{finding.wrapped.says[1:]}." if finding.wrapped else ""
        parts.append(text.hanging("Cause:  ", _shown(f"not known: no cause that is known here has these words.{said}")))
        if finding.lines:
            parts.append(_quoted("Its last words:", finding.lines, step))
    if finding.warnings:
        parts.append(_listed("Said before it:", (_other(each) for each in finding.warnings[:_MOST])))
    if finding.after:
        names = (f"{_step(each)}" for each in finding.after[:_MOST])
        parts.append(_listed("Failed after it in that job, and to be looked at only if it stays:", names))
    return parts


def _nothing(diagnosis: Diagnosis) -> str:
    log = diagnosis.log
    steps = [step for step in log.steps if step.is_own]
    if diagnosis.verdict is Verdict.NOTHING:
        ends = "every job has its beginning and its end" if log.whole else "the lab's record of the run says success"
        return text.wrapped(
            f"Nothing failed: {ends}, and none of the {len(steps)} steps has an error mark. What a step did, and jobs "
            "that have no log here, were not looked at."
        )
    return text.wrapped(
        "CANNOT TELL: no line tells of a failure, but the log lacks the beginning or the end of a job, or was not read "
        "to its end; a step that failed may be in what is missing."
    )


def _step(step: Step) -> str:
    title = (step.title.removeprefix("Run ").split("\n")[0] or "a step without a name")[:120]
    named = f'step "{title}"'
    if step.action and step.action not in title:
        named += f" ({step.action})"
    return f"{named} of the job {step.job}" if step.job else named


def _other(named: Named) -> str:
    return f"{named.says} (line {named.evidence[0].number})"


def _quoted(title: str, lines: Iterable[Line], step: Step) -> str:
    where = f"{step.file} line" if step.file else "line"
    chosen = list(lines)
    return _listed(title, (f"{where} {each.number}: {each.text.strip()}" for each in chosen[-_MOST:]))


def _listed(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(text.hanging("  ", _shown(line)) for line in lines)])


def _shown(words: str) -> str:
    safe = printable(masked(words))
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]} ..."
