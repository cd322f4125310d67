"""The names and ARNs of the lab's service and of its two roles."""

from labs.lesson.bench import Bench

# How many tasks the service keeps running.
TASKS = 2


def service(bench: Bench) -> str:
    """The service, and the family of its task definition."""
    return f"{bench.target.prefix}-service"


def execution_role(bench: Bench) -> str:
    """The role by which Fargate starts the task."""
    return bench.target.names.role("execution")


def task_role(bench: Bench) -> str:
    """The role of the program in the task."""
    return bench.target.names.role("task")


def execution_role_arn(bench: Bench) -> str:
    """The execution role's ARN."""
    return bench.target.role_arn(execution_role(bench))


def task_role_arn(bench: Bench) -> str:
    """The task role's ARN."""
    return bench.target.role_arn(task_role(bench))
