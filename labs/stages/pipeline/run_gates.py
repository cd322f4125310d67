"""The gates of stage 06 about its runs: whether they count, what they pushed and who did, what the service runs."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from labs import oci
from labs.errors import LabError
from labs.ledger.names import stamp
from labs.lesson.bench import PLATFORMS
from labs.stages.pipeline import resources, runs
from labs.stages.pipeline.subject import PipelineSubject
from labs.subjects.push import lab_repository
from labs.subjects.push.policy_age import POLICY_CHANGES, TRUST_CHANGES
from labs.subjects.push.policy_review import PolicyProblem
from labs.subjects.push.pushed_review import problem_inside
from labs.subjects.tasks import task_runs
from labs.subjects.tasks.app_secret import app_secret
from labs.subjects.tasks.service_names import service as service_name
from labs.subjects.tasks.service_reading import service_of
from labs.ui import text
from labs.verdict import Event, Verdict
from labs.workflow import record
from labs.workflow.record import JobRecord, RunRecord

_LOGINS = ("aws-actions/amazon-ecr-login", "docker/login-action")
_BUILD = "docker/build-push-action"
_WANTED = tuple(oci.Platform.parse(each) for each in PLATFORMS)


def ran(subject: PipelineSubject) -> Verdict | None:
    """Each job has run for a push to main, with the workflow as it is now, and succeeded."""
    found = {job: done for job, done in subject.runs.items() if done is not None}
    missing = [job for job in subject.runs if job not in found]
    if missing and (why := runs.why_not(subject.bench)):
        raise LabError(
            f"The workflow's runs were not looked at. {why}",
            "what needs no run was looked at, and nothing wrong was found; on GitHub it runs as it is",
            id="pipeline-runs-not-looked-at",
        )
    assert subject.workflow is not None, "the gate before has read it"
    now = hashlib.sha256(subject.workflow.text.encode()).hexdigest()
    older = [done for done in found.values() if done.workflow_sha256 != now]
    for job, done in found.items():
        # One that failed is why others have not run; a job of the trainee's own that failed counts as well.
        if done not in older and not (done.succeeded and done.jobs[job].conclusion == record.SUCCESS):
            failed = [name for name, each in done.jobs.items() if each.conclusion == record.FAILURE]
            where = _where(done, job if job in failed or not failed else failed[0])
            return subject.say("pipeline.failed", number=done.number, conclusion=done.conclusion, where=where)
    if missing:
        wanted = text.series(list(subject.runs))
        return subject.say("pipeline.not_run", file=resources.FILE, jobs=wanted, missing=text.series(missing))
    for done in older[:1]:
        return subject.say("pipeline.other_workflow", number=done.number, at=done.began, file=resources.FILE)
    return None


def _where(done: RunRecord, job: str) -> str:
    failed = next((each for each in done.jobs[job].steps if each.conclusion == record.FAILURE), None)
    return f"job {job}, step {failed.title}" if failed else f"job {job}"


def age(subject: PipelineSubject) -> Verdict | None:
    """Nothing that decides what a run may do was changed after it began."""
    roles = {
        resources.pipeline_role(subject.bench): (runs.PUSH, runs.ANYWHERE),
        resources.deploy_role(subject.bench): (runs.DEPLOY,),
    }
    for event in _changes(subject):
        for job in roles.get(event.role, ()):
            done = subject.run(job)
            if datetime.fromisoformat(done.began) < event.at:
                what = f"the trust policy of {event.role}" if event.action in TRUST_CHANGES else event.role
                return subject.say(
                    "pipeline.older_run", number=done.number, at=done.began, what=what, changed_at=stamp(event.at)
                )
    return None


def _changes(subject: PipelineSubject) -> Iterator[Event]:
    """The newest changes first."""
    kinds = POLICY_CHANGES | TRUST_CHANGES
    return (each for each in reversed(subject.trail) if each.action in kinds and not each.error)


def logins(subject: PipelineSubject) -> Verdict | None:
    """Both logins were used, each in a job that pushed."""
    used = {
        step.action
        for job in (runs.PUSH, runs.ANYWHERE)
        for step in subject.run(job).jobs[job].steps
        if step.conclusion == record.SUCCESS and step.action in _LOGINS
    }
    if used == set(_LOGINS):
        return None
    return subject.say("pipeline.one_login", found=text.series(sorted(used)) or "neither")


def image(subject: PipelineSubject) -> Verdict | None:
    """What each run built is in ECR, for both platforms, from this work folder."""
    return next((fault for job in runs.PUSHING if (fault := _image(subject, job))), None)


def _image(subject: PipelineSubject, job: str) -> Verdict | None:
    bench, done = subject.bench, subject.run(job)
    tag = runs.tag(job, done.sha)
    ecr, name, digest = bench.reader("ecr"), bench.repository_name, _digest(done.jobs[job])
    found = lab_repository.by_digest(ecr, name, digest) if digest else None
    tagged = lab_repository.pushed(ecr, name, tag)
    if found is None or tagged is None or tagged.digest != digest:
        told = "no digest was given out" if not digest else "it is not there" if found is None else f"no tag {tag}"
        if found is not None and tagged is not None:
            told = f"the tag {tag} names {tagged.digest}"
        return subject.say(
            "pipeline.no_image", number=done.number, repository=name, digest=digest or "?", tag=tag, found=told
        )
    if subject.image is not None and subject.image.digest == digest:
        # The other job's image, byte for byte: it has been looked into.
        return None
    platforms = found.image.platforms if isinstance(found.image, oci.Index) else ()
    if set(platforms) != set(_WANTED):
        shown = text.series([str(each) for each in platforms]) or "one platform, without an index"
        return subject.say("pipeline.platforms", number=done.number, found=shown)
    problem = problem_inside(bench, digest, found, app_secret(bench))
    if problem is not None:
        return subject.say("pipeline.inside", found=_inside_in_words(problem))
    subject.image = found
    return None


def _inside_in_words(problem: PolicyProblem) -> str:
    """What is wrong inside an image, in a clause."""
    told = {
        "wrong_machine_code": "the programs in the image for {platform} are not for it: {found}",
        "runs_as_root": "the image for {platform} runs as root: {found}",
        "secret_inside": "a secret is in the image for {platform}: {found}",
        "other_build": "it is another build than $WORK/app: {other}",
    }
    return told[problem.name].format_map(problem.values)


def _digest(job: JobRecord) -> str:
    """What the job's last build gave out; a build before it may be a try that pushes nothing."""
    built = [each.outputs["digest"] for each in job.steps if each.action == _BUILD and each.outputs.get("digest")]
    return built[-1] if built else ""


