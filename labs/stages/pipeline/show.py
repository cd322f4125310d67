"""What the notebook of stage 06 shows: the review, the roles as they were put, the claims and the end of a run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.stages.pipeline import resources, review_gates, runs
from labs.stages.pipeline.solve import make_role
from labs.subjects.push import role_policies
from labs.ui import text
from labs.verdict import read_trail
from labs.workflow import log_files
from labs.workflow.document import read
from labs.workflow.findings import Weight
from labs.workflow.log_diagnosis import diagnose
from labs.workflow.log_report import report
from labs.workflow.record import LOG_FILE, RunRecord, runs_folder

_WORDS = {Weight.ERROR: "wrong", Weight.ADVICE: "advice", Weight.UNKNOWN: "cannot tell"}


def review(bench: Bench, file: str) -> str:
    """Each finding with its line, who found it and what to do; who was asked, and who was not."""
    written = read(bench.work / ".github" / "workflows" / file)
    found, not_asked = review_gates.findings(bench, written)
    lines = []
    for each in found:
        lines += [
            text.wrapped(f"line {each.line}, {_WORDS[each.weight]} ({each.found_by}: {each.id}): {each.what}"),
            text.wrapped(f"  Next: {each.next_step}"),
        ]
    asked = "the kit's rules, zizmor and jactionlint" if not not_asked else "the kit's rules"
    if not found:
        lines.append(f"Asked: {asked}. None has anything to say about {file}.")
    return "\n".join([*lines, *(f"Not asked: {each}." for each in not_asked)])


def role(bench: Bench, name: str, trust_file: str, policy_file: str) -> str:
    """Make one role from its two files; whom it trusts and what it may do, as far as that has changed."""
    before = _state(bench, name)
    made = make_role(bench, name, trust_file, policy_file)
    after = _state(bench, name)
    if made:
        return f"Role {name}: created, with {trust_file} and {policy_file}"
    changed = [
        f"{file} has changed\n{text.difference(old, new)}"
        for file, old, new in zip((trust_file, policy_file), before, after, strict=True)
        if old != new
    ]
    return "\n".join([f"Role {name}: {'its files were put again' if changed else 'nothing has changed'}", *changed])


def _state(bench: Bench, name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The role's trust policy and its own policy."""
    found = role_policies.read_role(bench.client("iam"), name)
    return ({}, {}) if found is None else (found.trust.body, found.named(resources.POLICY_NAME))


def claims(bench: Bench) -> str:
    """For each job of the newest run: the subject and the audience of its tokens."""
    done = _newest(bench)
    rows = [
        (name, job.subject or "no token", resources.AUDIENCE if job.subject else "")
        for name, job in done.jobs.items()
        if job.conclusion != "skipped"
    ]
    return text.table(("job", "sub", "aud"), rows)


def _newest(bench: Bench) -> RunRecord:
    found = next(runs.all_of(bench), None)
    if found is None:
        raise LabError("No workflow has run yet.", "run the cell with lab.run_workflow()", id="pipeline-not-run-yet")
    return found


def diagnosis(bench: Bench) -> str:
    """The diagnosis of the newest run: by its log, its tokens' claims, the role's trust policy and the trail."""
    done = _newest(bench)
    log = log_files.read_file(runs_folder(bench.home) / str(done.number) / LOG_FILE)
    by_log = diagnose(log, ended_well=done.succeeded)
    failed = by_log.first.step.job if by_log.first is not None else ""
    job = done.jobs.get(failed)
    if job is None:
        return report(by_log, f"run {done.number}")
    role = resources.deploy_role(bench) if failed == runs.DEPLOY else resources.pipeline_role(bench)
    found = role_policies.read_role(bench.client("iam"), role)
    events = read_trail(bench.client("cloudtrail"), datetime.fromisoformat(done.began), "sts.amazonaws.com")
    told = diagnose(
        log,
        found.trust.body if found is not None else None,
        {"sub": job.subject, "aud": resources.AUDIENCE} if job.subject else None,
        events,
        ended_well=done.succeeded,
    )
    return report(told, f"run {done.number}")
