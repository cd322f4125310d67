"""Stage 02: the push was refused, and for the intended reason: that principal, that action, that repository."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.iam import MalformedPolicy, parse_policy
from labs.ledger.names import stamp
from labs.lesson.bench import BOTH, PLATFORMS, Bench
from labs.stages.push_denied.causes import cause_of
from labs.stages.push_denied.documented import other_than_documented
from labs.subjects.policies import as_written
from labs.subjects.push import lab_repository, policy_age, role_policies
from labs.subjects.push.policy_review import MISSING, TOKEN
from labs.subjects.push.push_subject import PushSubject
from labs.ui import text
from labs.verdict import Event, Gate, OracleAnswer, OracleOutcome, Report, Verdict, expect_denied, read_trail, run_gates
from labs.verdict.client_output import ClientTrouble, pushed_image, read_build

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_WORDS_IDS = {
    ClientTrouble.NOT_LOGGED_IN: "push.denied.not_logged_in",
    ClientTrouble.EXPIRED: "push.denied.expired",
    ClientTrouble.NO_REPOSITORY: "push.denied.other_name",
    ClientTrouble.GONE: "push.denied.registry_gone",
}


@dataclass
class _Subject(PushSubject):
    """What the gates of this stage have read besides."""

    finding: OracleAnswer | None = field(default=None)
    changed_at: datetime | None = None
    said: str = ""


def _repository(subject: _Subject) -> Verdict | None:
    name = subject.bench.repository_name
    try:
        subject.bench.reader("ecr").describe_repositories(repositoryNames=[name])
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise
        return subject.say("push.denied.no_repository", repository=name)
    return None


def _role(subject: _Subject) -> Verdict | None:
    bench = subject.bench
    written = role_policies.text_of(bench.policy_file) if bench.policy_file.exists() else ""
    if written:
        if as_written.is_empty(written):
            return subject.say("push.denied.policy_empty", file=bench.policy_file.name)
        try:
            parse_policy(written)
        except MalformedPolicy as error:
            return subject.say(
                "push.denied.malformed", file=bench.policy_file.name, what=role_policies.malformed(error)
            )
    subject.role = role_policies.read_role(bench.reader("iam"), bench.push_role)
    if subject.role is None or not subject.role.documents:
        return subject.say("push.denied.no_role", role=bench.push_role)
    subject.repository_policy = lab_repository.policy(bench.reader("ecr"), bench.repository_name)
    return None


def _refusal(subject: _Subject) -> Verdict | None:
    bench = subject.bench
    since = bench.progress.of("push-denied").begun_at or _BEGINNING
    events = read_trail(bench.reader("cloudtrail"), since)
    subject.said = bench.push_log.read_text(errors="replace") if bench.push_log.exists() else ""
    subject.changed_at = policy_age.changed_at(bench, since)
    finding = expect_denied(
        bench.pusher.arn, MISSING, bench.repository_arn, since, events, subject.said,
        worked=_worked(bench, since, events),
    )  # fmt: skip
    subject.finding = finding
    if finding.outcome in (OracleOutcome.INTENDED, OracleOutcome.TRAIL_ONLY):
        older = None if bench.progress.of("push-denied").passed else _older(subject, finding.denial)
        if older is not None or finding.outcome is OracleOutcome.INTENDED:
            return older
        return subject.say("push.denied.no_words", file=bench.push_log.name, action=MISSING)
    if finding.outcome is OracleOutcome.WORDS_ONLY:
        return _words_only(subject)
    if finding.outcome is OracleOutcome.IT_WORKED:
        return _it_worked(subject, finding)
    if finding.outcome is OracleOutcome.OTHER_REASON:
        return _other_reason(subject, finding)
    return _pushed_elsewhere(subject) or subject.say("push.denied.not_pushed", tag=BOTH)


def _older(subject: _Subject, denial: Event | None) -> Verdict | None:
    """A refusal from before the last change of the role's policies says nothing about the policies of now."""
    if denial is None or subject.changed_at is None or denial.at >= subject.changed_at:
        return None
    return subject.say(
        "push.denied.older_refusal", action=denial.action, at=stamp(denial.at),
        why=f"The role's policies were changed at {stamp(subject.changed_at)}, after that.",
    )  # fmt: skip


def _allowed_by_now(subject: _Subject, denial: Event) -> Verdict | None:
    """What was refused, and is allowed by the policies of now, was refused under others."""
    review = subject.review
    resource = "*" if denial.action == TOKEN else denial.resource
    if (
        denial.resource not in ("", "*", subject.bench.repository_arn)
        or not review.decide(denial.action, resource).allowed
    ):
        return None
    why = "The role's policies of now allow that action there, so they have been changed since."
    return subject.say("push.denied.older_refusal", action=denial.action, at=stamp(denial.at), why=why)


def _pushed_elsewhere(subject: _Subject) -> Verdict | None:
    """A push that worked, by the client's own words, of which neither the trail nor the repository knows."""
    bench, image = subject.bench, pushed_image(subject.said)
    if not image:
        return None
    written = stamp(datetime.fromtimestamp(bench.push_log.stat().st_mtime, UTC))
    if image.rpartition(":")[0] == bench.repository:
        cause = f"There is no such image in {bench.repository_name} now, and the trail has no call of that push."
    else:
        cause = f"That is not {bench.repository}: whatever took it there, it was not the lab's repository."
    return subject.say(
        "push.denied.pushed_elsewhere", repository=bench.repository, tag=BOTH, image=image, at=written, cause=cause,
        file=bench.push_log.name,
    )  # fmt: skip


