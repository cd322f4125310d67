"""The API's records and refusals: clusters, task definitions, validation, tags, authorisation."""

import json
import re

import pytest

from tests.cloud.lab_cloud import allow, refused


@pytest.fixture
def valid(lab):
    """The parameters of a task definition that AWS takes."""
    return {
        "family": f"{lab.name}-valid",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": lab.role,
        "containerDefinitions": [{"name": "app", "image": f"{lab.registry}/{lab.name}/app:v1"}],
    }


def test_every_field_is_kept_and_echoed_and_defaults_are_filled_in(lab, valid):
    given = {
        "entryPoint": ["python"],
        "command": ["-V"],
        "environment": [{"name": "A", "value": "1"}],
        "portMappings": [{"containerPort": 8080}],
        "healthCheck": {"command": ["CMD", "true"]},
        "stopTimeout": 5,
        "ulimits": [{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
        "dockerLabels": {"a": "b"},
    }
    valid["containerDefinitions"][0] |= given
    valid |= {"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}, "volumes": []}
    made = lab.ecs.register_task_definition(**valid, tags=[{"key": "k", "value": "v"}])
    assert made["tags"] == [{"key": "k", "value": "v"}]
    shown = lab.ecs.describe_task_definition(
        taskDefinition=made["taskDefinition"]["taskDefinitionArn"], include=["TAGS"]
    )
    assert shown["tags"] == made["tags"]
    found = shown["taskDefinition"]
    container = found["containerDefinitions"][0]
    assert {key: container[key] for key in given if key not in ("portMappings", "healthCheck")} == {
        key: value for key, value in given.items() if key not in ("portMappings", "healthCheck")
    }
    assert container["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    assert container["healthCheck"] == {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}
    assert (container["essential"], container["cpu"]) == (True, 0)
    assert found["compatibilities"] == ["EC2", "FARGATE"]
    assert found["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert found["registeredBy"].endswith(":user/lab-admin")


def test_revisions_count_up_and_a_deregistered_one_is_not_run(lab, vpc, valid):
    valid["family"] = f"{lab.name}-counted"
    first, second = (lab.ecs.register_task_definition(**valid)["taskDefinition"] for _ in range(2))
    assert (first["revision"], second["revision"]) == (1, 2)
    newest = lab.ecs.describe_task_definition(taskDefinition=valid["family"])["taskDefinition"]
    assert newest["revision"] == 2
    gone = lab.ecs.deregister_task_definition(taskDefinition=second["taskDefinitionArn"])["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert lab.ecs.describe_task_definition(taskDefinition=valid["family"])["taskDefinition"]["revision"] == 1
    code, message, _ = refused(
        lab.ecs.run_task,
        cluster=lab.name,
        taskDefinition=second["taskDefinitionArn"],
        launchType="FARGATE",
        networkConfiguration=vpc.configuration,
    )
    assert (code, message) == ("ClientException", "TaskDefinition is inactive")
    listed = lab.ecs.list_task_definitions(familyPrefix=valid["family"])["taskDefinitionArns"]
    assert listed == [first["taskDefinitionArn"]]
    assert valid["family"] in lab.ecs.list_task_definition_families(familyPrefix=valid["family"])["families"]
    deleted = lab.ecs.delete_task_definitions(taskDefinitions=[second["taskDefinitionArn"]])
    assert [each["status"] for each in deleted["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]
    # A number is never given twice.
    assert lab.ecs.register_task_definition(**valid)["taskDefinition"]["revision"] == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cpu": "256", "memory": "4096"}, "No Fargate configuration exists for given values: 256 CPU, 4096 memory"),
        ({"networkMode": "bridge"}, "Fargate only supports network mode ‘awsvpc’."),
        ({"memory": None}, "Fargate requires that 'memory' be defined at the task level."),
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        (
            {"executionRoleArn": None},
            "Fargate requires task definition to have execution role ARN",
        ),
    ],
)
def test_registering_is_refused_in_awss_words(lab, valid, change, message):
    given = {key: value for key, value in {**valid, **change}.items() if value is not None}
    code, said, status = refused(lab.ecs.register_task_definition, **given)
    assert (code, status) == ("ClientException", 400)
    assert said.startswith(message)


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"networkConfiguration": None}, "InvalidParameterException", "Network Configuration must be provided"),
        ({"taskDefinition": "never:1"}, "ClientException", "TaskDefinition not found."),
        ({"cluster": "never"}, "ClusterNotFoundException", "Cluster not found."),
        ({"launchType": "EC2"}, "InvalidParameterException", "The local AWS runs tasks on Fargate only"),
        ({"launchType": None}, "InvalidParameterException", "No Container Instances were found in your cluster."),
        ({"count": 11}, "InvalidParameterException", "count must be from 1 to 10"),
        ({"platformVersion": "9.9"}, "PlatformUnknownException", ""),
        (
            {"overrides": {"containerOverrides": [{"name": "other"}]}},
            "InvalidParameterException",
            "Override for container named other is not a container in the TaskDefinition.",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-00000000000000000"]}}},
            "InvalidParameterException",
            "Error retrieving subnet information for [subnet-00000000000000000]: The subnet ID",
        ),
    ],
)
def test_running_is_refused_in_awss_words(lab, vpc, definition, change, code, message):
    given = {
        "cluster": lab.name,
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": vpc.configuration,
        **change,
    }
    found = refused(lab.ecs.run_task, **{key: value for key, value in given.items() if value is not None})
    assert found[0] == code
    assert found[1].startswith(message)


def test_a_role_that_ecs_may_not_assume_is_refused(lab, vpc, valid):
    nobody = lab.iam.create_role(
        RoleName=f"{lab.name}-nobody",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        ),
    )["Role"]["Arn"]
    valid["executionRoleArn"] = nobody
    arn = lab.ecs.register_task_definition(**valid)["taskDefinition"]["taskDefinitionArn"]
    code, message, _ = refused(
        lab.ecs.run_task,
        cluster=lab.name,
        taskDefinition=arn,
        launchType="FARGATE",
        networkConfiguration=vpc.configuration,
    )
    assert code == "ClientException"
    assert message.startswith(f"ECS was unable to assume the role '{nobody}' that was provided for this task.")


def test_a_caller_without_passrole_may_not_run_a_task(lab, vpc, definition):
    keys = lab.cloud.user(f"{lab.name}-runner", allow("ecs:RunTask"))
    code, message, _ = refused(
        lab.cloud.client("ecs", keys).run_task,
        cluster=lab.name,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration=vpc.configuration,
    )
    assert code == "AccessDeniedException"
    assert f"is not authorized to perform: iam:PassRole on resource: {lab.role}" in message


def test_services_are_checked_too(lab, vpc, definition):
    given = {
        "cluster": lab.name,
        "serviceName": "checked",
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": vpc.configuration,
        "desiredCount": 0,
    }
    code, message, _ = refused(lab.ecs.create_service, **{**given, "schedulingStrategy": "DAEMON"})
    assert (code, "DAEMON" in message) == ("InvalidParameterException", True)
    lab.ecs.create_service(**given)
    assert refused(lab.ecs.create_service, **given)[1] == "Creation of service was not idempotent."
    assert refused(lab.ecs.update_service, cluster=lab.name, service="never")[0] == "ServiceNotFoundException"
    code, message, _ = refused(lab.ecs.delete_cluster, cluster=lab.name)
    assert code == "ClusterContainsServicesException"
    lab.ecs.delete_service(cluster=lab.name, service="checked")


def test_a_cluster_is_made_once_described_and_deleted(lab):
    made = lab.ecs.create_cluster(clusterName=f"{lab.name}-more", tags=[{"key": "a", "value": "b"}])["cluster"]
    again = lab.ecs.create_cluster(clusterName=f"{lab.name}-more")["cluster"]
    assert again["clusterArn"] == made["clusterArn"]
    assert made["clusterArn"] in lab.ecs.list_clusters()["clusterArns"]
    found = lab.ecs.describe_clusters(clusters=[f"{lab.name}-more", "never"], include=["TAGS"])
    assert found["clusters"][0]["tags"] == [{"key": "a", "value": "b"}]
    assert found["failures"][0]["reason"] == "MISSING"
    assert lab.ecs.delete_cluster(cluster=f"{lab.name}-more")["cluster"]["status"] == "INACTIVE"
    assert made["clusterArn"] not in lab.ecs.list_clusters()["clusterArns"]


def test_tags_come_and_go(lab, definition):
    lab.ecs.tag_resource(resourceArn=definition, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    lab.ecs.untag_resource(resourceArn=definition, tagKeys=["a"])
    assert lab.ecs.list_tags_for_resource(resourceArn=definition)["tags"] == [{"key": "b", "value": "2"}]


def test_lists_have_pages(lab, valid):
    valid["family"] = f"{lab.name}-paged"
    made = [lab.ecs.register_task_definition(**valid)["taskDefinition"]["taskDefinitionArn"] for _ in range(5)]
    pages = lab.ecs.get_paginator("list_task_definitions").paginate(
        familyPrefix=valid["family"], PaginationConfig={"PageSize": 2}
    )
    assert [arn for page in pages for arn in page["taskDefinitionArns"]] == made


@pytest.mark.parametrize("operation", ["start_task", "execute_command"])
def test_what_is_not_served_is_refused_clearly(lab, operation):
    given = {
        "start_task": {"taskDefinition": "a", "containerInstances": ["i"]},
        "execute_command": {"task": "t", "command": "sh", "interactive": True},
    }[operation]
    code, message, status = refused(getattr(lab.ecs, operation), cluster=lab.name, **given)
    assert (code, status) == ("UnsupportedFeatureException", 400)
    assert re.fullmatch(r"The local AWS does not serve ecs:\w+: .+ \(simulated wording\)", message)


@pytest.mark.parametrize("body", [{"clusters": "one"}, {"clusters": [{"a": 1}]}, {"include": {"a": []}}])
def test_a_wrong_type_is_an_answer_and_not_a_fault(lab, body):
    headers = {
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeClusters",
        "Content-Type": "application/x-amz-json-1.1",
    }
    status, _, answer = lab.cloud.signed("ecs", "POST", "/", json.dumps(body).encode(), headers)
    assert (status, json.loads(answer)["__type"]) == (400, "SerializationException")
