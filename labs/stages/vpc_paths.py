"""The way from a task to each service a start asks, in the lab's VPC: ``labs.network`` over what EC2 answers now.

The task need not exist: the way is that of an interface in one of the subnets, with the tasks' group.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from labs.network import Destination, HopVerdict, Path, ProposedInterface, Snapshot, reach
from labs.stages.bench import Bench
from labs.stages.vpc import Vpc


@dataclass(frozen=True)
class Goal:
    """One service that a start asks: the ending of its endpoint's name, how people call it, its host name."""

    service: str
    title: str
    host: str

    def at(self, bench: Bench) -> str:
        """The host's name in this account and Region, on AWS."""
        return self.host.format(account=bench.target.account, region=bench.target.region)


# What an id of EC2 begins with, in words.
_KINDS = {
    "acl": "network ACL",
    "rtb": "route table",
    "sg": "security group",
    "subnet": "subnet",
    "vpc": "VPC",
    "vpce": "endpoint",
}
# In the order of a start. Host names: AWS General Reference, service endpoints; the bucket: ECR user guide.
GOALS = (
    Goal("ecr.api", "the API of Amazon ECR", "api.ecr.{region}.amazonaws.com"),
    Goal("ssm", "Parameter Store", "ssm.{region}.amazonaws.com"),
    Goal("ecr.dkr", "the registry of Amazon ECR", "{account}.dkr.ecr.{region}.amazonaws.com"),
    Goal("s3", "the layers in Amazon S3", "prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com"),
    Goal("logs", "CloudWatch Logs", "logs.{region}.amazonaws.com"),
)


@dataclass(frozen=True)
class Way:
    """The way to one goal: ``labs.network``'s path, and the subnet it begins in."""

    goal: Goal
    subnet: str
    path: Path

    @property
    def ok(self) -> bool:
        """Whether it is open; what could not be checked is not shut."""
        return self.path.ok is not False

    @property
    def where(self) -> str:
        """What blocks it, its kind and id; empty when nothing does."""
        if self.path.blocked_at is None:
            return ""
        id = self.path.blocked_at.resource
        return f"{_KINDS.get(id.partition('-')[0], '')} {id}".strip()

    @property
    def why(self) -> str:
        return self.path.blocked_at.reason if self.path.blocked_at else ""

    @property
    def remedy(self) -> str:
        """The smallest change that opens it."""
        mend = self.path.blocked_at.mend if self.path.blocked_at else None
        return mend.words if mend else "compare the VPC with the notebook's cells, or begin afresh with lab.reset()"


def ways(bench: Bench, ec2: Any, vpc: Vpc, group: str) -> Iterator[Way]:
    """One way for each goal; where the subnets differ, the one that is blocked."""
    snapshot = Snapshot.parse(document(ec2, vpc))
    for goal in GOALS:
        found = [_way(bench, snapshot, goal, subnet, group) for subnet in vpc.subnet_ids]
        if found:
            yield next((way for way in found if not way.ok), found[0])


def _way(bench: Bench, snapshot: Snapshot, goal: Goal, subnet: str, group: str) -> Way:
    source = ProposedInterface(subnet, (group,) if group else ())
    return Way(goal, subnet, reach(snapshot, source, Destination(goal.at(bench))))


def document(ec2: Any, vpc: Vpc) -> dict[str, Any]:
    """The VPC in the shape that ``Snapshot.parse`` reads; what ``Vpc`` does not hold is read now."""
    inside = [{"Name": "vpc-id", "Values": [vpc.id]}]
    return {
        "Region": vpc.region,
        "Vpcs": [vpc.vpc],
        "VpcAttributes": {vpc.id: {"enableDnsSupport": vpc.dns_support, "enableDnsHostnames": vpc.dns_hostnames}},
        "Subnets": list(vpc.subnets),
        "RouteTables": list(vpc.route_tables),
        "SecurityGroups": list(vpc.groups),
        "NetworkAcls": ec2.describe_network_acls(Filters=inside)["NetworkAcls"],
        "NetworkInterfaces": list(vpc.interfaces),
        "VpcEndpoints": list(vpc.endpoints),
        "NatGateways": list(vpc.nat_gateways),
        "InternetGateways": list(vpc.internet_gateways),
        "DhcpOptions": ec2.describe_dhcp_options()["DhcpOptions"],
        "PrefixLists": ec2.describe_prefix_lists()["PrefixLists"],
    }


def hops(way: Way) -> list[tuple[bool, str]]:
    """Each hop in words, and whether it lets the task through."""
    return [(hop.verdict is not HopVerdict.BLOCKED, f"{hop.step.value}: {hop.reason}") for hop in way.path.hops]
