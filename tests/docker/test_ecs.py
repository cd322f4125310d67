"""Fargate tasks as real containers: isolated, limited, for both platforms, and never left behind."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud import lab_cloud
from tests.cloud.ecs import lab_ecs
from tests.docker.conftest import SAMPLE, Lab

pytestmark = pytest.mark.docker

BOTH = "linux/amd64,linux/arm64"
STATE = "fargate-lab-kit.state"


@pytest.fixture(scope="module")
def ecs(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A local AWS of this file's own, so that it may be killed."""
    cloud = lab_cloud.LabCloud(tmp_path_factory.mktemp("ecs") / "state", engine="docker")
    made = lab_ecs.EcsLab(cloud, "docker-ecs")
    token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).decode().partition(":")[2]
    lab.docker("login", "--username", "AWS", "--password-stdin", made.registry, stdin=password)
    yield made
    made.cloud.close()
    assert containers(lab, made) == []
    forget(lab, made)
    lab.docker("logout", made.registry)


def forget(lab: Lab, ecs: Any) -> None:
    """Remove every image of the local AWS's registry from the engine."""
    _, lines = lab.docker("images", "--all", "--format", "{{.Repository}} {{.ID}}")
    for repository, image in (line.split() for line in lines.splitlines()):
        if repository.startswith(f"{ecs.registry}/"):
            lab.docker("image", "rm", "--force", image)


@pytest.fixture(scope="module")
def vpc(ecs: Any) -> Any:
    return ecs.vpc()


def build(lab: Lab, ecs: Any, platforms: str, tag: str, *words: str) -> str:
    """Build the sample app and push it; its name."""
    name = f"{ecs.registry}/{ecs.name}/app:{tag}"
    given = ["--platform", platforms, "--build-arg", f"PYTHON_IMAGE={lab.base}", "-t", name, *words]
    code, said = lab.docker("buildx", "build", "--progress=plain", *given, "--push", str(SAMPLE))
    assert code == 0, said
    return name


@pytest.fixture(scope="module")
def image(lab: Lab, ecs: Any) -> str:
    """The sample app for both platforms, pushed."""
    return build(lab, ecs, BOTH, "v1")


def mark(ecs: Any) -> str:
    """The label of what this file's local AWS makes: other local AWSs of the tests use the same engine."""
    seed = json.loads((ecs.cloud.state / "state.json").read_text())["seed"]
    return f"{STATE}={hashlib.sha256(f'{seed}/ecs'.encode()).hexdigest()[:12]}"


def containers(lab: Lab, ecs: Any) -> list[str]:
    """The ids of the containers that this file's local AWS has made."""
    _, lines = lab.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={mark(ecs)}")
    return lines.split()


def inspected(lab: Lab, container: str) -> dict[str, Any]:
    _, text = lab.docker("inspect", container)
    found: dict[str, Any] = json.loads(text)[0]
    return found


def definition(ecs: Any, image: str, family: str, cpu: str = "X86_64", **container: Any) -> str:
    runtime = {"cpuArchitecture": cpu, "operatingSystemFamily": "LINUX"}
    made: str = ecs.register(ecs.container(image, **container), family=family, runtimePlatform=runtime)
    return made


def test_a_task_runs_the_pushed_image_isolated_and_limited(lab: Lab, ecs: Any, vpc: Any, image: str) -> None:
    arn = ecs.run(definition(ecs, image, "one"), vpc)
    task = ecs.reaches(arn, "RUNNING")
    [made] = [each for each in containers(lab, ecs) if each == task["containers"][0]["runtimeId"]]
    found = inspected(lab, made)
    host = found["HostConfig"]
    assert (host["Privileged"], host["CapDrop"], host["SecurityOpt"]) == (False, ["ALL"], ["no-new-privileges"])
    assert (host["Memory"], host["NanoCpus"]) == (512 << 20, 250_000_000)
    assert found["Config"]["User"] == "10001:10001"
    assert not host["PortBindings"]
    [network] = found["NetworkSettings"]["Networks"]
    _, text = lab.docker("network", "inspect", network)
    assert json.loads(text)[0]["Internal"] is True
    assert vpc.id in network
    lines = lab_ecs.until(lambda: [each for each in ecs.lines(arn) if '"listening"' in each])
    assert json.loads(lines[0])["machine"] == "x86_64"
    ecs.ecs.stop_task(cluster=ecs.name, task=arn)
    stopped = ecs.reaches(arn, "STOPPED")
    assert stopped["containers"][0]["exitCode"] == 0
    assert made not in containers(lab, ecs)
    # The network of this VPC goes with its last task.
    lab_ecs.until(lambda: network not in lab.docker("network", "ls", "--format", "{{.Name}}")[1].split())


def test_with_the_image_present_a_task_soon_runs(ecs: Any, vpc: Any, image: str, record_property: Any) -> None:
    arn = ecs.run(definition(ecs, image, "quick"), vpc)
    began = time.monotonic()
    ecs.reaches(arn, "RUNNING")
    took = time.monotonic() - began
    record_property("seen", f"run_task to RUNNING with the image present: {took:.2f} s")
    ecs.ecs.stop_task(cluster=ecs.name, task=arn)


def test_an_arm64_task_runs_the_arm64_image(lab: Lab, ecs: Any, vpc: Any, image: str) -> None:
    arn = ecs.run(definition(ecs, image, "arm", "ARM64"), vpc)
    ecs.reaches(arn, "RUNNING")
    lines = lab_ecs.until(lambda: [each for each in ecs.lines(arn) if '"listening"' in each])
    assert json.loads(lines[0])["machine"] == "aarch64"
    ecs.ecs.stop_task(cluster=ecs.name, task=arn)


