"""aws-actions/amazon-ecs-deploy-task-definition. Source: v2.6.3, ``index.js``; the SDK's ``waitForServicesStable``.

Differs: the service is asked every second, not every 15; tasks of its own (``run-task``), EBS volumes and CodeDeploy
are refused by name.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from labs.workflow.stand_ins.render import IGNORED
from labs.workflow.stand_ins.step import Step, StepFailed, words_of

_MOST_MINUTES, _MINUTES, _ASK_S = 360, 30, 1.0
_NOT_SERVED = ("service-managed-ebs-volume-name", "run-task-managed-ebs-volume-name")


def run(step: Step) -> None:
    """Register a task definition; with a service, deploy it there, and where asked wait for the outcome."""
    file = step.get("task-definition", required=True)
    step.refuse(*_NOT_SERVED)
    if step.get("run-task").lower() == "true":
        raise StepFailed("The kit's stand-in does not run a task of its own; set LAB_ACTIONS for the real action.")
    ecs = step.client("ecs")
    try:
        answer = ecs.register_task_definition(**_definition(step, file))
    except (ClientError, BotoCoreError) as error:
        step.error(f"Failed to register task definition in ECS: {words_of(error)}")
        raise StepFailed(words_of(error)) from error
    arn = str(answer["taskDefinition"]["taskDefinitionArn"])
    step.output("task-definition-arn", arn)
    if not step.get("service"):
        return
    try:
        _deploy(step, ecs, arn)
    except (ClientError, BotoCoreError) as error:
        raise StepFailed(words_of(error)) from error


def _definition(step: Step, file: str) -> dict[str, Any]:
    path = Path(step.env.get("GITHUB_WORKSPACE", ""), file)
    try:
        found = yaml.safe_load(path.read_text())
    except OSError as error:
        raise StepFailed(f"ENOENT: no such file or directory, open '{path}'") from error
    except yaml.YAMLError as error:
        raise StepFailed(str(error)) from error
    if not isinstance(found, dict):
        raise StepFailed(f"{file} is not a task definition")
    kept = {each.strip() for each in step.get("keep-null-value-keys").split(",") if each.strip()}
    clean: dict[str, Any] = _without_empty(found, kept)
    for name in IGNORED:
        if clean.pop(name, None):
            step.warn(
                f"Ignoring property '{name}' in the task definition file. This property is returned by the Amazon ECS "
                "DescribeTaskDefinition API and may be shown in the ECS console, but it is not a valid field when "
                "registering a new task definition. This field can be safely removed from your task definition file."
            )
    for container in clean.get("containerDefinitions", []):
        for variable in container.get("environment", []):
            variable.setdefault("value", "")
    return clean


def _empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_empty, value.values()))
    if isinstance(value, list):
        return all(map(_empty, value))
    return value is None or value == ""


def _without_empty(value: Any, kept: set[str]) -> Any:
    """Without empty texts, lists and objects, which a described definition is full of."""
    if isinstance(value, Mapping):
        return {key: _without_empty(each, kept) for key, each in value.items() if key in kept or not _empty(each)}
    if isinstance(value, list):
        return [_without_empty(each, kept) for each in value if not _empty(each)]
    return value


def _deploy(step: Step, ecs: Any, definition: str) -> None:
    cluster, name = step.get("cluster") or "default", step.get("service")
    described = ecs.describe_services(cluster=cluster, services=[name])
    if described.get("failures"):
        failure = described["failures"][0]
        raise StepFailed(f"{failure['arn']} is {failure['reason']}")
    service = described["services"][0]
    if service["status"] != "ACTIVE":
        raise StepFailed(f"Service is {service['status']}")
    controller = (service.get("deploymentController") or {}).get("type") or "ECS"
    if controller == "CODE_DEPLOY":
        raise StepFailed("The kit's stand-in does not deploy with CodeDeploy; set LAB_ACTIONS for the real action.")
    if controller != "ECS":
        raise StepFailed(f"Unsupported deployment controller: {controller}")
    wanted: dict[str, Any] = {
        "cluster": cluster,
        "service": name,
        "taskDefinition": definition,
        "forceNewDeployment": step.get("force-new-deployment").lower() == "true",
    }
    if step.get("desired-count")[:1].isdecimal():
        wanted["desiredCount"] = step.number("desired-count")
    if tags := step.get("enable-ecs-managed-tags"):
        wanted["enableECSManagedTags"] = tags.lower() == "true"
    if propagated := step.get("propagate-tags"):
        wanted["propagateTags"] = propagated
    before, after = _primary(service), _primary(ecs.update_service(**wanted)["service"])
    region = step.env.get("AWS_REGION") or step.env.get("AWS_DEFAULT_REGION", "")
    step.say(
        "Deployment started. Watch this deployment's progress in the Amazon ECS console: "
        f"https://{region}.console.aws.amazon.com/ecs/v2/clusters/{cluster}/services/{name}/deployments?region={region}"
    )
    if step.get("wait-for-service-stability").lower() == "true":
        _wait(step, ecs, cluster, name)
        if after and after != before:
            _verify(step, ecs, cluster, name, after)


def _primary(service: Mapping[str, Any]) -> str:
    found = next((each for each in service.get("deployments", []) if each["status"] == "PRIMARY"), None)
    return str(found["id"]) if found else ""


def _wait(step: Step, ecs: Any, cluster: str, name: str) -> None:
    """Until the service has one deployment, and of it as many tasks as it wants."""
    minutes = min(step.number("wait-for-minutes") or _MINUTES, _MOST_MINUTES)
    deadline = time.monotonic() + minutes * 60
    while True:
        answer = ecs.describe_services(cluster=cluster, services=[name])
        if any(each.get("reason") == "MISSING" for each in answer.get("failures", [])):
            raise StepFailed('{"state":"FAILURE","reason":"MISSING"}')
        service = answer["services"][0]
        if service["status"] in ("DRAINING", "INACTIVE"):
            raise StepFailed(f'{{"state":"FAILURE","reason":"{service["status"]}"}}')
        if len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]:
            return
        if time.monotonic() > deadline:
            raise StepFailed('{"state":"TIMEOUT","reason":"Waiter has timed out"}')
        time.sleep(_ASK_S)


def _verify(step: Step, ecs: Any, cluster: str, name: str, deployment: str) -> None:
    """A service is steady after a rollback, too: the new deployment must still be there."""
    service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    found = next((each for each in service.get("deployments", []) if each["id"] == deployment), None)
    if found is None:
        raise StepFailed(
            f"Deployment {deployment} not found after stabilization. The deployment was likely rolled back by the "
            "deployment circuit breaker."
        )
    if found.get("rolloutState") == "FAILED":
        raise StepFailed(f"Deployment {deployment} FAILED: {found.get('rolloutStateReason') or 'unknown reason'}")
    step.say(f"Deployment {deployment} verified: rolloutState={found.get('rolloutState') or 'N/A'}")
