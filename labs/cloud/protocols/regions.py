"""The regions AWS has, as botocore lists them."""

from functools import cache


@cache
def _regions() -> frozenset[str]:
    from botocore.loaders import create_loader

    # Not from the list of endpoints, which takes 7 MB.
    partitions = create_loader().load_data("partitions")["partitions"]
    named = next(each["regions"] for each in partitions if each["id"] == "aws")
    return frozenset(named) - {"aws-global"}


def is_region(name: str) -> bool:
    """Whether a name in a credential scope is a region of the "aws" partition."""
    return name in _regions()
