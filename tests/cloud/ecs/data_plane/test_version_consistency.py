"""A tag is looked up once a deployment: what is pushed, or deleted, under it afterwards changes nothing, or much."""

import pytest

from labs.account.survey import Where, look
from tests.cloud.ecs.lab_ecs import HELLO, until

# Another program, so that the tag names another digest.
OTHER = HELLO.replace("hello", "good evening")


@pytest.fixture
def service(lab, vpc):
    """A service of one task whose image is the tag; removed at the end."""
    made = []

    def create(tag, **container):
        made.append(tag)
        definition = lab.register(lab.container(lab.image(tag), **container), family=tag)
        lab.service(tag, definition, vpc, desiredCount=1)
        return until(lambda: running(lab, tag))

    yield create
    for name in made:
        lab.ecs.delete_service(cluster=lab.name, service=name, force=True)
    for name in made:
        until(lambda name=name: lab.described(name)["status"] == "INACTIVE")


def tasks(lab, name, status):
    arns = lab.ecs.list_tasks(cluster=lab.name, serviceName=name, desiredStatus=status)["taskArns"]
    return lab.ecs.describe_tasks(cluster=lab.name, tasks=arns)["tasks"] if arns else []


def running(lab, name):
    """The service's one task once it runs."""
    return next((each for each in tasks(lab, name, "RUNNING") if each["lastStatus"] == "RUNNING"), None)


def digest_of(task):
    return task["containers"][0]["imageDigest"]


def replaced(lab, name, task):
    """The task is stopped; the one that runs in its place."""
    lab.ecs.stop_task(cluster=lab.name, task=task["taskArn"])
    return until(lambda: (now := running(lab, name)) and now["taskArn"] != task["taskArn"] and now)


def named(lab, tag):
    wanted = {"repositoryName": f"{lab.name}/app", "imageIds": [{"imageTag": tag}]}
    return lab.ecr.describe_images(**wanted)["imageDetails"][0]["imageDigest"]


def test_a_replaced_task_runs_the_digest_that_its_deployment_has_found(lab, service):
    first = service("kept")
    lab.image("kept", OTHER)
    assert named(lab, "kept") != digest_of(first)
    assert digest_of(replaced(lab, "kept", first)) == digest_of(first)


def test_with_version_consistency_disabled_it_runs_what_the_tag_names_then(lab, service):
    first = service("loose", versionConsistency="disabled")
    lab.image("loose", OTHER)
    assert digest_of(replaced(lab, "loose", first)) == named(lab, "loose") != digest_of(first)


def test_a_deleted_image_cannot_be_replaced_until_the_service_is_deployed_again(lab, service):
    first = service("gone")
    lab.image("gone", OTHER)
    lab.ecr.batch_delete_image(repositoryName=f"{lab.name}/app", imageIds=[{"imageDigest": digest_of(first)}])
    lab.ecs.stop_task(cluster=lab.name, task=first["taskArn"])
    reasons = lambda: [each.get("stoppedReason", "") for each in tasks(lab, "gone", "STOPPED")]  # noqa: E731
    said = until(lambda: next((each for each in reasons() if "CannotPull" in each), ""))
    name = f"{lab.registry}/{lab.name}/app:gone@{digest_of(first)}"
    assert said == (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {name}: {name}: not found"
    )
    clients = lambda service, region: lab.cloud.client(service)  # noqa: E731
    found = look(clients, Where(lab.cloud.account, lab.cloud.region, lab.name), "gone").diagnosis
    assert (found.first.text_id, found.explains) == ("manifest.deleted", True)
    assert "forceNewDeployment" in found.next_action
    lab.ecs.update_service(cluster=lab.name, service="gone", forceNewDeployment=True)
    assert digest_of(until(lambda: running(lab, "gone"))) == named(lab, "gone")
