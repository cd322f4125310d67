"""Services: they keep their count, roll to a new revision, roll back, and say so in AWS's words."""

import json
import re

import pytest

from tests.cloud.ecs.lab_ecs import until

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
FLAKY = "import time; time.sleep(0.3); raise SystemExit(1)"


def is_steady(lab, name, count):
    """Whether one deployment is out with so many tasks."""
    found = lab.described(name)
    states = [each["rolloutState"] for each in found["deployments"]]
    return states == ["COMPLETED"] and found["runningCount"] == found["desiredCount"] == count


@pytest.fixture
def service(lab, vpc):
    """Create a service: service(name, definition, ...); removed at the end."""
    made = []

    def create(name, definition, **more):
        made.append(name)
        return lab.service(name, definition, vpc, **more)

    yield create
    for name in made:
        lab.ecs.delete_service(cluster=lab.name, service=name, force=True)
    for name in made:
        until(lambda name=name: lab.described(name)["status"] == "INACTIVE")


def test_it_starts_its_tasks_over_both_subnets_and_settles(lab, vpc, definition, service):
    service("web", definition, desiredCount=2)
    until(lambda: is_steady(lab, "web", 2))
    arns = lab.ecs.list_tasks(cluster=lab.name, serviceName="web")["taskArns"]
    tasks = lab.ecs.describe_tasks(cluster=lab.name, tasks=arns)["tasks"]
    details = [{each["name"]: each["value"] for each in task["attachments"][0]["details"]} for task in tasks]
    assert {each["subnetId"] for each in details} == set(vpc.subnets)
    found = lab.described("web")
    deployment = found["deployments"][0]["id"]
    assert {(task["group"], task["startedBy"]) for task in tasks} == {("service:web", deployment)}
    started, completed, steady = lab.events("web")
    assert re.fullmatch(r"\(service web\) has started 2 tasks: \(task \w{32}\) \(task \w{32}\)\.", started)
    assert completed == f"(service web) (deployment {deployment}) deployment completed."
    assert steady == "(service web) has reached a steady state."
    assert found["deployments"][0]["rolloutStateReason"] == f"ECS deployment {deployment} completed."


def test_scaling_starts_and_stops_tasks_without_a_new_deployment(lab, definition, service):
    service("scaled", definition, desiredCount=1)
    until(lambda: is_steady(lab, "scaled", 1))
    before = lab.described("scaled")["deployments"][0]["id"]
    lab.ecs.update_service(cluster=lab.name, service="scaled", desiredCount=3)
    until(lambda: is_steady(lab, "scaled", 3))
    lab.ecs.update_service(cluster=lab.name, service="scaled", desiredCount=1)
    until(lambda: is_steady(lab, "scaled", 1))
    assert lab.described("scaled")["deployments"][0]["id"] == before
    gone = until(
        lambda: lab.ecs.list_tasks(cluster=lab.name, serviceName="scaled", desiredStatus="STOPPED")["taskArns"]
    )
    task = lab.reaches(gone[0], "STOPPED")
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"] == f"Scaling activity initiated by (deployment {before})"
    assert any("has stopped 2 running tasks: (task " in each for each in lab.events("scaled"))


def test_a_task_that_is_stopped_is_replaced(lab, definition, service):
    service("kept", definition, desiredCount=1)
    until(lambda: is_steady(lab, "kept", 1))
    first = lab.ecs.list_tasks(cluster=lab.name, serviceName="kept")["taskArns"][0]
    lab.ecs.stop_task(cluster=lab.name, task=first)
    until(
        lambda: (
            is_steady(lab, "kept", 1)
            and first not in lab.ecs.list_tasks(cluster=lab.name, serviceName="kept")["taskArns"]
        )
    )


def test_a_new_revision_replaces_the_old_tasks_and_never_has_fewer(lab, definition, service):
    service("rolling", definition, desiredCount=2)
    until(lambda: is_steady(lab, "rolling", 2))
    old = set(lab.ecs.list_tasks(cluster=lab.name, serviceName="rolling")["taskArns"])
    again = lab.register(lab.container(lab.image("again")), family="hello")
    shown = lab.ecs.update_service(cluster=lab.name, service="rolling", taskDefinition=again)["service"]
    assert [each["status"] for each in shown["deployments"]] == ["PRIMARY", "ACTIVE"]
    counts = []

    def rolled():
        counts.append(lab.described("rolling")["runningCount"])
        return is_steady(lab, "rolling", 2)

    until(rolled)
    assert min(counts) >= 2
    assert max(counts) <= 4
    new = set(lab.ecs.list_tasks(cluster=lab.name, serviceName="rolling")["taskArns"])
    assert not old & new
    tasks = lab.ecs.describe_tasks(cluster=lab.name, tasks=list(new))["tasks"]
    assert {each["taskDefinitionArn"] for each in tasks} == {again}


def test_a_forced_deployment_replaces_every_task(lab, definition, service):
    service("forced", definition, desiredCount=1)
    until(lambda: is_steady(lab, "forced", 1))
    old = lab.ecs.list_tasks(cluster=lab.name, serviceName="forced")["taskArns"]
    lab.ecs.update_service(cluster=lab.name, service="forced", forceNewDeployment=True)
    until(lambda: is_steady(lab, "forced", 1))
    assert lab.ecs.list_tasks(cluster=lab.name, serviceName="forced")["taskArns"] != old


