"""How a task that ran is reported: stop codes, exit codes, reasons."""

import pytest

from labs.aws_texts import Wording
from labs.fargate import exits
from labs.fargate.exits import ContainerExit
from labs.fargate.steps import StopCode

OK = {"app": ContainerExit(0), "side": ContainerExit(143)}


@pytest.mark.parametrize("code", [0, 1, 2, 139])
def test_an_essential_container_that_ends_stops_the_task_with_any_exit_code(code):
    stop = exits.essential_exited({"app": ContainerExit(code)})
    assert (stop.code, stop.reason) == (StopCode.ESSENTIAL_EXITED, "Essential container in task exited")
    assert (stop.containers["app"].exit_code, stop.containers["app"].reason) == (code, "")


def test_out_of_memory_is_the_containers_own_reason():
    stop = exits.essential_exited({"app": ContainerExit(1, out_of_memory=True), "side": ContainerExit(143)})
    assert stop.reason == "Essential container in task exited"
    assert stop.containers["app"].exit_code == 137
    assert stop.containers["app"].reason == "OutOfMemoryError: Container killed due to memory usage"
    assert stop.containers["side"].exit_code == 143


def test_the_wrong_cpu_is_a_log_line_and_exit_code_1():
    stop = exits.wrong_cpu(("app",), "/usr/bin/python3")
    assert (stop.code, stop.reason) == (StopCode.ESSENTIAL_EXITED, "Essential container in task exited")
    assert stop.containers["app"].exit_code == 1
    assert stop.containers["app"].last_line == "exec /usr/bin/python3: exec format error"


def test_a_service_replaces_an_unhealthy_task():
    stop = exits.unhealthy(OK)
    assert (stop.code, stop.reason) == (StopCode.SCHEDULER, "Task failed container health checks")


def test_a_service_that_scales_in_names_its_deployment():
    stop = exits.scaled_in("ecs-svc/0123", OK)
    assert stop.code is StopCode.SCHEDULER
    assert stop.reason == "Scaling activity initiated by (deployment ecs-svc/0123)"


@pytest.mark.parametrize(("given", "said"), [("", "Task stopped by user"), ("lab is over", "lab is over")])
def test_a_user_who_stops_a_task_may_say_why(given, said):
    stop = exits.stopped_by_user(given, OK)
    assert (stop.code, stop.reason) == (StopCode.USER, said)


def test_a_command_that_cannot_start_is_the_tasks_and_the_containers_reason():
    stop = exits.not_started("app", "exec: no such file")
    assert stop.code is StopCode.FAILED_TO_START
    assert stop.reason == "CannotStartContainerError: failed to get container status: exec: no such file"
    assert stop.containers["app"].reason == stop.reason


def test_a_container_that_does_not_come_up_in_time_has_two_wordings():
    newer = exits.start_timed_out("app", "still pulling")
    older = exits.start_timed_out("app", "still pulling", Wording.OLDER)
    assert newer.reason.startswith("ContainerRuntimeTimeoutError: Could not transition to running; timed out after")
    assert older.reason == "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s"


def test_a_service_says_why_it_could_not_place_a_task():
    said = exits.unable_to_place("app", exits.not_started("app", "x"))
    assert said == (
        "(service app) was unable to place a task. Reason: CannotStartContainerError: failed to get container "
        "status: x."
    )
