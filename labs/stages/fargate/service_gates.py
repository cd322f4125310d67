"""The gates of stage 05 about what a service needs: the secret, the log group, the roles, the task definition."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.iam import PolicyKind, Principal, PrincipalKind, Request, evaluate_trust, parse_policy
from labs.stages.fargate import resources
from labs.stages.fargate.subject import ServiceSubject
from labs.subjects.image.baked_secrets import secret_in
from labs.subjects.push import role_policies
from labs.subjects.push.policy_review import PolicyDocument
from labs.subjects.tasks.app_secret import app_secret
from labs.ui import text
from labs.verdict import Verdict

_SERVICE = "ecs-tasks.amazonaws.com"


def secret(subject: ServiceSubject) -> Verdict | None:
    """A SecureString under the agreed name. Its value is not read."""
    name = resources.parameter(subject.bench)
    wanted = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    found = subject.bench.reader("ssm").describe_parameters(ParameterFilters=wanted)["Parameters"]
    if not found:
        return subject.say("service.no_secret", name=name)
    if found[0]["Type"] != "SecureString":
        return subject.say("service.plain_secret", name=name, type=found[0]["Type"])
    return None


def log_group(subject: ServiceSubject) -> Verdict | None:
    """The log group, which forgets after a while."""
    name = resources.log_group(subject.bench)
    found = subject.bench.reader("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    group = next((each for each in found if each["logGroupName"] == name), None)
    if group is None:
        return subject.say("service.no_log_group", name=name)
    if not group.get("retentionInDays"):
        return subject.say("service.no_retention", name=name)
    if group["retentionInDays"] > resources.RETENTION_DAYS:
        return subject.say(
            "service.long_retention", name=name, days=group["retentionInDays"], wanted=resources.RETENTION_DAYS
        )
    return None


def roles(subject: ServiceSubject) -> Verdict | None:
    """Two roles that ECS may take; the one may start the task and nothing else, the other may do nothing."""
    bench, iam = subject.bench, subject.bench.reader("iam")
    for name in (resources.execution_role(bench), resources.task_role(bench)):
        trust = _trust(iam, name)
        if trust is None:
            return subject.say("service.no_role", name=name)
        if not _trusted(bench.target.role_arn(name), trust):
            return subject.say("service.trust", name=name, service=_SERVICE)
        others = tuple(_others(trust))
        if others:
            return subject.say("service.trust_wide", name=name, service=_SERVICE, others=text.series(others))
    documents = role_policies.live_policies(iam, resources.execution_role(bench)) or ()
    fault = subject.review(documents).first_fault()
    if fault is not None:
        return subject.say(f"service.{fault.name}", role=resources.execution_role(bench), **fault.values)
    own = role_policies.live_policies(iam, resources.task_role(bench)) or ()
    if own:
        return subject.say(
            "service.task_role_wide", role=resources.task_role(bench), policies=text.series([each.name for each in own])
        )
    return None


def _trust(iam: Any, role: str) -> Mapping[str, Any] | None:
    try:
        document: Mapping[str, Any] = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return None
        raise
    return document


def _trusted(role_arn: str, document: Mapping[str, Any]) -> bool:
    account = role_arn.split(":")[4]
    caller = Principal(_SERVICE, "", PrincipalKind.SERVICE)
    # ECS says for which account it asks; a condition on that is good practice.
    request = Request(caller, "sts:AssumeRole", role_arn, {"aws:SourceAccount": account}, account)
    return evaluate_trust(request, parse_policy(document, PolicyKind.TRUST, "trust")).allowed


def _others(document: Mapping[str, Any]) -> Iterator[str]:
    """Whom a trust policy names beside the service of ECS."""
    for statement in PolicyDocument("trust", document).statements:
        named = statement.get("Principal", {})
        for each in named.values() if isinstance(named, Mapping) else [named]:
            yield from (name for name in ([each] if isinstance(each, str) else each) if name != _SERVICE)


def definition(subject: ServiceSubject) -> Verdict | None:
    """For ARM64, with both roles, the secret by reference, and the log."""
    bench, found = subject.bench, subject.definition
    if found is None:
        return subject.say("service.no_definition", family=resources.service(bench))
    where = f"{found['family']}:{found['revision']}"
    cpu = (found.get("runtimePlatform") or {}).get("cpuArchitecture") or "none, so X86_64"
    if cpu != "ARM64":
        return subject.say("service.not_arm64", definition=where, cpu=cpu)
    execution, task = (str(found.get(key) or "") for key in ("executionRoleArn", "taskRoleArn"))
    if execution and execution == task:
        return subject.say("service.same_role", definition=where, role=execution.rsplit("/", 1)[-1])
    wanted = (("executionRoleArn", resources.execution_role(bench)), ("taskRoleArn", resources.task_role(bench)))
    for key, role in wanted:
        if str(found.get(key) or "") != bench.target.role_arn(role):
            return subject.say(
                "service.other_role", definition=where, key=key, role=role, found=found.get(key) or "none"
            )
    return _secret_reference(subject, where) or _log(subject, where)


def _secret_reference(subject: ServiceSubject, where: str) -> Verdict | None:
    bench, container = subject.bench, subject.container()
    plain = _plain_secret(subject)
    if plain is not None:
        name, kind = plain
        return subject.say("service.secret_in_environment", definition=where, variable=name, kind=kind)
    sources = {each["name"]: each["valueFrom"] for each in container.get("secrets", ())}
    found = sources.get("APP_SECRET", "")
    if found not in (resources.parameter(bench), resources.parameter_arn(bench)):
        return subject.say(
            "service.no_secret_reference", definition=where, name=resources.parameter(bench), found=found or "none"
        )
    return None


def _plain_secret(subject: ServiceSubject) -> tuple[str, str] | None:
    """The first variable of any container that holds a secret in plain text, and what it holds; not its value."""
    known = app_secret(subject.bench)
    for container in (subject.definition or {}).get("containerDefinitions", ()):
        for each in container.get("environment", ()):
            name, value = str(each.get("name", "")), str(each.get("value", ""))
            # The lab's own name is taken at its word, whatever stands there.
            kind = "the app's secret" if name == "APP_SECRET" else secret_in(name, value, known)
            if kind:
                return name, kind
    return None


def _log(subject: ServiceSubject, where: str) -> Verdict | None:
    log = subject.container().get("logConfiguration") or {}
    group = (log.get("options") or {}).get("awslogs-group", "")
    if log.get("logDriver") != "awslogs" or group != resources.log_group(subject.bench):
        found = group or log.get("logDriver") or "none"
        return subject.say("service.no_log", definition=where, group=resources.log_group(subject.bench), found=found)
    return None
