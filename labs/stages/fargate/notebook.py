"""What the notebook of stage 05 adds to ``lab``."""

from labs.lesson.bench import Bench
from labs.stages.fargate import resources, show
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.vpc import ids


def task_roles(bench: Bench) -> None:
    """Make the execution role and the task role from ``task-trust.json`` and ``execution-policy.json``.

    Example: ``lab.task_roles()``
    """
    print(show.roles(bench))


def service(bench: Bench) -> None:
    """Wait until the service is steady, or will not become so, and say how it stands.

    Example: ``lab.service()``
    """
    print(show.service(bench))


def log_lines(bench: Bench) -> None:
    """What the program of the service said first, from CloudWatch Logs.

    Example: ``lab.log_lines()``
    """
    print(show.log_lines(bench))


VERBS = (task_roles, service, log_lines)
NAMES = {
    **ids.NAMES,
    **task_runs.NAMES,
    "parameter": resources.parameter,
    "log_group": resources.log_group,
    "service_name": service_names.service,
    "service_state": show.service_state,
    "execution_role_arn": service_names.execution_role_arn,
    "task_role_arn": service_names.task_role_arn,
}
VARIABLES = {
    "EXECUTION_ROLE_ARN": service_names.execution_role_arn,
    "TASK_ROLE_ARN": service_names.task_role_arn,
    "PARAMETER_ARN": resources.parameter_arn,
    "LOG_GROUP_ARN": resources.log_group_arn,
}