def pusher(subject: PipelineSubject) -> Verdict | None:
    """Put into ECR under the role, by a session that was given for the right subject."""
    return next((fault for job in runs.PUSHING if (fault := _pusher(subject, job))), None)


def _pusher(subject: PipelineSubject, job: str) -> Verdict | None:
    bench, done = subject.bench, subject.run(job)
    tag = runs.tag(job, done.sha)
    wanted = resources.pipeline_subject(bench)
    puts = [
        each
        for each in subject.trail
        if each.action == "ecr:PutImage" and not each.error and each.tag == tag
        and each.resource in ("", bench.repository_arn)
    ]  # fmt: skip
    if not puts:
        return subject.say("pipeline.no_trail", number=done.number)
    put = puts[-1]
    given = next((each for each in reversed(subject.trail) if each.issued and each.issued == put.key), None)
    role = resources.pipeline_role_arn(bench)
    session = f":assumed-role/{role.rsplit('/', 1)[-1]}/"
    if session in put.principal and given is not None and given.subject == wanted and given.resource == role:
        subject.pusher = put.principal
        return None
    found = f"{put.principal or 'nobody named'}, for {given.subject if given and given.subject else 'no subject'}"
    return subject.say(
        "pipeline.other_pusher", number=done.number, tag=tag, role=role.rsplit("/", 1)[-1], subject=wanted, found=found
    )


def deployed(subject: PipelineSubject) -> Verdict | None:
    """The service is steady, and each of its tasks runs what the newest push built, as the deploy role set it."""
    bench, ecs, done = subject.bench, subject.bench.reader("ecs"), subject.run(runs.PUSH)
    digest = _digest(done.jobs[runs.PUSH])
    service = service_of(bench, ecs)
    if service is None:
        return subject.say(
            "pipeline.not_deployed", number=done.number, digest=digest, found="nothing: there is no service"
        )
    found = map(
        task_runs.read_task, task_runs.described(ecs, task_runs.cluster(bench), serviceName=service_name(bench))
    )
    running = [each for each in found if not each.stopped]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    image_named = str(definition["containerDefinitions"][0]["image"])
    if image_named.partition("@")[2] != digest:
        return subject.say("pipeline.not_deployed", number=done.number, digest=digest, found=image_named)
    role, by = resources.deploy_role(bench), str(definition.get("registeredBy") or "nobody named")
    if f":assumed-role/{role}/" not in by:
        return subject.say("pipeline.other_deployer", number=subject.run(runs.DEPLOY).number, role=role, found=by)
    right = {digest}
    if subject.image is not None and isinstance(subject.image.image, oci.Index):
        right |= {each.digest for each in subject.image.image.manifests}
    other = next((each.digest for each in running if each.digest not in right), "")
    if other:
        return subject.say("pipeline.not_deployed", number=done.number, digest=digest, found=other)
    deployments, count = len(service["deployments"]), service["desiredCount"]
    steady = deployments == 1 and service["runningCount"] == count == len(running) and not service["pendingCount"]
    if not steady or not count:
        return subject.say(
            "pipeline.not_steady", running=service["runningCount"], wanted=count, deployments=deployments
        )
    return None
