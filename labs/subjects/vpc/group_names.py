"""The names stage 04 gives: security groups and endpoint services."""

from labs.lesson.bench import Bench

TASKS, ENDPOINTS, LOGS = "tasks", "endpoints", "logs"
GROUPS = (TASKS, ENDPOINTS, LOGS)


def group(bench: Bench, purpose: str) -> str:
    """The name of a security group: ``fargate-lab-tasks``."""
    return f"{bench.target.prefix}-{purpose}"


def service(bench: Bench, ending: str) -> str:
    """The full name of an endpoint service: ``com.amazonaws.us-east-1.ecr.api``."""
    return f"com.amazonaws.{bench.target.region}.{ending}"
