"""The gates of stage 05 about what a service needs: the secret, the log group, the task definition."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labs.stages.fargate import resources
from labs.stages.fargate.subject import ServiceSubject
from labs.subjects.image.secret_texts import secret_in
from labs.subjects.tasks import service_names
from labs.subjects.tasks.app_secret import app_secret
from labs.verdict import Verdict

_ARGUMENT = re.compile(r"-{0,2}([A-Za-z_][\w.-]*)=(.+)")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")


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


def definition(subject: ServiceSubject) -> Verdict | None:
    """For ARM64, with both roles, the secret by reference, and the log."""
    bench, found = subject.bench, subject.definition
    if found is None:
        return subject.say("service.no_definition", family=service_names.service(bench))
    where = f"{found['family']}:{found['revision']}"
    cpu = (found.get("runtimePlatform") or {}).get("cpuArchitecture") or "none, so X86_64"
    if cpu != "ARM64":
        return subject.say("service.not_arm64", definition=where, cpu=cpu)
    execution, task = (str(found.get(key) or "") for key in ("executionRoleArn", "taskRoleArn"))
    if execution and execution == task:
        return subject.say("service.same_role", definition=where, role=execution.rsplit("/", 1)[-1])
    wanted = (
        ("executionRoleArn", service_names.execution_role(bench)),
        ("taskRoleArn", service_names.task_role(bench)),
    )
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
        name, place, kind = plain
        return subject.say("service.secret_in_environment", definition=where, variable=name, place=place, kind=kind)
    sources = {each["name"]: each["valueFrom"] for each in container.get("secrets", ())}
    found = sources.get("APP_SECRET", "")
    if found not in (resources.parameter(bench), resources.parameter_arn(bench)):
        return subject.say(
            "service.no_secret_reference", definition=where, name=resources.parameter(bench), found=found or "none"
        )
    return None


def _plain_secret(subject: ServiceSubject) -> tuple[str, str, str] | None:
    """The first secret in plain text of any container: its name, its field, and what it is; not its value."""
    known = app_secret(subject.bench)
    for container in (subject.definition or {}).get("containerDefinitions", ()):
        for place, name, value in _plain_texts(container):
            # The lab's own name is taken at its word, whatever stands there.
            kind = "the app's secret" if name == "APP_SECRET" else secret_in(name, value, known)
            if kind:
                return name, place, kind
    return None


def _plain_texts(container: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What a container's definition holds in plain text: the field, a name, the text."""
    for each in container.get("environment", ()):
        yield "environment", str(each.get("name", "")), str(each.get("value", ""))
    options = (container.get("logConfiguration") or {}).get("options")
    for field, texts in (("dockerLabels", container.get("dockerLabels")), ("logConfiguration", options)):
        for name, value in (texts or {}).items():
            yield field, str(name), str(value)
    check = (container.get("healthCheck") or {}).get("command", ())
    commands = [(each, container.get(each, ())) for each in ("command", "entryPoint")]
    for field, words in (*commands, ("healthCheck", check)):
        yield from ((field, name, word) for name, word in _arguments(words or ()))


def _arguments(words: Sequence[object]) -> Iterator[tuple[str, str]]:
    """The words of a command with a name: NAME=text has its own, the word after an option has that one's."""
    option = ""
    for number, word in enumerate(map(str, words), start=1):
        named = _ARGUMENT.fullmatch(word)
        if named:
            yield named[1], named[2]
        else:
            yield option or f"word {number}", word
        option = word.lstrip("-") if _OPTION.fullmatch(word) else ""


def _log(subject: ServiceSubject, where: str) -> Verdict | None:
    log = subject.container().get("logConfiguration") or {}
    group = (log.get("options") or {}).get("awslogs-group", "")
    if log.get("logDriver") != "awslogs" or group != resources.log_group(subject.bench):
        found = group or log.get("logDriver") or "none"
        return subject.say("service.no_log", definition=where, group=resources.log_group(subject.bench), found=found)
    return None
