"""What the notebook of stage 04 adds to ``lab``."""

from collections.abc import Callable, Mapping
from typing import Any

from labs.lesson.bench import Bench
from labs.stages.private_subnet import trial, trial_runs
from labs.subjects.tasks import task_runs
from labs.subjects.vpc import ids, vpc_names, vpc_shown
from labs.subjects.vpc.reading import INTERFACES
from labs.subjects.vpc.zones import usable_zones
from labs.ui import vpc_picture
from labs.ui.figure import show
from labs.ui.live import watched


def trial_task(bench: Bench) -> None:
    """Make what the task of stage 04 needs and is not about: cluster, role, secret, log group, task definition.

    Example: ``lab.trial_task()``
    """
    print("\n".join(trial.create(bench)))


def run_task(bench: Bench, label: str) -> None:
    """Run the trial task once more, with ``startedBy`` as its label, and say how it ended, or that it runs.

    Example: ``lab.run_task("talk")``
    """
    trial_runs.run_trial(bench, label)
    stopped(bench, label)


def stopped(bench: Bench, label: str) -> None:
    """Wait for the newest task of that label, and say how it ended, or that it runs.

    Example: ``lab.stopped("bare")``
    """
    with watched(f"Task {label}") as work:
        run = task_runs.settled(bench, label, work.line, work.phase)
        if run.reason:
            work.phase(f"Stopped: {run.reason}")
    print(trial_runs.ended(run))


def endpoints(bench: Bench) -> None:
    """Wait until the endpoints of the lab's VPC are available, and list them.

    Example: ``lab.endpoints()``
    """
    with watched("Waiting for the endpoints") as work:
        shown = vpc_shown.endpoints(bench, work.line)
    print(shown)


def vpc(bench: Bench) -> None:
    """A picture of the lab's VPC as it is now and of each way out of it, hop by hop; and the same as a table.

    Example: ``lab.vpc()``
    """
    show(vpc_picture.vpc_figure(vpc_shown.network(bench)), before=False)


def way(bench: Bench, service: str) -> None:
    """Every hop from a task to one service (``ecr.api``, ``ecr.dkr``, ``ssm``, ``logs``, ``s3``), in words.

    Example: ``lab.way("s3")``
    """
    print(vpc_shown.way(bench, service))


def _rules(bench: Bench) -> Callable[[str], list[Mapping[str, Any]]]:
    """The inbound rules of one of the lab's security groups: ``lab.rules("endpoints")``."""

    def rules(group: str) -> list[Mapping[str, Any]]:
        """The inbound rules of a security group of the lab: ``tasks``, ``endpoints`` or ``logs``.

        Example: ``lab.rules("endpoints")``
        """
        return ids.rules(bench, group)

    return rules


def _zones(bench: Bench) -> list[str]:
    """The Availability Zones that have Fargate and the endpoint services."""
    return usable_zones(bench.client("ec2"), [vpc_names.service(bench, each) for each in INTERFACES])


VERBS = (trial_task, run_task, stopped, endpoints, vpc, way)
NAMES = {**ids.NAMES, **task_runs.NAMES, "trial": trial.family, "rules": _rules, "zones": _zones}
VARIABLES = {"LAYER_BUCKET_ARN": vpc_names.layer_bucket_arn}
