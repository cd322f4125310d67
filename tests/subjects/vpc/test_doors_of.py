"""What stage 04 says of every route that leads out of the VPC, and of the gateways that are attached to it."""

from types import SimpleNamespace
from typing import Any

import pytest

from labs.lesson.stage import catalogue
from labs.stages.private_subnet import check
from labs.subjects.vpc import reading
from labs.verdict import Status

pytestmark = pytest.mark.unit

SUBNETS = tuple(
    {"SubnetId": f"subnet-{zone}", "AvailabilityZone": zone, "VpcId": "vpc-1", "CidrBlock": f"10.0.{n}.0/24"}
    for n, zone in enumerate("ab")
)
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}


def asked(*routes: dict[str, Any], **more: Any) -> Any:
    table = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [LOCAL, *routes], "Associations": [{"Main": True}]}
    vpc = reading.VpcReading(
        {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, True, True, "us-east-1",
        subnets=SUBNETS, route_tables=(table,), **more,
    )  # fmt: skip
    subject = SimpleNamespace(vpcs=[vpc.vpc], vpc=vpc, say=lambda id, **values: (id, values))
    return check._vpc(subject)


TARGETS = {
    "private.route_out": ({"GatewayId": "igw-1"}, {"EgressOnlyInternetGatewayId": "eigw-1"}, {"NatGatewayId": "nat-1"},
                          {"CarrierGatewayId": "cagw-1"}),
    "private.route_unseen": ({"NetworkInterfaceId": "eni-1"}, {"TransitGatewayId": "tgw-1"}, {"GatewayId": "vgw-1"},
                             {"VpcPeeringConnectionId": "pcx-1"}, {"LocalGatewayId": "lgw-1"},
                             {"CoreNetworkArn": "arn"}, {"OdbNetworkArn": "arn"}, {"GatewayId": "vpce-lb"},
                             {"GatewayId": "VpcLattice"}, {"SomethingNewId": "new-1"}),
}  # fmt: skip
DESTINATIONS = (
    {"DestinationCidrBlock": "0.0.0.0/0"}, {"DestinationIpv6CidrBlock": "::/0"}, {"DestinationPrefixListId": "pl-1"}
)  # fmt: skip


@pytest.mark.parametrize("to", DESTINATIONS, ids=str)
@pytest.mark.parametrize(("id", "target"), [(id, each) for id, targets in TARGETS.items() for each in targets], ids=str)
def test_no_route_out_of_the_vpc_passes(id: str, target: dict[str, str], to: dict[str, str]) -> None:
    said, values = asked({**to, **target, "State": "active"})
    assert said == id
    assert values["destination"] == next(iter(to.values()))


def test_a_vpc_with_its_own_routes_only_goes_on() -> None:
    assert asked() is None


def test_a_gateway_that_is_attached_is_named_before_any_route_leads_to_it() -> None:
    gateway = {"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{"State": "attached", "VpcId": "vpc-1"}]}
    said = asked(egress_only_gateways=(gateway,))
    assert said == ("private.egress_only_gateway", {"gateway": "eigw-1", "vpc": "vpc-1"})


class Ec2:
    """Answers what a VPC without anything has; only the egress-only gateways are given."""

    def __init__(self, gateways: list[dict[str, Any]]) -> None:
        self.gateways = gateways

    def __getattr__(self, name: str) -> Any:
        answers: dict[str, Any] = {
            "describe_vpc_attribute": {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}},
            "describe_egress_only_internet_gateways": {"EgressOnlyInternetGateways": self.gateways},
        }
        member = "".join(each.capitalize() for each in name.removeprefix("describe_").split("_"))
        return lambda **_: answers.get(name, {member: []})


def test_only_this_vpcs_egress_only_gateways_are_read() -> None:
    gateways = [
        {"EgressOnlyInternetGatewayId": f"eigw-{n}", "Attachments": [{"State": "attached", "VpcId": vpc}]}
        for n, vpc in enumerate(("vpc-1", "vpc-2"))
    ]
    found = reading.read_vpc(Ec2(gateways), {"VpcId": "vpc-1"}, "us-east-1")
    assert [each["EgressOnlyInternetGatewayId"] for each in found.egress_only_gateways] == ["eigw-0"]


def test_what_cannot_be_seen_is_cannot_check_and_never_pass() -> None:
    messages = catalogue().messages
    assert messages["private.route_unseen"].status is Status.CANNOT_CHECK
    assert messages["private.route_out"].status is Status.FAIL
