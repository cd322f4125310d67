"""Stage 05: the service is steady, on ARM64, runs the image that was pushed; the secret arrived and the log says so."""

from collections.abc import Mapping
from typing import Any

from labs import oci
from labs.ledger.names import stamp
from labs.lesson.bench import PLATFORMS, Bench
from labs.stages.fargate import program_log, resources, role_gates, service_gates
from labs.stages.fargate.subject import ServiceSubject
from labs.subjects.push.pushed_review import problem_inside
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.app_secret import app_secret
from labs.subjects.vpc import reading
from labs.ui import text
from labs.verdict import Gate, Report, Verdict, run_gates

_WANTED = tuple(oci.Platform.parse(each) for each in PLATFORMS)
_TELLING = (
    "unable to place a task",
    "has stopped",
    "deployment failed",
    "circuit breaker",
    "unhealthy",
    "rolling back",
)


def _image(subject: ServiceSubject) -> Verdict | None:
    if subject.pushed is None:
        return subject.say("service.no_image", tag=resources.TAG, repository=subject.bench.repository_name)
    found = subject.pushed.image
    platforms = found.platforms if isinstance(found, oci.Index) else ()
    missing = [each for each in _WANTED if each not in platforms]
    if not missing:
        return None
    there = text.series([str(each) for each in platforms])
    told = f"an index with {there or 'no image'}" if isinstance(found, oci.Index) else "a single image without an index"
    return subject.say(
        "service.one_platform", tag=resources.TAG, found=told, missing=text.series([str(each) for each in missing])
    )


def _inside(subject: ServiceSubject) -> Verdict | None:
    """The bytes of what was pushed: programs for each platform, not root, no secret, the build of this work folder."""
    assert subject.pushed is not None, "the gate before has found it"
    problem = problem_inside(subject.bench, resources.TAG, subject.pushed, app_secret(subject.bench))
    return None if problem is None else subject.say(f"service.{problem.name}", **problem.values)


def _service(subject: ServiceSubject) -> Verdict | None:
    """Two tasks over the two private subnets, without public addresses."""
    bench, service = subject.bench, subject.service
    if service is None:
        return subject.say("service.no_service", service=service_names.service(bench), cluster=task_runs.cluster(bench))
    if service["desiredCount"] != service_names.TASKS:
        return subject.say("service.count", wanted=service_names.TASKS, found=service["desiredCount"])
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    found = reading.ours(bench.reader("ec2"), bench.target.prefix)
    inside = [{"Name": "vpc-id", "Values": [each["VpcId"] for each in found] or ["none"]}]
    ours = [each["SubnetId"] for each in bench.reader("ec2").describe_subnets(Filters=inside)["Subnets"]]
    if sorted(network["subnets"]) != sorted(ours):
        return subject.say(
            "service.subnets", wanted=text.series(sorted(ours)), found=text.series(sorted(network["subnets"]))
        )
    if network.get("assignPublicIp") == "ENABLED":
        return subject.say("service.public_ip")
    return None


def _steady(subject: ServiceSubject) -> Verdict | None:
    """One deployment, of the newest revision, with all its tasks running."""
    service, definition = subject.service, subject.definition
    assert service is not None, "the gate before has found it"
    assert definition is not None, "the gate before has found it"
    deployments = service["deployments"]
    current = service["taskDefinition"].rsplit("/", 1)[-1]
    newest = f"{definition['family']}:{definition['revision']}"
    running = service["runningCount"]
    values = {"running": running, "wanted": service_names.TASKS, "deployments": len(deployments)}
    if current != newest:
        if said := _rolled_back(service, definition):
            why = f"update_service with {newest} would fail again: that revision has to be put right first."
            told = f"{newest} failed and was rolled back to {current}: {said}"
            return subject.say("service.failing", said=told, why=why, **values)
        return subject.say("service.old_revision", current=current, newest=newest)
    if (
        len(deployments) == 1
        and running == service_names.TASKS == service["desiredCount"]
        and not service["pendingCount"]
    ):
        return None
    said = _telling_event(service, subject)
    if said:
        return subject.say("service.failing", said=f"the service says: {said}", why="", **values)
    return subject.say("service.not_steady", **values)


