"""The lab's VPC as the account has it: what the describe calls of EC2 answer about it, and nothing else.

Every list holds AWS's own dicts, so that a check, the picture and the notebook speak of the same names. Shapes: the
EC2 API reference. What is the lab's is told by its tag, never by a kernel variable.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.ledger.names import KIT_TAG
from labs.lesson.bench import Bench

Answer = Mapping[str, Any]
TASKS, ENDPOINTS = "tasks", "endpoints"
# The endings of the four interface endpoints of the talk: com.amazonaws.<region>.ecr.api, ...
INTERFACES = ("ecr.api", "ecr.dkr", "ssm", "logs")
GATEWAY = "s3"
HTTPS = 443


@dataclass(frozen=True)
class VpcReading:
    """One VPC, read at one moment. ``main_table`` routes the subnets without a route table of their own."""

    vpc: Answer
    dns_support: bool
    dns_hostnames: bool
    region: str
    subnets: tuple[Answer, ...] = field(default_factory=tuple)
    route_tables: tuple[Answer, ...] = field(default_factory=tuple)
    groups: tuple[Answer, ...] = field(default_factory=tuple)
    endpoints: tuple[Answer, ...] = field(default_factory=tuple)
    internet_gateways: tuple[Answer, ...] = field(default_factory=tuple)
    egress_only_gateways: tuple[Answer, ...] = field(default_factory=tuple)
    nat_gateways: tuple[Answer, ...] = field(default_factory=tuple)
    interfaces: tuple[Answer, ...] = field(default_factory=tuple, repr=False)

    @property
    def id(self) -> str:
        return str(self.vpc["VpcId"])

    @property
    def subnet_ids(self) -> tuple[str, ...]:
        return tuple(str(each["SubnetId"]) for each in self.subnets)

    @property
    def zones(self) -> tuple[str, ...]:
        """The Availability Zones of the subnets, each once."""
        return tuple(sorted({str(each["AvailabilityZone"]) for each in self.subnets}))

    def group(self, group_id: str) -> Answer | None:
        """The security group with that id."""
        return next((each for each in self.groups if each["GroupId"] == group_id), None)

    def group_named(self, name: str) -> str:
        """The id of the security group with that name; empty when there is none."""
        return next((str(each["GroupId"]) for each in self.groups if each["GroupName"] == name), "")

    def service(self, endpoint: Answer) -> str:
        """The ending of an endpoint's service name: ``ecr.api``."""
        return ending(str(endpoint["ServiceName"]), self.region)

    def endpoint(self, service: str, kind: str = "") -> Answer | None:
        """The endpoint of a service, of that type if one is given; of several, the one with the private name."""
        found = [
            each
            for each in self.endpoints
            if self.service(each) == service and kind in ("", each.get("VpcEndpointType"))
        ]
        return max(found, key=lambda each: bool(each.get("PrivateDnsEnabled")), default=None)

    def table_of(self, subnet_id: str) -> Answer | None:
        """The route table of a subnet: its own, else the VPC's main one."""
        main = None
        for table in self.route_tables:
            for link in table.get("Associations", ()):
                if link.get("SubnetId") == subnet_id:
                    return table
                if link.get("Main"):
                    main = table
        return main

    @property
    def tables(self) -> tuple[str, ...]:
        """The ids of the route tables that the subnets use, each once."""
        found = [self.table_of(each) for each in self.subnet_ids]
        return tuple(dict.fromkeys(str(table["RouteTableId"]) for table in found if table is not None))


def ending(service_name: str, region: str) -> str:
    """``com.amazonaws.us-east-1.ecr.api`` is ``ecr.api``; another Region's name stays as it is."""
    return service_name.removeprefix(f"com.amazonaws.{region}.")


def ours(ec2: Any, prefix: str) -> tuple[Answer, ...]:
    """The VPCs that carry the lab's tag."""
    filters = [{"Name": f"tag:{KIT_TAG}", "Values": [prefix]}]
    return tuple(ec2.describe_vpcs(Filters=filters)["Vpcs"])


def read(bench: Bench, ec2: Any) -> VpcReading | None:
    """The lab's VPC with everything in it; None when there is none, the first when there are several."""
    found = ours(ec2, bench.target.prefix)
    return read_vpc(ec2, found[0], bench.target.region) if found else None


def read_vpc(ec2: Any, vpc: Answer, region: str) -> VpcReading:
    """Everything in one VPC. ``ec2`` is a boto3 client; its errors are passed on."""
    parts: dict[str, Any] = {name: part(ec2, str(vpc["VpcId"])) for name, part in _PARTS.items()}
    return VpcReading(vpc=vpc, region=region, **parts)


def look(bench: Bench, ec2: Any) -> VpcReading | None:
    """The lab's VPC, each part read when it is first asked for: for who wants one or two, not all of one moment."""
    found = ours(ec2, bench.target.prefix)
    return _Look(ec2, found[0], bench.target.region) if found else None


