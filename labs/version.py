"""The kit's own version, as its package says it."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version


def kit_version() -> str:
    """For example ``0.1.0``; ``unknown`` where the package is not installed."""
    try:
        return package_version("fargate-lab-kit")
    except PackageNotFoundError:
        return "unknown"
