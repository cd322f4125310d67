"""Stage 02: the push was refused, and for the intended reason: that principal, that action, that repository."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.iam import MalformedPolicy, parse_policy
from labs.lesson.bench import BOTH, Bench
from labs.stages.push_denied.causes import cause_of
from labs.subjects.push import lab_repository, push_role, role_policies
from labs.subjects.push.policy_review import MISSING, TOKEN, PolicyDocument
from labs.ui import text
from labs.verdict import Event, Gate, OracleAnswer, OracleOutcome, Report, Verdict, expect_denied, read_trail, run_gates
from labs.verdict.client_output import ClientTrouble

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_WORDS_IDS = {
    ClientTrouble.NOT_LOGGED_IN: "push.denied.not_logged_in",
    ClientTrouble.EXPIRED: "push.denied.expired",
    ClientTrouble.NO_REPOSITORY: "push.denied.other_name",
    ClientTrouble.GONE: "push.denied.registry_gone",
}


@dataclass
class _Subject:
    """The bench, and what the gates have read so far."""

    bench: Bench
    documents: tuple[PolicyDocument, ...] = ()
    finding: OracleAnswer | None = field(default=None)

    def say(self, message_id: str, **values: object) -> Verdict:
        return self.bench.say(message_id, **values)


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
    written = bench.policy_file.read_text() if bench.policy_file.exists() else ""
    if written:
        if role_policies.is_empty(written):
            return subject.say("push.denied.policy_empty", file=bench.policy_file.name)
        try:
            parse_policy(written)
        except MalformedPolicy as error:
            return subject.say(
                "push.denied.malformed", file=bench.policy_file.name, what=role_policies.malformed(error)
            )
    documents = role_policies.live_policies(bench.reader("iam"), bench.push_role)
    if not documents:
        return subject.say("push.denied.no_role", role=bench.push_role)
    subject.documents = documents
    return None


def _refusal(subject: _Subject) -> Verdict | None:
    bench = subject.bench
    since = bench.progress.of("push-denied").begun_at or _BEGINNING
    events = read_trail(bench.reader("cloudtrail"), since)
    said = bench.push_log.read_text(errors="replace") if bench.push_log.exists() else ""
    finding = expect_denied(
        bench.pusher.arn, MISSING, bench.repository_arn, since, events, said, worked=_worked(bench, since, events)
    )
    subject.finding = finding
    if finding.outcome is OracleOutcome.INTENDED:
        return None
    if finding.outcome is OracleOutcome.TRAIL_ONLY:
        return subject.say("push.denied.no_words", file=bench.push_log.name, action=MISSING)
    if finding.outcome is OracleOutcome.WORDS_ONLY:
        return _words_only(subject)
    if finding.outcome is OracleOutcome.IT_WORKED:
        return _it_worked(subject, finding)
    if finding.outcome is OracleOutcome.OTHER_REASON:
        return _other_reason(subject, finding)
    return subject.say("push.denied.not_pushed", tag=BOTH)


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
    review = push_role.reviewer(subject.bench, subject.documents)
    lacking = review.lacking()
    if lacking != (MISSING,) or not review.decide(TOKEN, "*").allowed:
        return subject.say("push.denied.several_fit", lacking=text.series(lacking) or "nothing that a push asks for")
    if subject.bench.on_aws:
        return None
    return subject.say("push.denied.no_trail", principal=subject.bench.pusher.arn)


def _it_worked(subject: _Subject, finding: OracleAnswer) -> Verdict:
    bench = subject.bench
    if finding.worked_by not in ("", bench.pusher.arn):
        return subject.say("push.denied.pushed_by_other", other=finding.worked_by, principal=bench.pusher.arn)
    decision = push_role.reviewer(bench, subject.documents).decide(MISSING, bench.repository_arn)
    if decision.allowed:
        policy = decision.statement.policy if decision.statement else push_role.POLICY_NAME
        return subject.say("push.denied.it_worked", action=MISSING, policy=policy)
    return subject.say("push.denied.it_worked_new_layers", tag=BOTH)


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
    if action == TOKEN:
        return subject.say("push.denied.token", cause=cause_of(push_role.reviewer(bench, subject.documents)))
    if resource not in ("", bench.repository_arn):
        return subject.say("push.denied.other_repository", other=resource, repository=bench.repository_arn)
    review = push_role.reviewer(bench, subject.documents)
    if action == "ecr:BatchGetImage" and not any(review.faults_but(("missing_action",))):
        return subject.say("push.denied.five_actions", action=action, expected=MISSING)
    return subject.say("push.denied.other_action", action=action, expected=MISSING, cause=cause_of(review))


def _passed(subject: _Subject) -> Verdict:
    bench = subject.bench
    values = {"principal": bench.pusher.arn, "action": MISSING, "repository": bench.repository_name}
    if subject.finding is not None and subject.finding.outcome is OracleOutcome.WORDS_ONLY:
        return subject.say("push.denied.pass_words", **values)
    return subject.say("push.denied.pass", **values)


GATES = (Gate("repository", _repository), Gate("role", _role), Gate("refusal", _refusal))


def check(bench: Bench) -> Report:
    """Ask the gates of stage 02."""
    return run_gates("push-denied", GATES, _Subject(bench), _passed)