class _Look(VpcReading):
    def __init__(self, ec2: Any, vpc: Answer, region: str) -> None:
        self.__dict__.update(vpc=vpc, region=region, _ec2=ec2)

    def __getattr__(self, name: str) -> Any:
        if name not in _PARTS:
            raise AttributeError(name)
        found = self.__dict__[name] = _PARTS[name](self._ec2, self.id)
        return found


def _inside(vpc_id: str, name: str = "vpc-id") -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [vpc_id]}]


def _attribute(ec2: Any, vpc_id: str, name: str) -> bool:
    answer = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
    return bool(answer[f"{name[0].upper()}{name[1:]}"]["Value"])


def _nat_gateways(ec2: Any, vpc_id: str) -> tuple[Answer, ...]:
    found = ec2.describe_nat_gateways(Filters=_inside(vpc_id))["NatGateways"]
    return tuple(each for each in found if not _leaving(each))


def _endpoints(ec2: Any, vpc_id: str) -> tuple[Answer, ...]:
    found = ec2.describe_vpc_endpoints(Filters=_inside(vpc_id))["VpcEndpoints"]
    return tuple(each for each in found if not _leaving(each))


def _subnets(ec2: Any, vpc_id: str) -> tuple[Answer, ...]:
    found = ec2.describe_subnets(Filters=_inside(vpc_id))["Subnets"]
    return tuple(sorted(found, key=lambda each: each["CidrBlock"]))


def _internet_gateways(ec2: Any, vpc_id: str) -> tuple[Answer, ...]:
    filters = _inside(vpc_id, "attachment.vpc-id")
    return tuple(ec2.describe_internet_gateways(Filters=filters)["InternetGateways"])


def _attached_to(gateway: Answer) -> list[str]:
    return [str(each.get("VpcId")) for each in gateway.get("Attachments", ())]


def _egress_only_gateways(ec2: Any, vpc_id: str) -> tuple[Answer, ...]:
    # Asked for whole: no filter of this call knows the VPC.
    found = ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
    return tuple(each for each in found if vpc_id in _attached_to(each))


# The parts of a reading, and the call that answers each.
_PARTS: Mapping[str, Callable[[Any, str], Any]] = {
    "nat_gateways": _nat_gateways,
    "endpoints": _endpoints,
    "dns_support": lambda ec2, id: _attribute(ec2, id, "enableDnsSupport"),
    "dns_hostnames": lambda ec2, id: _attribute(ec2, id, "enableDnsHostnames"),
    "subnets": _subnets,
    "route_tables": lambda ec2, id: tuple(ec2.describe_route_tables(Filters=_inside(id))["RouteTables"]),
    "groups": lambda ec2, id: tuple(ec2.describe_security_groups(Filters=_inside(id))["SecurityGroups"]),
    "internet_gateways": _internet_gateways,
    "egress_only_gateways": _egress_only_gateways,
    "interfaces": lambda ec2, id: tuple(ec2.describe_network_interfaces(Filters=_inside(id))["NetworkInterfaces"]),
}


def strays(ec2: Any, prefix: str, vpc_id: str) -> tuple[Answer, ...]:
    """Endpoints with the lab's tag that stand in another VPC."""
    filters = [{"Name": f"tag:{KIT_TAG}", "Values": [prefix]}]
    found = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    return tuple(each for each in found if each["VpcId"] != vpc_id and not _leaving(each))


@dataclass(frozen=True)
class RuleSource:
    """Where a rule of a security group lets traffic in from: a CIDR block, a group or a prefix list, by its name."""

    name: str
    kind: str


def sources(permission: Answer) -> Iterator[RuleSource]:
    """The sources that one permission names (``IpPermissions`` holds several in one)."""
    for kind, key, name in (
        ("cidr", "IpRanges", "CidrIp"),
        ("cidr", "Ipv6Ranges", "CidrIpv6"),
        ("group", "UserIdGroupPairs", "GroupId"),
        ("list", "PrefixListIds", "PrefixListId"),
    ):
        for each in permission.get(key, ()):
            yield RuleSource(str(each[name]), kind)


def covers(permission: Answer, port: int) -> bool:
    """Whether a permission is about TCP and that port."""
    protocol = str(permission.get("IpProtocol"))
    if protocol == "-1":
        return True
    return protocol in ("tcp", "6") and int(permission["FromPort"]) <= port <= int(permission["ToPort"])


def exactly(permission: Answer, port: int) -> bool:
    """Whether it is about TCP and no other port."""
    return covers(permission, port) and permission.get("FromPort") == permission.get("ToPort") == port


def ports(permission: Answer) -> str:
    """The protocol and ports in words."""
    if str(permission.get("IpProtocol")) == "-1":
        return "every port"
    first, last = permission.get("FromPort"), permission.get("ToPort")
    return f"{permission['IpProtocol']} {first}" if first == last else f"{permission['IpProtocol']} {first} to {last}"


def _leaving(resource: Answer) -> bool:
    """What was deleted is still listed for a while."""
    return str(resource.get("State", "")).lower() in ("deleting", "deleted", "failed")
