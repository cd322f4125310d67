"""What RegisterTaskDefinition and RunTask refuse, and that each refusal's words come from the catalogue."""

import copy

import pytest

from labs import iam
from labs.fargate import validation
from labs.fargate.refusals import REFUSALS
from labs.fargate.texts import TEXTS

ROLE = "arn:aws:iam::111122223333:role/execution"
GOOD = {
    "family": "app",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": ROLE,
    "containerDefinitions": [
        {
            "name": "app",
            "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/fargate-lab/app:1",
            "essential": True,
            "portMappings": [{"containerPort": 8080}],
            "secrets": [{"name": "GREETING", "valueFrom": "/fargate-lab/greeting"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/fargate-lab",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "app",
                },
            },
        }
    ],
}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-1"]}}
SUBNETS = {"subnet-a": "vpc-1", "subnet-b": "vpc-1", "subnet-z": "vpc-2"}
GROUPS = {"sg-1": "vpc-1", "sg-z": "vpc-2"}


def changed(path, value, document=GOOD):
    """A copy with the value at a dotted path; None removes it."""
    document = copy.deepcopy(document)
    *way, last = path.split(".")
    at = document
    for key in way:
        at = at[int(key)] if isinstance(at, list) else at[key]
    if value is None:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return document


C = "containerDefinitions.0."
REGISTERED = [
    ("register.no_containers", "containerDefinitions", []),
    ("register.no_image", C + "image", ""),
    ("register.no_essential", C + "essential", False),
    ("register.network_mode", "networkMode", None),
    ("register.network_mode", "networkMode", "bridge"),
    ("register.no_cpu", "cpu", None),
    ("register.no_memory", "memory", None),
    ("register.bad_cpu", "cpu", "a lot"),
    ("register.bad_memory", "memory", "much"),
    ("register.size", "memory", "4096"),
    ("register.size", "cpu", "300"),
    ("register.container_memory", C + "memory", 1024),
    ("register.host_port", C + "portMappings", [{"containerPort": 8080, "hostPort": 80}]),
    ("register.secrets_role", "executionRoleArn", None),
    ("register.log_group", C + "logConfiguration", {"logDriver": "awslogs", "options": {}}),
    ("register.log_driver", C + "logConfiguration", {"logDriver": "json-file"}),
    ("register.image_characters", C + "image", "app:$TAG"),
    ("register.secret_name", C + "secrets", [{"name": "GREETING", "valueFrom": "my-secret:key::"}]),
]


@pytest.mark.parametrize(("id", "path", "value"), REGISTERED)
def test_a_definition_fargate_cannot_run_is_refused(id, path, value):
    refusal = validation.register(changed(path, value), "111122223333", "us-east-1")
    assert refusal is not None
    assert (refusal.text.id, refusal.code) == (id, "ClientException")


@pytest.mark.parametrize(
    "image",
    ["$IMAGE:1", "app:1 ", "app\x1b[2K", "app\r", "app\n", "a\u202eb", "a\u200bb", "ärger", "a b", "a\x7f"],
    ids=ascii,
)
def test_an_image_of_other_characters_is_refused(image):
    refusal = validation.register(changed(C + "image", image), "111122223333", "us-east-1")
    assert refusal is not None
    assert refusal.message == "Container.image contains invalid characters."


def test_without_an_execution_role_the_reason_is_the_first_thing_that_needs_it():
    bare = changed("executionRoleArn", None)
    no_secrets = changed(C + "secrets", None, bare)
    no_logs = changed(C + "logConfiguration", None, no_secrets)
    public = changed(C + "image", "public.ecr.aws/docker/library/python:3.13-slim", no_logs)
    found = [validation.register(each, "111122223333", "us-east-1") for each in (bare, no_secrets, no_logs, public)]
    assert [refusal and refusal.text.id for refusal in found] == [
        "register.secrets_role",
        "register.logs_role",
        "register.image_role",
        None,
    ]


def test_an_image_of_the_local_registry_is_an_image_in_ecr():
    local = changed("executionRoleArn", None)
    local = changed(C + "secrets", None, changed(C + "logConfiguration", None, local))
    local = changed(C + "image", "127.0.0.1:5001/fargate-lab/app:1", local)
    refusal = validation.register(local, "111122223333", "us-east-1", "127.0.0.1:5001")
    assert refusal is not None
    assert refusal.text.id == "register.image_role"


