"""Stage 03: both platforms are in ECR, pushed by the push role under a policy that allows it and nothing more."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from labs import oci
from labs.iam import Access, MalformedPolicy, PolicyKind, Wanted, parse_policy
from labs.ledger.names import stamp
from labs.lesson.bench import BOTH, PLATFORMS, Bench
from labs.subjects.policies import in_words, who
from labs.subjects.push import lab_repository, policy_age, push_role, role_policies
from labs.subjects.push.policy_review import MISSING, NEEDED
from labs.subjects.push.push_subject import PushSubject
from labs.subjects.push.pushed_review import problem_inside
from labs.subjects.tasks.app_secret import app_secret
from labs.ui import text
from labs.verdict import Event, Gate, Report, Verdict, read_trail, run_gates
from labs.verdict.client_output import pushed_image

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
WANTED = tuple(oci.Platform.parse(text) for text in PLATFORMS)


@dataclass
class _Subject(PushSubject):
    """What the gates of this stage have read besides."""

    image: lab_repository.Pushed | None = None
    pusher: str = ""
    events: tuple[Event, ...] = ()


def _file(subject: _Subject) -> Verdict | None:
    path = subject.bench.policy_file
    if not path.exists():
        return subject.say("push.fixed.no_file", file=path.name)
    try:
        parse_policy(role_policies.text_of(path))
    except MalformedPolicy as error:
        return subject.say("push.fixed.malformed", file=path.name, what=role_policies.malformed(error))
    return None


def _role(subject: _Subject) -> Verdict | None:
    bench = subject.bench
    role = role_policies.read_role(bench.reader("iam"), bench.push_role)
    if role is None:
        return subject.say("push.fixed.no_role", role=bench.push_role)
    written = role_policies.text_of(bench.policy_file)
    put = [each for each in role.documents if each.name == push_role.POLICY_NAME and each.body == json.loads(written)]
    if not put:
        return subject.say("push.fixed.not_put", file=bench.policy_file.name, role=bench.push_role)
    # The same policy in the file's words has lines.
    documents = (replace(each, text=written) if each in put else each for each in role.documents)
    subject.role = replace(role, documents=tuple(documents))
    subject.repository_policy = lab_repository.policy(bench.reader("ecr"), bench.repository_name)
    return None


def _policy(subject: _Subject) -> Verdict | None:
    """Decided for every request there can be; the first fault is named."""
    review = subject.review
    fault = review.first_fault()
    if fault is None:
        return None
    if fault.name == "missing_action" and review.lacking() == (MISSING,):
        wider = next(review.faults_but(("missing_action",)), None)
        if wider is None:
            return subject.say("push.fixed.not_mended")
    return subject.say(f"push.fixed.{fault.name}", **fault.values)


def _trust(subject: _Subject) -> Verdict | None:
    """Nobody outside the account may become the role."""
    bench = subject.bench
    assert subject.role is not None, "the gate before has found it"
    arn, wanted = bench.target.role_arn(bench.push_role), who.of_account(bench.target.account, who.ASSUMING)
    found = who.beyond(subject.role.trust.parsed(PolicyKind.TRUST), arn, [wanted], datetime.now(UTC))
    return _beyond(subject, "push.fixed.trust_wide", found)


def _repository(subject: _Subject) -> Verdict | None:
    """The repository's own policy gives nobody anything, save the push to the role."""
    bench, document = subject.bench, subject.repository_policy
    if document is None:
        return None
    wanted = Wanted(NEEDED, principals={"AWS": bench.target.role_arn(bench.push_role)})
    found = who.beyond(document.parsed(PolicyKind.RESOURCE), bench.repository_arn, [wanted], datetime.now(UTC))
    return _beyond(subject, "push.fixed.repository_policy", found)


def _beyond(subject: _Subject, message_id: str, found: tuple[Access, ...]) -> Verdict | None:
    """The first access with a request that shows it; else the first of which nobody can tell."""
    for access in found:
        asked = access.witness
        if asked is not None:
            whom, place = who.in_words(asked.principal), in_words.place(access.place)
            return subject.say(message_id, who=whom, request=in_words.request(asked), place=place)
    return next((subject.say("push.fixed.cannot_tell", why=in_words.unclear(each)) for each in found), None)


