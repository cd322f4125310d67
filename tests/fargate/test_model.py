"""Reading a task: from the definition as registered, the network configuration and the overrides."""

import pytest

from labs import oci
from labs.fargate.image import ImageRef, RegistryKind
from labs.fargate.task import HealthCheck, Placement, RuntimePlatform, Secret, TaskSpec, number

ACCOUNT, REGION = "111122223333", "us-east-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "kind", "host", "repository", "reference"),
    [
        (f"{HOST}/fargate-lab/app:1", RegistryKind.ECR, HOST, "fargate-lab/app", "1"),
        (f"{HOST}/app", RegistryKind.ECR, HOST, "app", "latest"),
        (f"{HOST}/app@sha256:{'0' * 64}", RegistryKind.ECR, HOST, "app", f"sha256:{'0' * 64}"),
        (f"{HOST}/app:1@sha256:{'0' * 64}", RegistryKind.ECR, HOST, "app", f"sha256:{'0' * 64}"),
        ("127.0.0.1:5001/fargate-lab/app:1", RegistryKind.ECR, HOST, "fargate-lab/app", "1"),
        ("127.0.0.1:5001/public.ecr.aws/x/y:2", RegistryKind.ECR_PUBLIC, "public.ecr.aws", "x/y", "2"),
        ("public.ecr.aws/docker/library/python:3.13-slim", RegistryKind.ECR_PUBLIC, "public.ecr.aws",
         "docker/library/python", "3.13-slim"),
        ("nginx", RegistryKind.OTHER, "registry-1.docker.io", "library/nginx", "latest"),
        ("grafana/grafana:11", RegistryKind.OTHER, "registry-1.docker.io", "grafana/grafana", "11"),
        ("localhost/x:1", RegistryKind.OTHER, "localhost", "x", "1"),
    ],
)  # fmt: skip
def test_an_image_name_says_which_registry_answers(text, kind, host, repository, reference):
    image = ImageRef.parse(text, ACCOUNT, REGION, "127.0.0.1:5001")
    assert (image.kind, image.host, image.repository, image.reference) == (kind, host, repository, reference)
    assert image.text == text


def test_an_image_in_another_account_keeps_its_owner():
    image = ImageRef.parse("444455556666.dkr.ecr.eu-west-1.amazonaws.com/app:1", ACCOUNT, REGION)
    assert image.arn == "arn:aws:ecr:eu-west-1:444455556666:repository/app"


@pytest.mark.parametrize(
    ("value", "service", "name", "arn", "key"),
    [
        ("/lab/greeting", "ssm", "/lab/greeting", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lab/greeting", ""),
        ("greeting", "ssm", "greeting", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/greeting", ""),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/greeting", "ssm", "greeting",
         f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/greeting", ""),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lab/greeting", "ssm", "/lab/greeting",
         f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lab/greeting", ""),
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf", "secretsmanager",
         f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf",
         f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf", ""),
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf:password::", "secretsmanager",
         f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf",
         f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf", "password"),
    ],
)  # fmt: skip
def test_a_secret_says_who_keeps_it(value, service, name, arn, key):
    secret = Secret.of({"name": "X", "valueFrom": value}, ACCOUNT, REGION)
    assert (secret.service, secret.name, secret.arn, secret.json_key) == (service, name, arn, key)


def test_a_secret_of_another_region_is_read_there():
    arn = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-AbCdEf::AWSPREVIOUS:"
    secret = Secret.of({"name": "X", "valueFrom": arn}, ACCOUNT, REGION)
    assert (secret.region, secret.version_stage) == ("eu-west-1", "AWSPREVIOUS")


@pytest.mark.parametrize(
    ("given", "units"),
    [(256, 256), ("256", 256), (".25 vCPU", 256), ("1 vcpu", 1024), ("1GB", 1024), ("0.5 GB", 512), ("", 0), (None, 0),
     ("much", 0), ("1e999", 0)],
)  # fmt: skip
def test_sizes_are_read_as_aws_writes_them(given, units):
    assert number(given) == units


def test_a_task_is_read_from_what_the_api_answers():
    definition = {
        "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/app:3",
        "family": "app",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/team/execution",
        "runtimePlatform": {"cpuArchitecture": "ARM64"},
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            {"name": "app", "image": "x", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "side", "image": "y", "essential": False, "healthCheck": {"command": ["CMD", "true"]}},
        ],
    }
    overrides = {
        "memory": "1024",
        "containerOverrides": [{"name": "app", "environment": [{"name": "A", "value": "9"}]}],
    }
    network = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "assignPublicIp": "ENABLED"}}
    task = TaskSpec.of(definition, network, overrides, task_id="0123")
    assert (task.account, task.region, task.memory, task.platform_version) == (ACCOUNT, REGION, 1024, "1.4.0")
    assert task.placement == Placement(("subnet-a",), (), True)
    assert task.containers[0].environment == {"A": "9", "B": "2"}
    assert [container.essential for container in task.containers] == [True, False]
    assert task.containers[1].health_check == HealthCheck(("CMD", "true"))
    assert task.session.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/execution/0123"
    assert task.session.identity_arn == f"arn:aws:iam::{ACCOUNT}:role/team/execution"


def test_a_cpu_architecture_is_a_platform():
    assert RuntimePlatform().platform == oci.Platform("linux", "amd64")
    assert RuntimePlatform("ARM64").platform == oci.Platform("linux", "arm64")
    assert RuntimePlatform("ARM64").as_fargate_says == "linux/arm64 v8"


def test_a_network_configuration_may_come_without_its_wrapper():
    assert Placement.of({"subnets": ["subnet-a"], "securityGroups": ["sg-1"]}).groups == ("sg-1",)
    assert Placement.of(None).subnet == ""


DIGEST = "sha256:" + "d" * 64


@pytest.mark.parametrize(
    ("container", "image"),
    [
        ({"image": f"{HOST}/app:1"}, f"{HOST}/app:1@{DIGEST}"),
        ({"image": f"{HOST}/app"}, f"{HOST}/app@{DIGEST}"),
        ({"image": f"{HOST}/app:1", "versionConsistency": "enabled"}, f"{HOST}/app:1@{DIGEST}"),
        ({"image": f"{HOST}/app:1", "versionConsistency": "disabled"}, f"{HOST}/app:1"),
        ({"image": f"{HOST}/app@sha256:{'0' * 64}"}, f"{HOST}/app@sha256:{'0' * 64}"),
        ({"image": f"{HOST}/app:1", "name": "other"}, f"{HOST}/app:1"),
    ],
    ids=["a tag", "no tag", "enabled", "disabled", "a digest of its own", "a container it does not know"],
)  # fmt: skip
def test_a_deployments_digest_takes_the_place_of_a_tag(container, image):
    definition = {"containerDefinitions": [{"name": "app", **container}]}
    task = TaskSpec.of(definition, {}, account=ACCOUNT, region=REGION).pinned({"app": DIGEST})
    assert task.containers[0].image.text == image
    assert task.containers[0].image.reference == (image.partition("@")[2] or "1")
