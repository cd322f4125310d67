"""The way from a task to each service a start asks, in the lab's VPC: ``labs.network`` over what EC2 answers now.

The task need not exist: the way is that of an interface in one of the subnets, with the tasks' group.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labs.errors import LabError
from labs.iam import Connection
from labs.lesson.bench import Bench
from labs.network import (
    DecideEndpoint,
    Destination,
    Door,
    Endpoint,
    Fix,
    Hop,
    MalformedSnapshot,
    Path,
    PolicyAnswer,
    ProposedInterface,
    Route,
    Snapshot,
    doors,
    reach,
)
from labs.partitions import partition_of
from labs.subjects.vpc import vpc_names
from labs.subjects.vpc.endpoint_policy import EndpointCall, lets_layers_through, lets_through
from labs.subjects.vpc.reading import GATEWAY, VpcReading
from labs.ui import text


@dataclass(frozen=True)
class Goal:
    """One service that a start asks: the ending of its endpoint's name, how people call it, its host name."""

    service: str
    title: str
    host: str

    def at(self, bench: Bench) -> str:
        """The host's name in this account and Region, on AWS."""
        region = bench.target.region
        return self.host.format(account=bench.target.account, region=region, suffix=partition_of(region).suffix)


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
    Goal("ecr.api", "the API of Amazon ECR", "api.ecr.{region}.{suffix}"),
    Goal("ssm", "Parameter Store", "ssm.{region}.{suffix}"),
    Goal("ecr.dkr", "the registry of Amazon ECR", "{account}.dkr.ecr.{region}.{suffix}"),
    Goal("s3", "the layers in Amazon S3", "prod-{region}-starport-layer-bucket.s3.{region}.{suffix}"),
    Goal("logs", "CloudWatch Logs", "logs.{region}.{suffix}"),
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
    def end(self) -> Hop | None:
        """The hop that blocks it, else the first that could not be checked."""
        return self.path.blocked_at or next(iter(self.path.unchecked), None)

    @property
    def where(self) -> str:
        """The kind and id of what decided there; empty when the way is open."""
        if self.end is None:
            return ""
        id = self.end.resource
        return f"{_KINDS.get(id.partition('-')[0], '')} {id}".strip()

    @property
    def why(self) -> str:
        return self.end.reason if self.end else ""

    @property
    def remedy(self) -> str:
        """The smallest change that opens it."""
        fix = self.path.blocked_at.fix if self.path.blocked_at else None
        if fix is None:
            return "compare the VPC with the notebook's cells, or start over with lab.reset()"
        return text.as_next(fix.words)


Calls = Mapping[str, Sequence[EndpointCall]]


def ways(bench: Bench, ec2: Any, vpc: VpcReading, group: str, calls: Calls | None = None) -> Iterator[Way]:
    """One way for each goal; where the subnets differ, the one that is blocked.

    ``calls``: what the task asks each goal, by the ending of its endpoint's name: the endpoint's policy is to let that
    through. Of goals that it does not name, the policy is not looked at; of the layers' it always is.
    """
    snapshot = _parsed(document(ec2, vpc))
    for goal in GOALS:
        decide = _layers(bench) if goal.service == GATEWAY else _calls(bench, (calls or {}).get(goal.service, ()))
        found = [_way(bench, snapshot, goal, subnet, group, decide) for subnet in vpc.subnet_ids]
        if found:
            yield next((way for way in found if not way.ok), found[0])


def doors_of(vpc: VpcReading) -> tuple[Door, ...]:
    """The routes of the VPC that lead out of it."""
    return doors(_parsed(_read(vpc)), vpc.id)


def routes_of(vpc: VpcReading) -> list[Route]:
    """The routes of the tables that the subnets use."""
    tables = _parsed(_read(vpc)).route_tables or {}
    return [route for table in vpc.tables for route in tables[table].routes]


def _parsed(answers: Mapping[str, Any]) -> Snapshot:
    try:
        return Snapshot.parse(answers)
    except MalformedSnapshot as error:
        raise LabError(
            f"EC2's answer cannot be read: {error}", "check AWS_ENDPOINT_URL", id="ec2-answer-unreadable"
        ) from error


def _way(bench: Bench, snapshot: Snapshot, goal: Goal, subnet: str, group: str, decide: DecideEndpoint) -> Way:
    source = ProposedInterface(subnet, (group,) if group else ())
    return Way(goal, subnet, reach(snapshot, source, Destination(goal.at(bench)), decide_endpoint=decide))


def _layers(bench: Bench) -> DecideEndpoint:
    """What the gateway endpoint's policy says of a layer."""

    bucket = vpc_names.layer_bucket_arn(bench)

    def decide(endpoint: Endpoint) -> PolicyAnswer:
        if lets_layers_through(
            endpoint.policy, bucket, Connection(bench.target.region, endpoint=endpoint.id, vpc=endpoint.vpc)
        ):
            return PolicyAnswer(True, f"The policy of {endpoint.id} allows s3:GetObject on {bucket}/*.")
        words = f"Put a policy on {endpoint.id} that allows s3:GetObject on {bucket}/* to every principal."
        return PolicyAnswer(
            False,
            f"The policy of {endpoint.id} does not allow s3:GetObject on {bucket}/*.",
            fix=Fix("modify_vpc_endpoint", {"VpcEndpointId": endpoint.id}, words),
        )

    return decide


def _calls(bench: Bench, calls: Sequence[EndpointCall]) -> DecideEndpoint:
    """What an interface endpoint's policy says of the calls that go through it; one without a policy lets all pass."""

    def decide(endpoint: Endpoint) -> PolicyAnswer:
        for call in calls if endpoint.policy else ():
            connection = Connection(bench.target.region, endpoint=endpoint.id, vpc=endpoint.vpc)
            if not lets_through(endpoint.policy, call, connection, datetime.now(UTC)):
                what = f"{call.action} on {call.resource}"
                words = (
                    f"Put a policy on {endpoint.id} that allows {what} to {call.principal.identity_arn}, or AWS's own."
                )
                return PolicyAnswer(
                    False,
                    f"The policy of {endpoint.id} does not allow {what}.",
                    fix=Fix("modify_vpc_endpoint", {"VpcEndpointId": endpoint.id}, words),
                )
        return PolicyAnswer(True)

    return decide


def document(ec2: Any, vpc: VpcReading) -> dict[str, Any]:
    """The VPC in the shape that ``Snapshot.parse`` reads; what ``Vpc`` does not hold is read now."""
    inside = [{"Name": "vpc-id", "Values": [vpc.id]}]
    return _read(vpc) | {
        "NetworkAcls": ec2.describe_network_acls(Filters=inside)["NetworkAcls"],
        "DhcpOptions": ec2.describe_dhcp_options()["DhcpOptions"],
        "PrefixLists": ec2.describe_prefix_lists()["PrefixLists"],
    }


def _read(vpc: VpcReading) -> dict[str, Any]:
    """What was read already, in that shape."""
    return {
        "Region": vpc.region,
        "Vpcs": [vpc.vpc],
        "VpcAttributes": {vpc.id: {"enableDnsSupport": vpc.dns_support, "enableDnsHostnames": vpc.dns_hostnames}},
        "Subnets": list(vpc.subnets),
        "RouteTables": list(vpc.route_tables),
        "SecurityGroups": list(vpc.groups),
        "NetworkInterfaces": list(vpc.interfaces),
        "VpcEndpoints": list(vpc.endpoints),
        "NatGateways": list(vpc.nat_gateways),
        "InternetGateways": list(vpc.internet_gateways),
        "EgressOnlyInternetGateways": list(vpc.egress_only_gateways),
    }