def test_the_circuit_breaker_rolls_back_to_what_worked(lab, definition, service):
    service("broken", definition, desiredCount=1, deploymentConfiguration=BREAKER)
    until(lambda: is_steady(lab, "broken", 1))
    good = lab.described("broken")["deployments"][0]["id"]
    bad = lab.register(lab.container(f"{lab.registry}/{lab.name}/app:never-pushed"), family="hello")
    lab.ecs.update_service(cluster=lab.name, service="broken", taskDefinition=bad)
    failing = lab.described("broken")["deployments"][0]["id"]
    until(lambda: is_steady(lab, "broken", 1) and lab.described("broken")["taskDefinition"] != bad)
    found = lab.described("broken")
    assert (found["taskDefinition"], found["deployments"][0]["id"]) == (definition, good)
    events = lab.events("broken")
    failed = events.index(f"(service broken) (deployment {failing}) deployment failed: tasks failed to start.")
    assert events[failed + 1] == f"(service broken) rolling back to deployment {good}."
    unable = [each for each in events if "was unable to place a task. Reason: CannotPullContainerError: " in each]
    assert len(unable) == 3


def test_without_a_good_deployment_the_breaker_leaves_it_failed(lab, service):
    bad = lab.register(lab.container(lab.image("flaky", FLAKY)), family="flaky")
    service("hopeless", bad, desiredCount=1, deploymentConfiguration=BREAKER)
    until(lambda: lab.described("hopeless")["deployments"][0]["rolloutState"] == "FAILED")
    deployment = lab.described("hopeless")["deployments"][0]
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert deployment["failedTasks"] == 3


def test_without_a_breaker_it_goes_on_trying_more_and_more_slowly(lab, service):
    bad = lab.register(lab.container(f"{lab.registry}/{lab.name}/app:absent"), family="absent")
    service("trying", bad, desiredCount=1)
    words = "(service trying) is unable to consistently start tasks successfully."
    until(lambda: any(each.startswith(words) for each in lab.events("trying")))
    found = lab.described("trying")
    assert found["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert found["deployments"][0]["failedTasks"] >= 3


def test_unhealthy_tasks_are_replaced(lab, service):
    check = {"command": ["CMD", "python", "-c", "raise SystemExit(1)"], "interval": 5, "retries": 1}
    ill = lab.register(lab.container(lab.image("unhealthy"), healthCheck=check), family="unhealthy")
    service("ill", ill, desiredCount=1)
    stopped = until(
        lambda: lab.ecs.list_tasks(cluster=lab.name, serviceName="ill", desiredStatus="STOPPED")["taskArns"]
    )
    task = lab.reaches(stopped[0], "STOPPED")
    assert task["stoppedReason"] == "Task failed container health checks"
    task_id = stopped[0].rsplit("/", 1)[-1]
    assert f"(service ill) (task {task_id}) failed container health checks." in lab.events("ill")


def test_a_check_that_asks_the_apps_own_port_is_answered(lab, service):
    program = (
        "import http.server, os\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.send_header('Content-Length', '0'); self.end_headers()\n"
        "http.server.ThreadingHTTPServer(('', 8080), H).serve_forever()\n"
    )
    ask = "import urllib.request as u; u.urlopen('http://localhost:8080/', timeout=60)"
    check = {"command": ["CMD", "python", "-c", ask], "interval": 5, "timeout": 30, "retries": 3}
    image = lab.image("web", program, ExposedPorts={"8080/tcp": {}})
    service("asked", lab.register(lab.container(image, healthCheck=check), family="asked"), desiredCount=2)
    until(lambda: is_steady(lab, "asked", 2))


def test_delete_drains_and_the_waiters_agree(lab, vpc, definition):
    lab.service("short", definition, vpc, desiredCount=1)
    quick = {"Delay": 1, "MaxAttempts": 60}
    lab.ecs.get_waiter("services_stable").wait(cluster=lab.name, services=["short"], WaiterConfig=quick)
    with pytest.raises(lab.ecs.exceptions.InvalidParameterException, match="scaled above 0"):
        lab.ecs.delete_service(cluster=lab.name, service="short")
    shown = lab.ecs.delete_service(cluster=lab.name, service="short", force=True)["service"]
    assert shown["status"] == "DRAINING"
    lab.ecs.get_waiter("services_inactive").wait(cluster=lab.name, services=["short"], WaiterConfig=quick)
    assert lab.ecs.list_tasks(cluster=lab.name, serviceName="short")["taskArns"] == []
    # The name is free again.
    lab.service("short", definition, vpc, desiredCount=0)
    lab.ecs.delete_service(cluster=lab.name, service="short")


def test_thirty_services_at_once(lab, vpc, definition):
    names = [f"many{number}" for number in range(30)]
    for name in names:
        lab.service(name, definition, vpc, desiredCount=1)
    try:
        until(lambda: all(is_steady(lab, name, 1) for name in names), 90)
        for name in names:
            assert len(lab.events(name)) == 3
    finally:
        for name in names:
            lab.ecs.delete_service(cluster=lab.name, service=name, force=True)
        until(lambda: all(lab.described(name)["status"] == "INACTIVE" for name in names), 60)


def test_the_trail_has_the_services_calls_and_the_tags_are_found(lab, definition, service):
    service("tagged", definition, desiredCount=0, tags=[{"key": "owner", "value": lab.name}])
    tagging = lab.cloud.client("resourcegroupstaggingapi")
    wanted = [{"Key": "owner", "Values": [lab.name]}]
    found = tagging.get_resources(TagFilters=wanted)["ResourceTagMappingList"]
    assert [each["ResourceARN"].rsplit(":", 1)[-1] for each in found] == [f"service/{lab.name}/tagged"]
    trail = lab.cloud.client("cloudtrail")
    looked = [{"AttributeKey": "EventName", "AttributeValue": "CreateService"}]
    events = [json.loads(each["CloudTrailEvent"]) for each in trail.lookup_events(LookupAttributes=looked)["Events"]]
    assert events[0]["requestParameters"]["serviceName"] == "tagged"