def _image(subject: _Subject) -> Verdict | None:
    bench = subject.bench
    subject.image = lab_repository.pushed(bench.reader("ecr"), bench.repository_name, BOTH)
    if subject.image is None:
        return subject.say("push.fixed.not_pushed", tag=BOTH, repository=bench.repository_name)
    found = subject.image.image
    if isinstance(found, oci.Manifest):
        return subject.say("push.fixed.single", tag=BOTH)
    missing = [platform for platform in WANTED if platform not in found.platforms]
    if not missing:
        return None
    values = {
        "tag": BOTH,
        "found": text.series([str(each) for each in found.platforms]) or "no platform",
        "missing": text.series([str(each) for each in missing]),
    }
    attested = len(found.platforms) == 1 and any(entry.is_attestation for entry in found.manifests)
    return subject.say("push.fixed.attestation" if attested else "push.fixed.one_platform", **values)


def _pusher(subject: _Subject) -> Verdict | None:
    """Pushed by the role, not by somebody who may do everything. On AWS the trail may not say it yet."""
    bench = subject.bench
    since = bench.progress.of("push-denied").begun_at
    if since is None:
        return None
    events = subject.events = read_trail(bench.reader("cloudtrail"), since)
    subject.pusher = lab_repository.pushed_by(events, bench, BOTH)
    if subject.pusher not in ("", bench.pusher.arn):
        return subject.say("push.fixed.other_principal", other=subject.pusher, principal=bench.pusher.arn)
    return None


def _age(subject: _Subject) -> Verdict | None:
    """Pushed, or tried again, under the policies of now: a push from before their last change says nothing of them."""
    bench, image = subject.bench, subject.image
    assert image is not None, "the gates before have found it"
    since = bench.progress.of("push-denied").begun_at or image.at
    role_at = policy_age.changed_at(bench, since)
    repository_at = policy_age.repository_policy_changed_at(bench, subject.events)
    pushed_at = max(image.at.replace(microsecond=0), _tried_again(subject))
    for changed_at, whose in ((role_at, "the role's policies were"), (repository_at, "the repository's policy was")):
        if changed_at is not None and pushed_at < changed_at:
            return subject.say(
                "push.fixed.older_push", tag=BOTH, at=stamp(pushed_at), whose=whose, changed_at=stamp(changed_at)
            )
    return None


def _tried_again(subject: _Subject) -> datetime:
    """When a client last said that it had pushed the tag: one that finds everything there puts nothing."""
    bench = subject.bench
    name = f"{bench.repository}:{BOTH}"
    logs = [each for each in bench.work.glob("push*.log") if pushed_image(each.read_text(errors="replace")) == name]
    return max((datetime.fromtimestamp(each.stat().st_mtime, UTC) for each in logs), default=_BEGINNING)


def _inside(subject: _Subject) -> Verdict | None:
    """The bytes of what was pushed: programs for each platform, not root, no secret, the build of this work folder."""
    bench, pushed = subject.bench, subject.image
    assert pushed is not None, "the gates before have found it"
    problem = problem_inside(bench, BOTH, pushed, app_secret(bench))
    return None if problem is None else subject.say(f"push.fixed.{problem.name}", **problem.values)


def _passed(subject: _Subject) -> Verdict:
    bench = subject.bench
    pusher = subject.pusher or "an identity that the trail does not name yet"
    narrowed = subject.review.narrowed()
    narrower = f"; the policy is narrower still, and the push passed under it: only if {narrowed}" if narrowed else ""
    return subject.say("push.fixed.pass", repository=bench.repository_name, tag=BOTH, who=pusher, narrower=narrower)


GATES = (
    Gate("file", _file),
    Gate("role", _role),
    Gate("policy", _policy),
    Gate("trust policy", _trust),
    Gate("repository policy", _repository),
    Gate("image", _image),
    Gate("pusher", _pusher),
    Gate("age", _age),
    Gate("inside", _inside),
)


def check(bench: Bench) -> Report:
    """Ask the gates of stage 03."""
    return run_gates("push-fixed", GATES, _Subject(bench), _passed)
