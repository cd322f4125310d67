"""The time line of the push role's calls: CloudTrail's events, and the statement behind each decision.

CloudTrail records who asked what and, of a refusal, AWS's sentence; the statement that allowed a call it does not
record (CloudTrail user guide, "CloudTrail record contents"). So that is worked out by ``labs.iam`` from the policies
as they are now, and only for calls that are younger than the last change of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from labs import iam
from labs.lesson.bench import Bench
from labs.subjects.push import policy_age, push_role, push_shown, role_policies
from labs.ui.time_line import Call, Outcome, TimeLine
from labs.verdict import Event

# Decides an action on a resource by the policies as they are now.
Decide = Callable[[str, str], iam.Decision]
_EARLIER = "policies that have changed since"
_SAME_SECOND = "not told: the policies changed in that second"
_UNTOLD = "not told"


def time_line(bench: Bench) -> TimeLine:
    """The calls to ECR of the push role since the push stage began."""
    events = push_shown.events(bench)
    title = f"What {bench.pusher.arn} asked of Amazon ECR"
    if not events:
        return TimeLine(f"The trail has no call to ECR by {bench.pusher.arn} yet.", ())
    role = role_policies.read_role(bench.client("iam"), bench.push_role)
    changed = policy_age.changed_at(bench, bench.progress.of("push-denied").begun_at or push_shown.BEGINNING)
    decide: Decide | None = None
    if role is not None and changed is not None:
        decide = push_role.reviewer(bench, role.documents, role.boundary, None).decide
    remark = (
        "CloudTrail records AWS's reason for a refusal. Which statement allowed a call it does not record: that is "
        "worked out here, from the role's policies as they are now."
    )
    return TimeLine(title, tuple(alike(call(each, decide, changed) for each in events)), remark)


def call(event: Event, decide: Decide | None, changed: datetime | None) -> Call:
    """One event as a row. ``changed``: when the policies last changed, None where that is not known."""
    outcome = Outcome.REFUSED if event.denied else Outcome.ERROR if event.error else Outcome.ALLOWED
    # Whether IAM had allowed what ended in another error, the trail does not say.
    by = _reason(event) if event.denied else event.error or _allowed_by(event, decide, changed)
    return Call(
        event.at.strftime("%H:%M:%S"), push_shown.REQUESTS.get(event.action, "API call"), event.action, outcome, by
    )


def _reason(event: Event) -> str:
    """AWS's own words behind "because" or "with"."""
    for word in (" because ", " with "):
        if word in event.message:
            return event.message.partition(word)[2].strip().rstrip(".")
    return _UNTOLD


def _allowed_by(event: Event, decide: Decide | None, changed: datetime | None) -> str:
    if decide is None or changed is None:
        return _UNTOLD
    if event.at < changed:
        return _EARLIER
    # Both have whole seconds, so which of the two came first is not known.
    if event.at == changed:
        return _SAME_SECOND
    found = decide(event.action, event.resource or "*")
    if not found.allowed or found.statement is None:
        return _UNTOLD
    sid = f" ({found.statement.sid})" if found.statement.sid else ""
    return f"statement {found.statement.index + 1}{sid} of the policy {found.statement.policy}"


def alike(calls: Iterable[Call]) -> Sequence[Call]:
    """The same calls, those that are alike in a row as one, at the time of the first."""
    found: list[Call] = []
    for each in calls:
        last = found[-1] if found else None
        if last is not None and replace(last, at=each.at, count=1) == each:
            found[-1] = replace(last, count=last.count + 1)
        else:
            found.append(each)
    return found
