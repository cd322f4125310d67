"""What the notebooks show of a task: how it ended, in ECS's own words."""

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.stages.private_subnet import trial
from labs.subjects.tasks import task_runs
from labs.subjects.vpc import vpc_names
from labs.subjects.vpc.ids import group_ids, subnet_ids
from labs.ui import text
from labs.verdict.stops import TaskRun


def run_trial(bench: Bench, label: str) -> None:
    """Run the trial task once more, in the private subnets, with the tasks' group."""
    subnets, groups = subnet_ids(bench), group_ids(bench)
    if not subnets or vpc_names.TASKS not in groups:
        raise LabError(
            "There is no subnet or no security group to run a task in.",
            "run the cells above, in order",
            id="nowhere-to-run-the-trial",
        )
    task_runs.run(bench, label, trial.require(bench), subnets, [groups[vpc_names.TASKS]])


def ended(task: TaskRun) -> str:
    """Status, stop code and reason of a task."""
    facts = {"Task": task.task_id, "Status": task.status}
    if task.stopped:
        facts |= {"Stop code": task.stop_code or "(none)", "Reason": ""}
        return f"{text.facts(facts)}\n{text.wrapped(task.reason or '(none)')}"
    return text.facts(facts | {"Address": task.address})