def test_it_reaches_nothing_outside_its_network(ecs: Any, vpc: Any, image: str) -> None:
    program = (
        "import socket\n"
        "for host in (('1.1.1.1', 443), ('172.17.0.1', 22)):\n"
        "    try:\n"
        "        socket.create_connection(host, 2)\n"
        "        print('reached', host, flush=True)\n"
        "    except OSError as error:\n"
        "        print('no way', host, flush=True)\n"
    )
    arn = ecs.run(definition(ecs, image, "out", entryPoint=["python", "-c", program]), vpc)
    ecs.reaches(arn, "STOPPED")
    assert [each.split(" (")[0] for each in ecs.lines(arn)] == ["no way", "no way"]


def test_memory_exit_codes_secrets_and_health_checks(ecs: Any, vpc: Any, image: str) -> None:
    hungry = ["python", "-c", "held = bytearray(600 << 20)"]
    arn = ecs.run(definition(ecs, image, "hungry", entryPoint=hungry), vpc)
    task = ecs.reaches(arn, "STOPPED")
    assert task["containers"][0]["exitCode"] == 137
    assert task["containers"][0]["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    arn = ecs.run(definition(ecs, image, "three", entryPoint=["python", "-c", "raise SystemExit(3)"]), vpc)
    assert ecs.reaches(arn, "STOPPED")["containers"][0]["exitCode"] == 3

    ecs.ssm.put_parameter(Name="/docker-ecs/secret", Value="correct-horse", Type="SecureString")
    statement = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ecs.iam.put_role_policy(RoleName=f"{ecs.name}-exec", PolicyName="secrets", PolicyDocument=document)
    check = {"command": ["CMD", "python", "/app/app.py", "--health"], "interval": 5, "retries": 3}
    secrets = [{"name": "APP_SECRET", "valueFrom": "/docker-ecs/secret"}]
    arn = ecs.run(definition(ecs, image, "secret", secrets=secrets, healthCheck=check), vpc)
    ecs.reaches(arn, "RUNNING")
    lines = lab_ecs.until(lambda: [each for each in ecs.lines(arn) if '"listening"' in each])
    assert json.loads(lines[0])["secret_arrived"] is True
    lab_ecs.until(lambda: ecs.task(arn)["healthStatus"] == "HEALTHY")
    ecs.ecs.stop_task(cluster=ecs.name, task=arn)


def test_two_containers_of_a_task_share_localhost(ecs: Any, vpc: Any, image: str) -> None:
    ask = (
        "import time, urllib.request\n"
        "for _ in range(50):\n"
        "    try:\n"
        "        print(urllib.request.urlopen('http://127.0.0.1:8080/healthz').status, flush=True); break\n"
        "    except OSError: time.sleep(0.1)\n"
    )
    web = ecs.container(image, name="web", essential=False)
    waits = [{"containerName": "web", "condition": "START"}]
    asks = ecs.container(image, name="asks", entryPoint=["python", "-c", ask], dependsOn=waits)
    arn = ecs.run(ecs.register(web, asks, family="pair"), vpc)
    ecs.reaches(arn, "STOPPED")
    assert ecs.lines(arn, "asks") == ["200"]


def test_the_execution_role_pulls_and_the_trail_says_so(ecs: Any, lab: Lab, vpc: Any) -> None:
    name = build(lab, ecs, "linux/amd64", "fresh", "--build-arg", f"VERSION={time.time()}")
    # The engine that has built an image has it; without its names it asks the registry.
    forget(lab, ecs)
    arn = ecs.run(definition(ecs, name, "fresh"), vpc)
    ecs.reaches(arn, "RUNNING")
    ecs.ecs.stop_task(cluster=ecs.name, task=arn)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "BatchGetImage"}]
    events = ecs.cloud.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    calls = [json.loads(each["CloudTrailEvent"]) for each in events]
    session = f":assumed-role/{ecs.name}-exec/{arn.rsplit('/', 1)[-1]}"
    mine = [each["userAgent"] for each in calls if each["userIdentity"]["arn"].endswith(session)]
    # The agent's own is the plan's; the engine that pulled names itself.
    assert any("docker" in each.lower() or "containerd" in each.lower() for each in mine), mine


def test_after_sigkill_the_next_start_removes_containers_and_networks(ecs: Any, lab: Lab, vpc: Any, image: str) -> None:
    ecs.service("web", definition(ecs, image, "service"), vpc, desiredCount=1)
    lab_ecs.until(lambda: ecs.described("web")["runningCount"] == 1)
    # The containers of the tests before may still be on their way out.
    before = lab_ecs.until(lambda: found if len(found := containers(lab, ecs)) == 1 else [])
    ecs.cloud.kill()
    assert containers(lab, ecs) == before
    ecs.cloud = lab_cloud.LabCloud(ecs.cloud.state, engine="docker")
    lab_ecs.until(lambda: not set(before) & set(containers(lab, ecs)))
    lab_ecs.until(lambda: ecs.described("web")["runningCount"] == 1)
    ecs.ecs.delete_service(cluster=ecs.name, service="web", force=True)
    lab_ecs.until(lambda: not containers(lab, ecs))
    # A network goes after the last container on it.
    networks = ("network", "ls", "--quiet", "--filter", f"label={mark(ecs)}")
    lab_ecs.until(lambda: not lab.docker(*networks)[1].split())
