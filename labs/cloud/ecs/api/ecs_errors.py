"""ECS's errors in the codes of its API reference. Words without a source are marked (simulated wording)."""

from labs.cloud.contract import AwsError


def client(message: str) -> AwsError:
    """ClientException: what the caller asked for cannot be."""
    return AwsError("ClientException", message)


def invalid(message: str) -> AwsError:
    """InvalidParameterException."""
    return AwsError("InvalidParameterException", message)


def no_cluster() -> AwsError:
    """The cluster is not there."""
    return AwsError("ClusterNotFoundException", "Cluster not found.")


def no_service() -> AwsError:
    """The service is not there."""
    return AwsError("ServiceNotFoundException", "Service not found.")


def inactive_service() -> AwsError:
    """The service was deleted."""
    return AwsError("ServiceNotActiveException", "Service was not ACTIVE.")


def no_definition() -> AwsError:
    """The task definition is not there, or is inactive."""
    return client("TaskDefinition not found.")


def inactive_definition() -> AwsError:
    """The task definition was deregistered."""
    return client("TaskDefinition is inactive")


def unserved(operation: str, why: str) -> AwsError:
    """An operation that AWS has and the local AWS does not."""
    return AwsError(
        "UnsupportedFeatureException", f"The local AWS does not serve ecs:{operation}: {why} (simulated wording)"
    )
