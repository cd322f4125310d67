"""aws-actions/amazon-ecs-render-task-definition. Source: v1.9.0, ``index.js``."""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from labs.workflow.stand_ins.step import Step, StepFailed, words_of

# What DescribeTaskDefinition answers and RegisterTaskDefinition does not take.
IGNORED = (
    "compatibilities",
    "taskDefinitionArn",
    "requiresAttributes",
    "revision",
    "status",
    "registeredAt",
    "deregisteredAt",
    "registeredBy",
)
_DRIVERS = ("json-file", "syslog", "journald", "logentries", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens")
_ROLE = re.compile(r"arn:aws(-cn|-us-gov|-iso|-iso-b|-iso-e|-iso-f)?:iam::[0-9]{12}:role/.+")


def run(step: Step) -> None:
    """Write a task definition with another image; the output is the path of the new file."""
    names, image = step.get("container-name", required=True), step.get("image", required=True)
    definition = _definition(step)
    if not re.fullmatch(r"([^,]+,)*[^,]+", names):
        raise StepFailed("Invalid format for container name. Please use a single value or comma separated values")
    for name in names.split(","):
        containers = definition.get("containerDefinitions")
        if not isinstance(containers, list):
            raise StepFailed(
                "Invalid task definition format: containerDefinitions section is not present or is not an array"
            )
        container = next((each for each in containers if each.get("name") == name), None)
        if container is None:
            raise StepFailed("Invalid task definition: Could not find container definition with matching name")
        container["image"] = image
        _more(step, container)
    for name, key in (("task-role-arn", "taskRoleArn"), ("execution-role-arn", "executionRoleArn")):
        if role := step.get(name):
            if not _ROLE.fullmatch(role):
                raise StepFailed(
                    f"Invalid ARN format for {name}. Expected format: arn:aws:iam::<account-id>:role/<role-name>"
                )
            definition[key] = role
    clean = {key: value for key, value in definition.items() if key not in IGNORED}
    with tempfile.NamedTemporaryFile(
        "w", prefix="task-definition-", suffix=".json", dir=step.env.get("RUNNER_TEMP") or None, delete=False
    ) as out:
        json.dump(clean, out, indent=2, default=str)
    step.output("task-definition", out.name)


def _definition(step: Step) -> dict[str, Any]:
    file, arn = step.get("task-definition"), step.get("task-definition-arn")
    family, revision = step.get("task-definition-family"), step.number("task-definition-revision")
    if file:
        step.say("Task definition file will be used.")
        path = Path(step.env.get("GITHUB_WORKSPACE", ""), file)
        if not path.exists():
            raise StepFailed(f"Task definition file does not exist: {file}")
        try:
            found = json.loads(path.read_text())
        except ValueError as error:
            raise StepFailed(f"{path}: {error}") from error
        if not isinstance(found, dict):
            raise StepFailed(
                "Invalid task definition format: containerDefinitions section is not present or is not an array"
            )
        return found
    if arn:
        step.say("The task definition arn will be used to fetch task definition")
        name = arn
    elif family and revision:
        step.say("The specified revision of the task definition family will be used to fetch task definition")
        name = f"{family}:{revision}"
    elif family:
        step.say("The latest revision of the task definition family will be used to fetch task definition")
        name = family
    elif revision:
        raise StepFailed(
            "You can't fetch task definition with just revision: Either use task definition file, arn or family name"
        )
    else:
        raise StepFailed("Either task definition, task definition arn or task definition family must be provided")
    try:
        answer = step.client("ecs").describe_task_definition(taskDefinition=name, include=["TAGS"])
    except (ClientError, BotoCoreError) as error:
        step.error(f"Failed to describe task definition in ECS: {words_of(error)}")
        raise StepFailed(words_of(error)) from error
    return {**answer["taskDefinition"], **({"tags": answer["tags"]} if answer.get("tags") else {})}


def _more(step: Step, container: dict[str, Any]) -> None:
    """What else the inputs set in a container."""
    if command := step.get("command"):
        container["command"] = command.split(" ")
    if files := step.items("env-files", commas=False):
        container["environmentFiles"] = [{"value": each, "type": "s3"} for each in files]
    _pairs(step, container, "environment-variables", "environment", "value", _no_variable)
    _pairs(step, container, "secrets", "secrets", "valueFrom", _no_secret)
    if driver := step.get("log-configuration-log-driver"):
        if driver not in _DRIVERS:
            raise StepFailed(
                f"'{driver}' is invalid logConfigurationLogDriver. valid options are {','.join(_DRIVERS)}. "
                "More details: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html"
            )
        container.setdefault("logConfiguration", {})["logDriver"] = driver
    for name, place in (
        ("log-configuration-options", ("logConfiguration", "options")),
        ("docker-labels", ("dockerLabels",)),
    ):
        for line in step.items(name, commas=False):
            if "=" not in line:
                raise StepFailed(
                    f"Can't parse logConfiguration option {line}. Must be in key=value format, one per line"
                )
            at = container
            for each in place:
                at = at.setdefault(each, {})
            key, value = line.split("=")[:2]
            at[key] = value


def _pairs(
    step: Step, container: dict[str, Any], name: str, key: str, value_key: str, wrong: Callable[[str], str]
) -> None:
    for line in step.items(name, commas=False):
        if "=" not in line:
            raise StepFailed(wrong(line))
        left, _, right = line.partition("=")
        there = container.setdefault(key, [])
        found = next((each for each in there if each.get("name") == left), None)
        if found is None:
            there.append({"name": left, value_key: right})
        else:
            found[value_key] = right


def _no_variable(line: str) -> str:
    return f"Cannot parse the environment variable '{line}'. Environment variable pairs must be of the form NAME=value."


def _no_secret(line: str) -> str:
    return (
        f"Cannot parse the secret '{line}'. Secret pairs must be of the form NAME=valueFrom, where valueFrom is an arn "
        "from parameter store or secrets manager."
    )
