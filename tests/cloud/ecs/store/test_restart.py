"""What survives SIGKILL, and what does not: records stay, processes go, services start theirs again."""

from pathlib import Path

import pytest

from tests.cloud.ecs.lab_ecs import EcsLab, until
from tests.cloud.lab_cloud import LabCloud, outcome


def processes(folder):
    """The processes that work inside a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def start(state):
    """Start a local AWS on the test's own state folder."""
    running = []

    def start():
        running.append(LabCloud(state))
        return running[-1]

    yield start
    for cloud in running:
        cloud.close()


def test_after_sigkill_everything_is_there_and_no_process_is_left(start, state):
    first = start()
    lab = EcsLab(first, "kill")
    vpc = lab.vpc()
    definition = lab.register(lab.container(lab.image("v1")))
    stopped = lab.run(definition, lab.vpc(endpoints=(), s3=False))
    before = lab.reaches(stopped, "STOPPED")
    lab.service("web", definition, vpc, desiredCount=2)
    alone = lab.run(definition, vpc)
    lab.reaches(alone, "RUNNING")
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(600)"
    )
    stubborn = lab.run(lab.register(lab.container(lab.image("deaf", deaf)), family="deaf"), vpc)
    until(lambda: lab.lines(stubborn)[1:] == ["deaf"])
    until(lambda: lab.described("web")["deployments"][0]["rolloutState"] == "COMPLETED")
    old = lab.ecs.list_tasks(cluster="kill", serviceName="web")["taskArns"]
    described = lab.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert len(processes(state)) == 4
    first.kill()
    # The apps notice by themselves that nobody holds them any more; the deaf one is for the next start.
    left = until(lambda: len(processes(state)) == 1 and processes(state))

    second = start()
    assert second.port == first.port
    lab.cloud = second
    assert lab.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"] == described
    assert lab.task(stopped) == before
    gone = lab.task(alone)
    assert (gone["lastStatus"], gone["stopCode"]) == ("STOPPED", "TerminationNotice")
    assert gone["stoppedReason"].endswith("(simulated wording)")
    assert gone["containers"][0]["exitCode"] == 137
    until(lambda: lab.described("web")["runningCount"] == 2)
    assert not set(left) & set(processes(state))
    now = lab.ecs.list_tasks(cluster="kill", serviceName="web")["taskArns"]
    assert not set(now) & set(old)
    interfaces = [{"Name": "description", "Values": [f"arn:aws:ecs:{second.region}:*:attachment/*"]}]
    held = lab.ec2.describe_network_interfaces(Filters=interfaces)["NetworkInterfaces"]
    assert len(held) == 2
    assert "hello from the app secret none" in until(lambda: lab.lines(now[0])[1:])
    # An ordinary stop leaves nothing either.
    second.close()
    assert processes(state) == []
    assert not (state / "ecs" / "run").exists()


def test_killed_in_the_middle_of_a_deployment_it_goes_on(start):
    first = start()
    lab = EcsLab(first, "roll")
    vpc = lab.vpc()
    definition = lab.register(lab.container(lab.image("v1")))
    lab.service("web", definition, vpc, desiredCount=2)
    until(lambda: lab.described("web")["deployments"][0]["rolloutState"] == "COMPLETED")
    again = lab.register(lab.container(lab.image("v2", "import time\ntime.sleep(600)")))
    lab.ecs.update_service(cluster="roll", service="web", taskDefinition=again)
    first.kill()
    lab.cloud = start()

    def rolled():
        found = lab.described("web")
        return [each["rolloutState"] for each in found["deployments"]] == ["COMPLETED"] and found["runningCount"] == 2

    until(rolled)
    arns = lab.ecs.list_tasks(cluster="roll", serviceName="web")["taskArns"]
    tasks = lab.ecs.describe_tasks(cluster="roll", tasks=arns)["tasks"]
    assert {each["taskDefinitionArn"] for each in tasks} == {again}


def test_a_damaged_store_is_one_sentence(start, state):
    start().close()
    (state / "ecs" / "ecs.sqlite3").write_bytes(b"not a database" * 100)
    for extra in ("-wal", "-shm"):
        (state / "ecs" / f"ecs.sqlite3{extra}").unlink(missing_ok=True)
    code, _, said = outcome(state)
    assert code != 0
    assert "The state of the local AWS is damaged" in said
    assert "Traceback" not in said
    assert (state / "ecs" / "ecs.sqlite3").read_bytes().startswith(b"not a database")