def _telling_event(service: Mapping[str, Any], subject: ServiceSubject) -> str:
    """The newest event that says why, since the newest deployment began."""
    began = max((each["createdAt"] for each in service["deployments"]), default=subject.since)
    for event in service.get("events", ()):
        if event["createdAt"] >= began and any(each in event["message"] for each in _TELLING):
            return _short(event)
    return ""


def _rolled_back(service: Mapping[str, Any], definition: Mapping[str, Any]) -> str:
    """Why the newest revision was taken back by the circuit breaker; empty when the service was never told of it."""
    since = [each for each in service.get("events", ()) if each["createdAt"] >= definition["registeredAt"]]
    if not any("rolling back" in each["message"] for each in since):
        return ""
    return next((_short(each) for each in since if "unable to place a task" in each["message"]), _short(since[0]))


def _short(event: Mapping[str, Any]) -> str:
    said = " ".join(str(event["message"]).split())
    return said if len(said) <= 220 else f"{said[:220].rsplit(' ', 1)[0]} ..."


def _digest(subject: ServiceSubject) -> Verdict | None:
    """Each task runs what was pushed under the tag, for its CPU."""
    pushed = subject.pushed
    assert pushed is not None, "the gate before has found it"
    right = {pushed.digest}
    if isinstance(pushed.image, oci.Index):
        right |= {each.digest for each in pushed.image.manifests if _is_arm(each.platform)}
    named, repository = str(subject.container().get("image", "")), subject.bench.repository
    wanted = f"{repository}:{resources.TAG}"
    if named not in {wanted, *(f"{name}@{digest}" for name in (repository, wanted) for digest in right)}:
        found = subject.definition or {}
        where = f"{found.get('family')}:{found.get('revision')}"
        return subject.say("service.other_tag", definition=where, image=named, wanted=wanted)
    runs = program_log.running(subject.bench, subject.ecs)
    if len(runs) < service_names.TASKS:
        return subject.say("service.not_steady", running=len(runs), wanted=service_names.TASKS, deployments=1)
    for run in runs:
        if run.digest not in right:
            return subject.say(
                "service.other_image", task=run.task_id[:8], found=run.digest[:19], tag=resources.TAG,
                wanted=pushed.digest[:19], made=stamp(run.created), pushed=stamp(pushed.at),
            )  # fmt: skip
    return None


def _is_arm(platform: oci.Platform | None) -> bool:
    return platform is not None and platform.normal().architecture == "arm64"


def _arrived(subject: ServiceSubject) -> Verdict | None:
    """In the log: each running task says that the secret is there."""
    logs, group = subject.bench.reader("logs"), resources.log_group(subject.bench)
    options = (subject.container().get("logConfiguration") or {}).get("options") or {}
    prefix = options.get("awslogs-stream-prefix", "")
    for run in program_log.running(subject.bench, subject.ecs):
        stream = f"{prefix}/{subject.container()['name']}/{run.task_id}"
        hello = program_log.first_of_stream(logs, group, stream)
        if hello is None:
            return subject.say("service.no_log_line", stream=stream, group=group)
        if hello.get("secret_arrived") is not True:
            return subject.say("service.secret_absent", task=run.task_id[:8])
    return None


def _passed(subject: ServiceSubject) -> Verdict:
    pushed = subject.pushed
    digest = pushed.digest[:19] if pushed is not None else ""
    return subject.say("service.pass", count=service_names.TASKS, tag=resources.TAG, digest=digest)


GATES = (
    Gate("secret", service_gates.secret),
    Gate("log group", service_gates.log_group),
    Gate("roles", role_gates.roles),
    Gate("definition", service_gates.definition),
    Gate("service", _service),
    Gate("image", _image),
    Gate("inside", _inside),
    Gate("steady", _steady),
    Gate("digest", _digest),
    Gate("log", _arrived),
)


def check(bench: Bench) -> Report:
    """Ask the gates of stage 05."""
    return run_gates("fargate", GATES, ServiceSubject(bench), _passed)