def test_a_good_definition_is_accepted():
    assert validation.register(GOOD, "111122223333", "us-east-1") is None


def test_a_definition_for_other_launch_types_is_not_judged():
    assert validation.register({"family": "x", "containerDefinitions": []}) is None


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [
        *((256, m) for m in (512, 1024, 2048)),
        *((512, m) for m in (1024, 4096)),
        *((1024, m) for m in (2048, 8192)),
        *((2048, m) for m in (4096, 16384)),
        *((4096, m) for m in (8192, 30720)),
        *((8192, m) for m in (16384, 20480, 61440)),
        *((16384, m) for m in (32768, 40960, 122880)),
        (".25 vCPU", "0.5 GB"),
        ("1 vcpu", "2GB"),
    ],
)
def test_every_size_fargate_has_is_accepted(cpu, memory):
    assert validation.register({**GOOD, "cpu": str(cpu), "memory": str(memory)}) is None


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [(256, 4096), (512, 512), (1024, 2560), (1024, 9216), (2048, 17408), (4096, 31744), (8192, 17408), (8192, 18432),
     (8192, 62464), (16384, 33792), (16384, 36864), (16384, 131072), (32768, 65536)],
)  # fmt: skip
def test_a_size_beside_the_table_is_refused_with_its_numbers(cpu, memory):
    refusal = validation.register({**GOOD, "cpu": str(cpu), "memory": str(memory)})
    assert refusal is not None
    assert f"given values: {cpu} CPU, {memory} memory." in refusal.message


def test_fargate_has_seventy_four_sizes():
    assert sum(len(memories) for memories in validation.SIZES.values()) == 74


def awsvpc(**values):
    return {"awsvpcConfiguration": {**NETWORK["awsvpcConfiguration"], **values}}


RUNS = [
    ("run.no_network", GOOD, None, "LATEST"),
    ("run.no_subnets", GOOD, awsvpc(subnets=[]), "LATEST"),
    ("run.many_subnets", GOOD, awsvpc(subnets=[f"subnet-{n}" for n in range(17)]), "LATEST"),
    ("run.many_groups", GOOD, awsvpc(securityGroups=[f"sg-{n}" for n in range(6)]), "LATEST"),
    ("run.no_subnet", GOOD, awsvpc(subnets=["subnet-gone"]), "LATEST"),
    ("run.no_group", GOOD, awsvpc(securityGroups=["sg-gone"]), "LATEST"),
    ("run.two_networks", GOOD, awsvpc(subnets=["subnet-a", "subnet-z"]), "LATEST"),
    ("run.two_networks", GOOD, awsvpc(securityGroups=["sg-z"]), "LATEST"),
    ("run.compatibility", {**GOOD, "requiresCompatibilities": ["EC2"]}, NETWORK, "LATEST"),
    ("run.platform_version", GOOD, NETWORK, "9.9.9"),
    ("run.platform_too_old", {**GOOD, "runtimePlatform": {"cpuArchitecture": "ARM64"}}, NETWORK, "1.3.0"),
]


@pytest.mark.parametrize(("id", "definition", "network", "version"), RUNS)
def test_a_run_that_cannot_be_placed_is_refused(id, definition, network, version):
    refusal = validation.run(definition, network, SUBNETS, GROUPS, version)
    assert refusal is not None
    assert refusal.text.id == id


def test_security_groups_are_optional():
    assert validation.run(GOOD, awsvpc(securityGroups=[]), SUBNETS, GROUPS) is None


@pytest.mark.parametrize("trust", [None, iam.Decision(False, iam.DecisionKind.IMPLICIT_DENY, None, "")])
def test_a_role_that_ecs_may_not_assume_is_refused_by_run_task(trust):
    refusal = validation.run(GOOD, NETWORK, SUBNETS, GROUPS, trust=lambda _: trust)
    assert refusal is not None
    assert refusal.message.startswith(f"ECS was unable to assume the role '{ROLE}'")
    assert (refusal.code, refusal.text) == ("ClientException", TEXTS["role.trust"])


def test_every_refusal_is_produced_by_a_cause():
    produced = {id for id, *_ in REGISTERED} | {id for id, *_ in RUNS} | {"register.logs_role", "register.image_role"}
    assert produced == set(REFUSALS)
