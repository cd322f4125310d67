"""What the lab's VPC is called in the account now: ids by purpose, for the notebook's cells. Empty where nothing is."""

from collections.abc import Callable, Mapping
from typing import Any

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.subjects.vpc import reading, vpc_names
from labs.subjects.vpc.reading import VpcReading


def _vpc(bench: Bench) -> VpcReading | None:
    return reading.look(bench, bench.client("ec2"))


def vpc_id(bench: Bench) -> str:
    """The VPC with the lab's tag."""
    found = reading.ours(bench.client("ec2"), bench.target.prefix)
    return str(found[0]["VpcId"]) if found else ""


def subnet_ids(bench: Bench) -> list[str]:
    """Its subnets, by their address ranges."""
    found = _vpc(bench)
    return list(found.subnet_ids) if found else []


def route_table_id(bench: Bench) -> str:
    """The route table that its subnets use; the first where they use several."""
    found = _vpc(bench)
    return found.tables[0] if found and found.tables else ""


class _Groups(dict[str, str]):
    """Ids by purpose; one that is not there is said in a sentence."""

    def __missing__(self, purpose: str) -> str:
        known = ", ".join(vpc_names.GROUPS)
        if purpose not in vpc_names.GROUPS:
            raise LabError(
                f"The lab has no security group '{purpose}'.", f"use one of: {known}", id="no-such-security-group"
            )
        raise LabError(
            f"There is no security group '{purpose}' yet.",
            "run the cell that calls create_security_group",
            id="no-security-group-yet",
        )


def group_ids(bench: Bench) -> dict[str, str]:
    """The lab's security groups: ``tasks``, ``endpoints``, ``logs``. Asking for one that is missing is a LabError."""
    found = _vpc(bench)
    ids = {each: found.group_named(vpc_names.group(bench, each)) for each in vpc_names.GROUPS} if found else {}
    return _Groups((purpose, group) for purpose, group in ids.items() if group)


def endpoint_ids(bench: Bench) -> dict[str, str]:
    """The endpoints by the endings of their services: ``ecr.api``, ``s3``."""
    found = _vpc(bench)
    return {found.service(each): str(each["VpcEndpointId"]) for each in found.endpoints} if found else {}


def rules(bench: Bench, purpose: str) -> list[Mapping[str, Any]]:
    """The inbound rules of one of the lab's groups, as ``describe_security_groups`` has them."""
    found = _vpc(bench)
    group = found.group(found.group_named(vpc_names.group(bench, purpose))) if found else None
    return list(group["IpPermissions"]) if group else []


# What several notebooks call by ``lab.<name>``, read from the account each time.
NAMES: Mapping[str, Callable[[Bench], Any]] = {
    "vpc_id": vpc_id,
    "subnet_ids": subnet_ids,
    "route_table_id": route_table_id,
    "group_ids": group_ids,
    "endpoint_ids": endpoint_ids,
}
