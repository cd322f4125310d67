"""The names in the lab's VPC: security groups, endpoint services, the bucket that the layers come from."""

from labs.lesson.bench import Bench

TASKS, ENDPOINTS, LOGS = "tasks", "endpoints", "logs"
GROUPS = (TASKS, ENDPOINTS, LOGS)


def group(bench: Bench, purpose: str) -> str:
    """The name of a security group: ``fargate-lab-tasks``."""
    return f"{bench.target.prefix}-{purpose}"


def service(bench: Bench, ending: str) -> str:
    """The full name of an endpoint service: ``com.amazonaws.us-east-1.ecr.api``."""
    return f"com.amazonaws.{bench.target.region}.{ending}"


def layer_bucket_arn(bench: Bench) -> str:
    """The bucket from which ECR hands out layers (ECR user guide, "Amazon ECR interface VPC endpoints")."""
    return f"arn:{bench.partition}:s3:::prod-{bench.target.region}-starport-layer-bucket"
