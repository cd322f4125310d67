"""The stand-ins for ECS: what they register and deploy, and how a rollback is seen."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from labs.workflow.stand_ins import deploy, render
from labs.workflow.stand_ins.step import StepFailed

pytestmark = pytest.mark.unit

DEFINITION = {
    "family": "app",
    "taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/app:3",
    "revision": 3,
    "status": "ACTIVE",
    "containerDefinitions": [{"name": "app", "image": "old", "environment": [{"name": "A", "value": ""}], "links": []}],
    "volumes": [],
}
IMAGE = "r/app@sha256:" + "b" * 64


class FakeEcs:
    """A service whose states are told one by one; the last stays."""

    def __init__(self, states=(), refuses=""):
        self.states, self.refuses, self.calls = list(states), refuses, []

    def _refuse(self, name):
        if self.refuses == name:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"not allowed: {name}"}}, name)

    def describe_task_definition(self, **given):
        self.calls.append(("describe_task_definition", given))
        self._refuse("describe")
        return {"taskDefinition": json.loads(json.dumps(DEFINITION)), "tags": [{"key": "a", "value": "b"}]}

    def register_task_definition(self, **given):
        self.calls.append(("register_task_definition", given))
        self._refuse("register")
        return {"taskDefinition": {"taskDefinitionArn": "arn:new"}}

    def update_service(self, **given):
        self.calls.append(("update_service", given))
        self._refuse("update")
        return {"service": {"deployments": [{"id": "new", "status": "PRIMARY"}, {"id": "old", "status": "ACTIVE"}]}}

    def describe_services(self, **given):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return state if "services" in state or "failures" in state else {"services": [state], "failures": []}


def service(*deployments, running=1, status="ACTIVE", **more):
    return {"status": status, "deployments": list(deployments), "runningCount": running, "desiredCount": 1, **more}


OLD = {"id": "old", "status": "PRIMARY", "rolloutState": "COMPLETED"}
NEW = {"id": "new", "status": "PRIMARY", "rolloutState": "IN_PROGRESS"}
DONE = NEW | {"rolloutState": "COMPLETED"}
FAILED = NEW | {"rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(deploy.time, "sleep", lambda _: None)


def deployed(step, tmp_path, ecs, **inputs):
    (tmp_path / "td.json").write_text(json.dumps(DEFINITION))
    given = {"task_definition": "td.json", "service": "s", "cluster": "c", "wait_for_service_stability": "true"}
    made = step(env={"AWS_REGION": "us-east-1"}, **{**given, **inputs})
    made.clients["ecs"] = ecs
    deploy.run(made)
    return made


def test_a_definition_of_ecs_is_rendered_with_the_image_and_without_what_cannot_be_registered(step):
    made = step(task_definition_family="app", task_definition_revision="3", container_name="app", image=IMAGE)
    ecs = made.clients["ecs"] = FakeEcs()
    render.run(made)
    assert ecs.calls == [("describe_task_definition", {"taskDefinition": "app:3", "include": ["TAGS"]})]
    found = json.loads(Path(made.outputs["task-definition"]).read_text())
    assert found["containerDefinitions"][0]["image"] == IMAGE
    assert found["tags"] == [{"key": "a", "value": "b"}]
    assert not {"taskDefinitionArn", "revision", "status"} & set(found)


def test_a_file_is_rendered_with_variables_secrets_and_log_options(step, tmp_path):
    (tmp_path / "td.json").write_text(json.dumps(DEFINITION))
    made = step(
        task_definition="td.json",
        container_name="app",
        image=IMAGE,
        environment_variables="A=1\nB=x=y",
        secrets="S=arn:aws:ssm:x",
        log_configuration_log_driver="awslogs",
        log_configuration_options="awslogs-group=g",
        docker_labels="l=m",
        command="python app.py",
    )
    made.clients["ecs"] = FakeEcs()
    render.run(made)
    (found,) = json.loads(Path(made.outputs["task-definition"]).read_text())["containerDefinitions"]
    assert found["environment"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "x=y"}]
    assert found["secrets"] == [{"name": "S", "valueFrom": "arn:aws:ssm:x"}]
    assert found["logConfiguration"] == {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}
    assert (found["dockerLabels"], found["command"]) == ({"l": "m"}, ["python", "app.py"])


RENDERED_WRONG = {
    (("task-definition", "no.json"),): "Task definition file does not exist: no.json",
    (): "Either task definition, task definition arn or task definition family must be provided",
    (("task-definition-revision", "3"),): "You can't fetch task definition with just revision",
    (
        ("task-definition-family", "app"),
        ("container-name", "other"),
    ): "Could not find container definition with matching",
    (("task-definition-family", "app"), ("environment-variables", "x")): "Cannot parse the environment variable 'x'",
    (("task-definition-family", "app"), ("task-role-arn", "role")): "Invalid ARN format for task-role-arn",
    (("task-definition-family", "app"), ("image", "")): "Input required and not supplied: image",
}


@pytest.mark.parametrize(("inputs", "words"), RENDERED_WRONG.items(), ids=RENDERED_WRONG.values())
def test_what_cannot_be_rendered_is_said_in_the_actions_words(step, inputs, words):
    made = step()
    made.inputs = {"container-name": "app", "image": IMAGE, **dict(inputs)}
    made.clients["ecs"] = FakeEcs()
    with pytest.raises(StepFailed, match=words):
        render.run(made)


def test_a_definition_that_may_not_be_read_is_said_twice_as_the_real_one_does(step):
    made = step(task_definition_family="app", container_name="app", image=IMAGE)
    made.clients["ecs"] = FakeEcs(refuses="describe")
    with pytest.raises(StepFailed, match=r"^not allowed: describe$"):
        render.run(made)
    assert "::error::Failed to describe task definition in ECS: not allowed: describe" in made.said


def test_a_deployment_that_settles_is_verified(step, tmp_path):
    ecs = FakeEcs([service(OLD), service(NEW, OLD | {"status": "ACTIVE"}), service(DONE)])
    made = deployed(step, tmp_path, ecs)
    assert made.outputs == {"task-definition-arn": "arn:new"}
    registered = dict(ecs.calls)["register_task_definition"]
    assert registered["containerDefinitions"] == [
        {"name": "app", "image": "old", "environment": [{"name": "A", "value": ""}]}
    ]
    assert not {"volumes", "revision", "status", "taskDefinitionArn"} & set(registered)
    assert dict(ecs.calls)["update_service"]["taskDefinition"] == "arn:new"
    assert made.said[-1] == "Deployment new verified: rolloutState=COMPLETED"
    assert sum("Ignoring property" in line for line in made.said) == 3


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (
            [service(OLD), service(NEW, OLD), service(OLD)],
            "Deployment new not found after stabilization. The deployment",
        ),
        ([service(OLD), service(FAILED)], "Deployment new FAILED: tasks failed to start"),
        ([{"failures": [{"arn": "arn:s", "reason": "MISSING"}]}], "arn:s is MISSING"),
        ([service(OLD, status="INACTIVE")], "Service is INACTIVE"),
        ([service(OLD, deploymentController={"type": "EXTERNAL"})], "Unsupported deployment controller: EXTERNAL"),
        ([service(OLD, deploymentController={"type": "CODE_DEPLOY"})], "does not deploy with CodeDeploy"),
        ([service(OLD), service(NEW, status="DRAINING")], '"reason":"DRAINING"'),
    ],
)
def test_a_deployment_that_does_not_come_through_fails_the_step(step, tmp_path, states, words):
    with pytest.raises(StepFailed, match=words.replace("(", r"\(").replace(".", r"\.")):
        deployed(step, tmp_path, FakeEcs(states))


def test_a_service_that_never_settles_is_a_timeout(step, tmp_path, monkeypatch):
    clock = iter(range(0, 100_000, 50))
    monkeypatch.setattr(deploy.time, "monotonic", lambda: next(clock))
    with pytest.raises(StepFailed, match="Waiter has timed out"):
        deployed(step, tmp_path, FakeEcs([service(OLD), service(NEW, OLD)]), wait_for_minutes="1")


def test_without_waiting_or_a_service_it_ends_earlier(step, tmp_path):
    ecs = FakeEcs([service(OLD)])
    made = deployed(step, tmp_path, ecs, wait_for_service_stability="", force_new_deployment="true", desired_count="2")
    assert dict(ecs.calls)["update_service"]["desiredCount"] == 2
    assert dict(ecs.calls)["update_service"]["forceNewDeployment"] is True
    assert "Deployment started." in made.said[-1]
    only = FakeEcs()
    deployed(step, tmp_path, only, service="")
    assert [name for name, _ in only.calls] == ["register_task_definition"]


def test_a_role_that_may_not_be_passed_ends_in_awss_words(step, tmp_path):
    with pytest.raises(StepFailed, match=r"^not allowed: register$"):
        deployed(step, tmp_path, FakeEcs(refuses="register"))
    with pytest.raises(StepFailed, match=r"^not allowed: update$"):
        deployed(step, tmp_path, FakeEcs([service(OLD)], refuses="update"))
