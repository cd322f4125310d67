"""What keeps a VPC, a subnet or a group from going: read from the account, said in words."""

from typing import TYPE_CHECKING

from labs.ledger.kind import Blockers

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import FilterTypeDef

_FILTER = {"vpc": "vpc-id", "subnet": "subnet-id", "sg": "group-id"}


def blockers(ec2: "EC2Client", id: str) -> Blockers:
    """What is in it now. Interfaces that AWS manages (of endpoints, NAT gateways, tasks) go by themselves."""
    kind = id.partition("-")[0]
    wanted: list[FilterTypeDef] = [{"Name": _FILTER[kind], "Values": [id]}]
    passing: list[str] = []
    staying: list[str] = []
    for interface in ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]:
        goes = interface.get("RequesterManaged") or "attachment" in interface.get("Description", "")
        (passing if goes else staying).append(interface["NetworkInterfaceId"])
    if kind == "vpc":
        staying += _inside(ec2, wanted)
    elif kind == "sg":
        staying += _referring(ec2, id)
    if staying:
        return Blockers(f"in use by {_some(staying)}, not this lab's to remove", False)
    return Blockers(f"in use by {_some(passing)}, which AWS is removing" if passing else "", True)


def _inside(ec2: "EC2Client", wanted: "list[FilterTypeDef]") -> list[str]:
    """The subnets, groups, route tables and gateways of a VPC that it did not bring with it."""
    subnets = [each["SubnetId"] for each in ec2.describe_subnets(Filters=wanted)["Subnets"]]
    groups = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]
    tables = ec2.describe_route_tables(Filters=wanted)["RouteTables"]
    own = [each["RouteTableId"] for each in tables if not any(a.get("Main") for a in each["Associations"])]
    gateways = _gateways(ec2, wanted[0]["Values"][0])
    return [*gateways, *subnets, *(each["GroupId"] for each in groups if each["GroupName"] != "default"), *own]


def _gateways(ec2: "EC2Client", vpc: str) -> list[str]:
    """The internet gateways of both kinds that are attached to a VPC."""
    attached: list[FilterTypeDef] = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    found = [each["InternetGatewayId"] for each in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]]
    # No filter of this call knows the VPC.
    for each in ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]:
        if vpc in (one.get("VpcId") for one in each.get("Attachments", ())):
            found.append(each["EgressOnlyInternetGatewayId"])
    return found


def _referring(ec2: "EC2Client", id: str) -> list[str]:
    """Other groups with a rule that names this one."""
    found = set()
    for name in ("ip-permission.group-id", "egress.ip-permission.group-id"):
        groups = ec2.describe_security_groups(Filters=[{"Name": name, "Values": [id]}])["SecurityGroups"]
        found |= {each["GroupId"] for each in groups}
    return sorted(found - {id})


def _some(ids: list[str]) -> str:
    shown = ", ".join(ids[:3])
    return f"{shown} and {len(ids) - 3} more" if len(ids) > 3 else shown