def _platforms(subject: _Subject) -> Verdict | None:
    """What was refused is a push of both platforms: the build's own output says for which it built."""
    built = read_build(subject.said)
    missing = [each for each in PLATFORMS if each not in built.platforms]
    # Where FROM is pinned, one build serves both, and two manifests are exported all the same.
    if not missing or built.manifests >= len(PLATFORMS):
        return None
    if built.platforms:
        found = f"push.log shows a build for {text.series(sorted(built.platforms))} only"
    elif built.steps:
        found = "push.log shows a build for one platform, without --platform for both"
    else:
        found = "push.log shows no build, so not for which platforms it was"
    return subject.say("push.denied.one_platform", tag=BOTH, found=found)


def _worked(bench: Bench, since: datetime, events: tuple[Event, ...]) -> Event | None:
    """The success, if the tag is in ECR: seen at once on AWS too, where the trail is late."""
    found = lab_repository.pushed(bench.reader("ecr"), bench.repository_name, BOTH)
    if found is None or found.at < since.replace(microsecond=0):
        return None
    principal = lab_repository.pushed_by(events, bench, BOTH)
    # CloudTrail keeps whole seconds, ECR's time has fractions: compare like with like.
    return Event(found.at.replace(microsecond=0), principal, "ecr:PutImage", bench.repository_arn, tag=BOTH)


def _words_only(subject: _Subject) -> Verdict | None:
    """The client was refused; the trail is silent. On AWS a HEAD of a layer is in no documented event."""
    written = datetime.fromtimestamp(subject.bench.push_log.stat().st_mtime, UTC)
    if subject.changed_at is not None and written < subject.changed_at:
        why = f"push.log is of then; the role's policies were changed at {stamp(subject.changed_at)}."
        return subject.say("push.denied.older_refusal", action="the push", at=stamp(written), why=why)
    lacking = subject.review.maybe_lacking()
    if lacking != (MISSING,):
        return subject.say("push.denied.several_fit", lacking=text.series(lacking) or "nothing that a push asks for")
    if subject.bench.on_aws:
        return None
    return subject.say("push.denied.no_trail", principal=subject.bench.pusher.arn)


def _it_worked(subject: _Subject, finding: OracleAnswer) -> Verdict:
    bench = subject.bench
    if finding.worked_by not in ("", bench.pusher.arn):
        return subject.say("push.denied.pushed_by_other", other=finding.worked_by, principal=bench.pusher.arn)
    allowing = subject.review.allowing(MISSING)
    if allowing:
        return subject.say("push.denied.it_worked", action=MISSING, policy=allowing[0].place.policy)
    pushed_at = _pushed_at(subject)
    if pushed_at is not None and subject.changed_at is not None and pushed_at < subject.changed_at:
        return subject.say(
            "push.denied.older_push", tag=BOTH, at=stamp(pushed_at), changed_at=stamp(subject.changed_at)
        )
    return subject.say("push.denied.it_worked_new_layers", tag=BOTH)


def _pushed_at(subject: _Subject) -> datetime | None:
    """When the tag was pushed, in whole seconds as the trail's times are."""
    found = lab_repository.pushed(subject.bench.reader("ecr"), subject.bench.repository_name, BOTH)
    return found.at.replace(microsecond=0) if found else None


def _other_reason(subject: _Subject, finding: OracleAnswer) -> Verdict:
    bench, denial, said = subject.bench, finding.denial, finding.words
    if denial is None and said.trouble in _WORDS_IDS:
        return subject.say(_WORDS_IDS[said.trouble], line=said.line[:300], registry=bench.target.registry)
    if denial is None and not said.action:
        return subject.say("push.denied.other_failure", line=said.line[:300])
    action, principal = (denial.action, denial.principal) if denial else (said.action, said.principal)
    resource = denial.resource if denial else said.resource
    if principal and principal != bench.pusher.arn:
        return subject.say("push.denied.other_principal", other=principal, action=action, principal=bench.pusher.arn)
    if denial is not None and (older := _older(subject, denial) or _allowed_by_now(subject, denial)):
        return older
    if action == TOKEN:
        return subject.say("push.denied.token", cause=cause_of(subject.review))
    if resource not in ("", bench.repository_arn):
        return subject.say("push.denied.other_repository", other=resource, repository=bench.repository_arn)
    review = subject.review
    if action == "ecr:BatchGetImage" and not any(review.faults_but(("missing_action",))):
        return subject.say("push.denied.five_actions", action=action, expected=MISSING)
    return subject.say("push.denied.other_action", action=action, expected=MISSING, cause=cause_of(review))


def _documented(subject: _Subject) -> Verdict | None:
    """The six documented actions and the token; the policy of a stage that came after is not looked at."""
    if subject.bench.progress.of("push-fixed").begun:
        return None
    assert subject.role is not None, "the gate before has found it"
    denial = subject.finding.denial if subject.finding is not None else None
    return other_than_documented(subject.bench, subject.role, subject.review, denial)


def _passed(subject: _Subject) -> Verdict:
    bench = subject.bench
    values = {"principal": bench.pusher.arn, "action": MISSING, "repository": bench.repository_name}
    if subject.finding is not None and subject.finding.outcome is OracleOutcome.WORDS_ONLY:
        return subject.say("push.denied.pass_words", **values)
    return subject.say("push.denied.pass", **values)


GATES = (
    Gate("repository", _repository),
    Gate("role", _role),
    Gate("refusal", _refusal),
    Gate("platforms", _platforms),
    Gate("documented policy", _documented),
)


def check(bench: Bench) -> Report:
    """Ask the gates of stage 02."""
    return run_gates("push-denied", GATES, _Subject(bench), _passed)
