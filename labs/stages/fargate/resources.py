"""The names stage 05 gives, and the ARNs that its policies are about."""

from labs.lesson.bench import Bench

VERSION, TAG = "2.0.0", "v2"
RETENTION_DAYS = 7
POLICY_NAME = "execution"
POLICY_FILE, TRUST_FILE = "execution-policy.json", "task-trust.json"


def parameter_arn(bench: Bench) -> str:
    """The secret's ARN."""
    return bench.arn("ssm", f"parameter/{parameter(bench)}")


def parameter(bench: Bench) -> str:
    """The secret's name in Parameter Store."""
    return f"{bench.target.prefix}-app-secret"


def log_group_arn(bench: Bench) -> str:
    """The log group's ARN, without what stands for its streams."""
    return bench.arn("logs", f"log-group:{log_group(bench)}")


def log_group(bench: Bench) -> str:
    """The service's log group."""
    return f"{bench.target.prefix}/service"
