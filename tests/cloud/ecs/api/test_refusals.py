"""Each refusal of the ECS API that the catalogue names this test for, asked for by the call that brings it."""

import pytest

from labs.aws_texts import texts
from tests.cloud.lab_cloud import refused

SERVICE = {"serviceName": "refused", "taskDefinition": "{definition}", "launchType": "FARGATE"}
# id, values of the text, operation, what is asked; {cluster}, {definition} and {absent} are the file's own.
ROWS = [
    ("cluster.name", {}, "create_cluster", {"clusterName": "no spaces"}),
    ("cluster.has_services", {}, "delete_cluster", {"cluster": "{cluster}"}),
    ("definition.not_described", {}, "describe_task_definition", {"taskDefinition": "never:1"}),
    ("definition.family", {}, "register_task_definition", {"family": "no spaces", "containerDefinitions": []}),
    ("definition.no_revision", {}, "deregister_task_definition", {"taskDefinition": "hello"}),
    ("definition.does_not_exist", {}, "deregister_task_definition", {"taskDefinition": "never:1"}),
    ("tags.no_resource", {"arn": "{absent}"}, "list_tags_for_resource", {"resourceArn": "{absent}"}),
    ("tags.too_many", {"most": 50}, "create_cluster", {"tags": [{"key": str(n), "value": ""} for n in range(51)]}),
    ("tags.malformed", {"key": "aws:a"}, "create_cluster", {"tags": [{"key": "aws:a", "value": ""}]}),
    ("task.not_found", {}, "stop_task", {"cluster": "{cluster}", "task": "never"}),
    ("task.none_asked", {}, "describe_tasks", {"cluster": "{cluster}", "tasks": []}),
    ("task.too_many_asked", {}, "describe_tasks", {"cluster": "{cluster}", "tasks": [str(n) for n in range(101)]}),
    (
        "task.launch_and_strategy",
        {},
        "run_task",
        {
            "cluster": "{cluster}",
            "taskDefinition": "{definition}",
            "launchType": "FARGATE",
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}],
        },
    ),
    (
        "task.capacity_provider",
        {"name": "never"},
        "run_task",
        {
            "cluster": "{cluster}",
            "taskDefinition": "{definition}",
            "capacityProviderStrategy": [{"capacityProvider": "never"}],
        },
    ),
    ("scheduler.name", {}, "create_service", {**SERVICE, "serviceName": "no spaces"}),
    ("scheduler.count", {}, "create_service", {**SERVICE, "desiredCount": 5001}),
    ("scheduler.not_found", {}, "delete_service", {"service": "never"}),
    ("scheduler.none_asked", {}, "describe_services", {"services": []}),
    ("scheduler.too_many_asked", {}, "describe_services", {"services": [str(n) for n in range(11)]}),
    ("scheduler.controller", {}, "create_service", {**SERVICE, "deploymentController": {"type": "CODE_DEPLOY"}}),
    (
        "scheduler.not_served",
        {},
        "create_service",
        {**SERVICE, "serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:us-east-1:0:service/a"}]},
    ),
    (
        "scheduler.percents",
        {},
        "create_service",
        {**SERVICE, "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}},
    ),
]


@pytest.fixture(scope="module")
def kept(lab, vpc, definition):
    """A service, so that its cluster cannot be deleted."""
    given = {"cluster": lab.name, "serviceName": "kept", "taskDefinition": definition, "launchType": "FARGATE"}
    lab.ecs.create_service(**given, networkConfiguration=vpc.configuration, desiredCount=0)
    yield vpc
    lab.ecs.delete_service(cluster=lab.name, service="kept")


@pytest.mark.parametrize(("id", "values", "operation", "asked"), ROWS, ids=[row[0] for row in ROWS])
def test_ecs_refuses_in_the_words_of_the_catalogue(lab, kept, definition, id, values, operation, asked):
    absent = definition.replace("hello", "never")
    names = {"{cluster}": lab.name, "{definition}": definition, "{absent}": absent}
    if operation.endswith(("_service", "_services")):
        asked = {"cluster": lab.name, **asked}
    if operation == "create_service":
        asked = {**asked, "networkConfiguration": kept.configuration}
    given = {key: names.get(value, value) if isinstance(value, str) else value for key, value in asked.items()}
    text = texts("ecs_errors")[id]
    words = text.say(**{key: names.get(value, value) for key, value in values.items()})
    assert refused(getattr(lab.ecs, operation), **given) == (text.code, words, text.status)
