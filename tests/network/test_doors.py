"""Which routes are doors: every target that EC2 knows, IPv4, IPv6 and prefix lists."""

import botocore.session
import pytest

from labs.network import Beyond, Snapshot, TargetKind, doors
from labs.network.depart import OUT_OF_MODEL
from labs.network.doors import _BEYOND
from labs.network.parse import _TARGETS

pytestmark = pytest.mark.unit

INTERNET, UNSEEN = Beyond.INTERNET, Beyond.UNSEEN
# A route's target as DescribeRouteTables answers it, and what lies behind it.
CASES = [
    ({"GatewayId": "igw-1"}, INTERNET, "the internet gateway igw-1"),
    ({"EgressOnlyInternetGatewayId": "eigw-1"}, INTERNET, "the egress-only internet gateway eigw-1"),
    ({"GatewayId": "eigw-1"}, INTERNET, "the egress-only internet gateway eigw-1"),
    ({"NatGatewayId": "nat-public"}, INTERNET, "the NAT gateway nat-public"),
    ({"NatGatewayId": "nat-unknown"}, INTERNET, "the NAT gateway nat-unknown"),
    ({"NatGatewayId": "nat-private"}, UNSEEN, "the NAT gateway nat-private"),
    ({"CarrierGatewayId": "cagw-1"}, INTERNET, "the carrier gateway cagw-1"),
    ({"InstanceId": "i-1", "NetworkInterfaceId": "eni-1"}, UNSEEN, "the network interface eni-1"),
    ({"InstanceId": "i-1"}, UNSEEN, "the network interface i-1"),
    ({"TransitGatewayId": "tgw-1"}, UNSEEN, "the transit gateway tgw-1"),
    ({"VpcPeeringConnectionId": "pcx-1"}, UNSEEN, "the VPC peering connection pcx-1"),
    ({"GatewayId": "vgw-1"}, UNSEEN, "the virtual private gateway vgw-1"),
    ({"LocalGatewayId": "lgw-1"}, UNSEEN, "the local gateway lgw-1"),
    ({"CoreNetworkArn": "arn:core"}, UNSEEN, "the core network arn:core"),
    ({"OdbNetworkArn": "arn:odb"}, UNSEEN, "the ODB network arn:odb"),
    ({"GatewayId": "vpce-lb"}, UNSEEN, "the VPC endpoint vpce-lb"),
    ({"GatewayId": "vpce-gone"}, UNSEEN, "the VPC endpoint vpce-gone"),
    ({"GatewayId": "VpcLattice"}, UNSEEN, "an unknown target"),
    ({"GatewayOfTomorrowId": "tomorrow-1"}, UNSEEN, "an unknown target"),
    ({}, UNSEEN, "an unknown target"),
]
SHUT = [
    {"GatewayId": "local"},
    {"GatewayId": "vpce-s3"},
    {"GatewayId": "igw-1", "State": "blackhole"},
    {"EgressOnlyInternetGatewayId": "eigw-1", "State": "blackhole"},
    {"State": "blackhole"},
]
TO = [
    {"DestinationCidrBlock": "0.0.0.0/0"},
    {"DestinationCidrBlock": "0.0.0.0/1"},
    {"DestinationCidrBlock": "198.51.100.7/32"},
    {"DestinationCidrBlock": "10.1.0.0/16"},
    {"DestinationIpv6CidrBlock": "::/0"},
    {"DestinationIpv6CidrBlock": "2001:db8::/32"},
    {"DestinationPrefixListId": "pl-1"},
]


def vpc(*routes, main=True, table_vpc="vpc-1"):
    endpoints = [
        {"VpcEndpointId": id, "VpcId": "vpc-1", "ServiceName": name, "VpcEndpointType": kind, "State": "available"}
        for id, name, kind in (
            ("vpce-s3", "com.amazonaws.us-east-1.s3", "Gateway"),
            ("vpce-lb", "com.amazonaws.vpce.us-east-1.vpce-svc-1", "GatewayLoadBalancer"),
        )
    ]
    nats = [
        {"NatGatewayId": f"nat-{kind}", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available",
         "ConnectivityType": kind}
        for kind in ("public", "private")
    ]  # fmt: skip
    table = {"RouteTableId": "rtb-1", "VpcId": table_vpc, "Routes": list(routes), "Associations": [{"Main": main}]}
    return Snapshot.parse({"RouteTables": [table], "VpcEndpoints": endpoints, "NatGateways": nats})


@pytest.mark.parametrize("to", TO, ids=str)
@pytest.mark.parametrize(("target", "beyond", "words"), CASES, ids=[each[2] for each in CASES])
def test_every_target_is_a_door_and_said_by_its_name(to, target, beyond, words):
    (found,) = doors(vpc({"State": "active", **to, **target}), "vpc-1")
    assert (found.beyond, found.target, found.route.key) == (beyond, words, next(iter(to.values())))


@pytest.mark.parametrize("to", TO, ids=str)
@pytest.mark.parametrize("target", SHUT, ids=str)
def test_the_vpc_itself_gateway_endpoints_and_blackholes_are_none(to, target):
    assert doors(vpc({"State": "active", **to, **target}), "vpc-1") == ()


def test_a_route_of_a_table_that_no_subnet_uses_is_a_door_as_well():
    wide = vpc({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, main=False)
    assert [door.beyond for door in doors(wide, "vpc-1")] == [INTERNET]


def test_another_vpcs_routes_are_not_this_ones():
    assert doors(vpc({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, table_vpc="vpc-2"), "vpc-1") == ()


def test_the_door_to_the_internet_is_told_first():
    found = doors(
        vpc(
            {"DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": "pcx-1"},
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
        ),
        "vpc-1",
    )
    assert [door.beyond for door in found] == [INTERNET, UNSEEN]


def test_every_kind_of_target_has_an_answer_and_none_is_shut_but_the_vpc_itself():
    assert set(_BEYOND) == set(TargetKind)
    assert [kind for kind, beyond in _BEYOND.items() if beyond is Beyond.NOTHING] == [TargetKind.LOCAL]


def test_what_a_path_cannot_follow_is_no_door_that_can_be_seen_through():
    """The diagnosis and the check agree; only of a carrier gateway is it known that the internet lies behind it."""
    shut = {kind for kind, beyond in _BEYOND.items() if beyond is UNSEEN} - {TargetKind.ENDPOINT}
    assert OUT_OF_MODEL - {TargetKind.CARRIER_GATEWAY} == shut


def test_every_target_of_ec2s_model_is_known():
    """A member of Route that names a target and that nobody reads would make a route without one.

    Routes to a Gateway Load Balancer's endpoint name it in GatewayId; VpcEndpointId is CreateRoute's own.
    """
    about = {"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId", "Origin", "State"}
    beside = {"InstanceOwnerId", "IpAddress", "GatewayId"}
    model = botocore.session.get_session().get_service_model("ec2").shape_for("Route")
    assert set(model.members) - about - beside == set(_TARGETS) - {"VpcEndpointId"}
