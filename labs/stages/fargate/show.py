"""What the notebook of stage 05 shows: the roles as they were put, the service as ECS sees it."""

from typing import Any

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.stages.fargate import program_log, resources
from labs.stages.fargate.solve import make_roles
from labs.subjects.push import role_policies
from labs.subjects.tasks import service_names
from labs.subjects.tasks.service_reading import service_of
from labs.subjects.tasks.service_waiting import watch
from labs.ui import text
from labs.ui.live import watched

_EVENTS = 5


def roles(bench: Bench) -> str:
    """Make both roles from their files; what the execution role may do from now on, line by line."""
    role = service_names.execution_role(bench)
    before = _own(bench, role)
    make_roles(bench)
    changed = text.difference(before, _own(bench, role) or {})
    lines = [f"Role {role}: {'its policy has changed' if changed else 'nothing has changed'}"]
    lines += [changed] if changed else []
    return "\n".join([*lines, f"Role {service_names.task_role(bench)}: no policy."])


def _own(bench: Bench, role: str) -> Any:
    documents = role_policies.live_policies(bench.client("iam"), role) or ()
    return next((each.body for each in documents if each.name == resources.POLICY_NAME), None)


def service(bench: Bench) -> str:
    """The service when it is steady, or will not become so: counts and tasks; if it is not, why, and the newest events.

    What it waits for is printed at once.
    """
    ecs = bench.client("ecs")
    if service_of(bench, ecs) is None:
        raise LabError("There is no service yet.", "run the cell that calls create_service", id="no-service-yet")
    with watched("Waiting for the service") as work:
        waited = watch(bench, work.line, work.phase)
        if waited.reason:
            work.phase(f"A task failed: {waited.reason}")
    steady = waited.steady
    found = service_of(bench, ecs) or {}
    facts = {
        "Service": f"{found['serviceName']}: {'steady' if steady else 'not steady'}",
        "Tasks": f"{found['runningCount']} running, {found['desiredCount']} desired",
        "Revision": found["taskDefinition"].rsplit("/", 1)[-1],
    }
    rows = sorted((run.subnet, run.platform, run.definition) for run in program_log.running(bench, ecs))
    shown = [text.facts(facts)]
    shown += ["", text.table(("subnet", "CPU", "revision"), rows)] if rows else []
    if waited.reason:
        shown += ["", "A task failed, and ECS says why:", text.wrapped(f"  {waited.reason}")]
    if not steady:
        events = [text.wrapped(f"  {each['message']}") for each in found.get("events", ())[:_EVENTS]]
        shown += ["", "Newest events first:", *events, "", "Next: lab.diagnose() names the cause"]
    return "\n".join(shown)


def log_lines(bench: Bench) -> str:
    """The program's first lines in the log group, oldest first: version, and whether the secret arrived."""
    if service_of(bench, bench.client("ecs")) is not None:
        program_log.wait_heard(bench, print)
    group = resources.log_group(bench)
    rows = [
        (str(line["event"]), str(line.get("version", "")), "yes" if line.get("secret_arrived") is True else "no")
        for _, line in program_log.firsts(bench.client("logs"), group)
    ]
    if not rows:
        return f"{group} has no line from the program yet."
    return text.table(("event", "version", "secret arrived"), rows)


def service_state(bench: Bench) -> str:
    """ECS's word for the service, or ``none``."""
    found = service_of(bench, bench.client("ecs"))
    return str(found["status"]) if found else "none"
