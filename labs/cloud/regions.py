"""The regions AWS has, as botocore lists them."""

from functools import cache


@cache
def _regions() -> frozenset[str]:
    from moto.core.base_backend import AccountSpecificBackend

    # moto's own session: its endpoint data are loaded already.
    return frozenset(AccountSpecificBackend.get_session().get_available_regions("ec2"))


def is_region(name: str) -> bool:
    """Whether a name in a credential scope is a region of the "aws" partition."""
    return name in _regions()
