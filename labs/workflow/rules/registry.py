"""Who logs in where, before what is pushed there.

Sources: docker/login-action, src/context.ts and src/docker.ts (no ``registry`` is docker.io; an ECR registry without
username takes the AWS credentials of the job); aws-actions/amazon-ecr-login, action.yml and README.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labs.workflow.document import Job, Step
from labs.workflow.findings import Finding, Weight
from labs.workflow.rules.build import pushes, tags
from labs.workflow.rules.reading import BUILD, CREDENTIALS, ECR_LOGIN, LOGIN, Reading, settled

_EVIDENCE = "docker/login-action, src/context.ts and src/docker.ts; README of aws-actions/amazon-ecr-login"
_ECR = re.compile(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")
_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_HERE = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
_SCRIPT = re.compile(r"\bdocker\s+login\b|\bskopeo\s+login\b|\boras\s+login\b|\bcrane\s+auth\s+login\b")


@dataclass(frozen=True)
class _Login:
    """One login. ``hosts``: where, filled in; empty: some ECR registry, or one that a script names."""

    step: Step
    hosts: tuple[str, ...]
    ecr: bool = False


def host_of(image: str) -> str:
    """The registry of an image's name; Docker Hub where it names none."""
    first = re.match(r"(?:\$\{\{.*?\}\}|[^/$]|\$(?!\{\{))+", image)
    host = first[0] if first else image
    if host == image or not (re.search(r"[.:]|^localhost$", host) or not settled(host)):
        return "docker.io"
    return "docker.io" if host in _HUB else host


def found(reading: Reading) -> Iterator[Finding]:
    """Every finding of this subject."""
    for job in reading.workflow.jobs:
        logins = list(_logins(reading, job))
        yield from _credentials(reading, job, logins)
        told: set[str] = set()
        for step in job.steps:
            if step.action != BUILD or pushes(reading, job, step) is not True:
                continue
            for host in dict.fromkeys(host_of(each) for each in tags(reading, job, step)):
                finding = _of_push(reading, job, step, host, logins)
                if finding is not None and finding.id not in told:
                    told.add(finding.id)
                    yield finding


def _logins(reading: Reading, job: Job) -> Iterator[_Login]:
    for step in job.steps:
        if step.action == LOGIN:
            if reading.input(job, step, "registry-auth"):
                hosts = re.findall(r"registry:\s*(\S+)", reading.input(job, step, "registry-auth")) or ["docker.io"]
            else:
                hosts = [reading.input(job, step, "registry") or "docker.io"]
            plain = [re.sub(r"^https?://|/.*$", "", each) if settled(each) else each for each in hosts]
            yield _Login(step, tuple("docker.io" if each in _HUB else each for each in plain))
        elif step.action == ECR_LOGIN:
            yield _ecr_login(reading, job, step)
        elif _SCRIPT.search(step.run):
            yield _Login(step, ())


def _ecr_login(reading: Reading, job: Job, step: Step) -> _Login:
    if reading.input(job, step, "registry-type") == "public":
        return _Login(step, ("public.ecr.aws",))
    if reading.input(job, step, "registries"):
        return _Login(step, (), ecr=True)
    own = (f"${{{{ steps.{step.id}.outputs.registry }}}}",) if step.id else ()
    known = (reading.known.registry,) if reading.known.registry else ()
    return _Login(step, (*known, *own), ecr=True)


def _credentials(reading: Reading, job: Job, logins: list[_Login]) -> Iterator[Finding]:
    """A login to ECR asks AWS: it needs credentials before it."""
    for login in logins:
        by_aws = login.ecr or any(_ECR.fullmatch(host) for host in login.hosts)
        own = reading.input(job, login.step, "username") if login.step.action == LOGIN else ""
        earlier = job.steps[: login.step.index]
        keys = any("AWS_" in name for env in (login.step.env, job.env, reading.workflow.env) for name in env)
        given = keys or any(each.action == CREDENTIALS or "AWS_" in each.run for each in earlier)
        if not by_aws or own or given or "self-hosted" in job.runs_on:
            continue
        what = f"{login.step.title} asks AWS for the password, and the job has no AWS credentials before it."
        next_step = "move aws-actions/configure-aws-credentials before it"
        yield Finding("login-without-credentials", reading.line(job, login.step), what, next_step, evidence=_EVIDENCE)


def _same(left: str, right: str) -> bool:
    return _plain(left) == _plain(right)


def _plain(host: str) -> str:
    return re.sub(r"\s+", "", host).lower()


def _serves(login: _Login, host: str) -> bool | None:
    """Whether a login is to that host; None: it may be."""
    if any(_same(each, host) for each in login.hosts):
        return True
    registry = _ECR.fullmatch(host)
    if login.ecr and settled(host):
        # Which account's registry it is stands in the role; without that, any of ECR may be it.
        only_open = all(not settled(each) for each in login.hosts)
        return None if registry is not None and only_open else False
    if not login.hosts or not settled(host):
        return None
    return False if all(settled(each) for each in login.hosts) else None


def _of_push(reading: Reading, job: Job, step: Step, host: str, logins: list[_Login]) -> Finding | None:
    if _HERE.fullmatch(host):
        return None
    line = reading.input_line(job, step, "tags")
    before = [each for each in logins if each.step.index < step.index]
    after = [each for each in logins if each.step.index > step.index]
    answers = [_serves(each, host) for each in before]
    if True in answers:
        return None
    late = next((each for each in after if _serves(each, host) is not False), None)
    if late is not None and None not in answers:
        what = f"{late.step.title} logs in to {host} after {step.title} has pushed there."
        return Finding("login-after-push", reading.line(job, late.step), what, "move it before", evidence=_EVIDENCE)
    if not before:
        what = f"Job {job.id} pushes to {host}, and no step of it logs in there."
        next_step = "add docker/login-action with that registry before it"
        return Finding("no-login", line, what, next_step, evidence=_EVIDENCE)
    if None in answers:
        what = f"Whether a login of job {job.id} is to {host} depends on a value that is not known here."
        next_step = "name the image by the same value that the login has"
        return Finding("registry-not-known", line, what, next_step, weight=Weight.UNKNOWN, evidence=_EVIDENCE)
    places = " and ".join(dict.fromkeys(each.hosts[0] for each in before if each.hosts))
    what = f"Job {job.id} logs in to {places} and pushes to {host}."
    next_step = f"log in to {host}, or name the image there"
    return Finding("other-registry", line, what, next_step, evidence=_EVIDENCE)
