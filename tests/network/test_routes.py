"""Routes and what is behind them. Amazon VPC User Guide: route-tables-priority, nat-gateways, internet gateways."""

import pytest

from labs.network import Destination, HopVerdict, PathStep

from .vpc import ECR_API, LAYERS, S3_LIST, TABLE, A, entry, interface, local, permission, task

PEOPLE = "registry-1.docker.io:443"
SIX = "[2001:4860:4860::8888]:443"


@pytest.fixture
def wide(cloud):
    cloud.group()["IpPermissionsEgress"] = [permission(protocol="-1"), permission("::/0", protocol="-1")]
    return cloud


def to(block, **target):
    key = "DestinationIpv6CidrBlock" if ":" in block else "DestinationCidrBlock"
    return {key: block, "State": "active", **target}


def test_the_most_specific_route_counts(wide):
    wide.add_public_subnet(nat=True)
    wide.table()["Routes"].append(to("192.0.2.0/24", TransitGatewayId="tgw-1"))
    assert wide.reach("93.184.216.34:443").ok
    assert wide.reach("192.0.2.1:443").unchecked[0].resource == "tgw-1"


def test_a_static_route_counts_before_a_prefix_list_of_the_same_length(wide):
    wide["PrefixLists"][0]["Cidrs"] = ["52.216.0.0/15"]
    wide.table()["Routes"].append(to("52.216.0.0/15", TransitGatewayId="tgw-1"))
    assert wide.reach(LAYERS).unchecked[0].resource == "tgw-1"


def test_the_prefix_list_counts_before_a_wider_static_route(wide):
    wide.add_public_subnet(nat=True)
    assert wide.reach(LAYERS).endpoint.id == "vpce-s3"


def test_a_static_route_counts_before_a_propagated_one(wide):
    wide.add_public_subnet(nat=True)
    wide.table()["Routes"].insert(0, to("0.0.0.0/0", GatewayId="vgw-1", Origin="EnableVgwRoutePropagation"))
    assert wide.reach(PEOPLE).ok


def test_the_local_route_counts_before_a_more_specific_propagated_one(wide):
    wide.table()["Routes"].append(to("10.0.2.0/24", GatewayId="vgw-1", Origin="EnableVgwRoutePropagation"))
    assert wide.reach("10.0.2.100:443").ok


def test_a_more_specific_static_route_counts_before_the_local_one(wide):
    wide.table()["Routes"].append(to("10.0.2.0/24", NetworkInterfaceId="eni-firewall"))
    path = wide.reach("10.0.2.100:443")
    assert (path.ok, path.unchecked[0].resource) == (None, "eni-firewall")


def test_an_explicit_association_counts_before_the_main_table(wide):
    wide.table("rtb-main")["Routes"] = [to("0.0.0.0/0", GatewayId="igw-9")]
    assert wide.reach(LAYERS).hops[3].resource == TABLE


def test_the_order_of_tables_does_not_matter(wide):
    wide["RouteTables"].reverse()
    assert wide.reach(LAYERS).ok


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ({"VpcPeeringConnectionId": "pcx-1"}, "VPC peering connection"),
        ({"TransitGatewayId": "tgw-1"}, "transit gateway"),
        ({"GatewayId": "vgw-1"}, "virtual private gateway"),
        ({"LocalGatewayId": "lgw-1"}, "local gateway"),
        ({"CarrierGatewayId": "cagw-1"}, "carrier gateway"),
        ({"CoreNetworkArn": "arn:aws:networkmanager::111122223333:core-network/cn-1"}, "core network"),
        ({"NetworkInterfaceId": "eni-9", "InstanceId": "i-9"}, "network interface"),
        ({"GatewayId": "vpce-gwlb"}, "GatewayLoadBalancer"),
    ],
)
def test_what_is_out_of_the_model_is_refused_by_name(wide, target, word):
    wide["VpcEndpoints"].append(
        {"VpcEndpointId": "vpce-gwlb", "VpcEndpointType": "GatewayLoadBalancer", "VpcId": "vpc-1", "State": "available"}
    )
    wide.table()["Routes"].append(to("0.0.0.0/0", **target))
    path = wide.reach(PEOPLE)
    (hop,) = path.unchecked
    assert (path.ok, path.blocked_at) == (None, None)
    assert word in hop.reason
    assert "out of this model" in hop.reason


def test_a_blocked_hop_is_told_even_behind_one_that_cannot_be_checked(wide):
    wide.add_public_subnet(nat=True)
    wide.group()["IpPermissionsEgress"] = [permission("52.0.0.0/8")]
    wide["NatGateways"][0]["State"] = "failed"
    path = wide.reach(PEOPLE)
    assert (path.ok, path.blocked_at.resource) == (False, "nat-1")
    assert [hop.step for hop in path.unchecked] == [PathStep.GROUPS_OUT]


def test_an_internet_gateway_and_a_public_address(wide):
    wide.add_public_subnet()
    path = wide.reach(PEOPLE, "eni-public")
    assert path.ok
    assert [hop.step for hop in path.hops][-3:] == [PathStep.ROUTE, PathStep.GATEWAY, PathStep.RETURN_ACL]


def test_a_task_with_a_public_address_in_a_public_subnet(wide):
    wide.add_public_subnet()
    assert wide.reach(PEOPLE, task("subnet-p", "sg-tasks", public=True)).ok
    assert wide.reach(PEOPLE, task("subnet-p", "sg-tasks")).blocked_at.fix.operation == "run_task"


def test_a_nat_gateway_is_followed_to_the_internet_gateway_and_back(wide):
    wide.add_public_subnet(nat=True)
    path = wide.reach(PEOPLE)
    assert path.ok
    assert [(hop.step, hop.resource) for hop in path.hops[3:]] == [
        (PathStep.ROUTE, TABLE),
        (PathStep.GATEWAY, "nat-1"),
        (PathStep.NAT_ACL, "acl-public"),
        (PathStep.NAT_ROUTE, "igw-1"),
        (PathStep.NAT_ACL, "acl-public"),
        (PathStep.RETURN_ACL, "acl-public"),
        (PathStep.RETURN_ACL, "acl-public"),
        (PathStep.RETURN_ACL, "acl-1"),
    ]


def test_behind_a_nat_gateway_its_own_subnets_s3_gateway_serves(wide):
    wide.add_public_subnet(nat=True)
    wide.table()["Routes"] = [route for route in wide.table()["Routes"] if "NatGatewayId" in route] + [local()]
    wide.table("rtb-public")["Routes"].append({"DestinationPrefixListId": S3_LIST, "GatewayId": "vpce-s3"})
    path = wide.reach(LAYERS)
    assert (path.ok, path.endpoint.id) == (True, "vpce-s3")


def test_a_regional_nat_gateway_is_out_of_the_model(wide):
    wide.add_public_subnet(nat=True)
    wide["NatGateways"][0] |= {"AvailabilityMode": "regional", "SubnetId": None}
    assert wide.reach(PEOPLE).unchecked[0].resource == "nat-1"


def test_blocked_ingress_leaves_the_nat_gateway_its_way_out(wide):
    wide.add_public_subnet(nat=True)
    wide["Vpcs"][0]["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": "block-ingress"}
    assert wide.reach(PEOPLE).ok
    wide["Vpcs"][0]["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": "block-bidirectional"}
    assert wide.reach(PEOPLE).blocked_at.rule == "InternetGatewayBlockMode: block-bidirectional"


def test_a_subnet_excluded_from_block_public_access_is_open(wide):
    wide.add_public_subnet()
    wide["Vpcs"][0]["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": "block-bidirectional"}
    wide["Subnets"][-1]["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": "off"}
    assert wide.reach(PEOPLE, "eni-public").ok


def test_a_private_address_outside_the_vpc_does_not_leave_by_an_internet_gateway(wide):
    wide.add_public_subnet(nat=True)
    assert wide.reach("10.99.0.1:443", "eni-public").blocked_at.step is PathStep.GATEWAY
    assert wide.reach("10.99.0.1:443").blocked_at.step is PathStep.NAT_ROUTE


@pytest.fixture
def six(wide):
    """The task has an IPv6 address and an egress-only internet gateway."""
    wide.interface()["Ipv6Addresses"] = [{"Ipv6Address": "2600:1f18:0:1::10"}]
    wide.acl()["Entries"] += [entry(101, "allow", way, "::/0") for way in (False, True)]
    wide["EgressOnlyInternetGateways"].append(
        {"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{"State": "attached", "VpcId": "vpc-1"}]}
    )
    wide.table()["Routes"].append(to("::/0", EgressOnlyInternetGatewayId="eigw-1"))
    return wide


def test_ipv6_leaves_by_an_egress_only_internet_gateway(six):
    path = six.reach(SIX)
    assert path.ok
    assert path.hops[3].resource == "eigw-1"


def test_ipv6_does_not_use_ipv4_routes(six):
    six.table()["Routes"] = [local(), to("0.0.0.0/0", EgressOnlyInternetGatewayId="eigw-1")]
    path = six.reach(SIX)
    assert path.blocked_at.step is PathStep.ROUTE
    assert path.blocked_at.fix.parameters["DestinationIpv6CidrBlock"] == "::/0"


def test_an_egress_only_gateway_of_another_vpc_leads_nowhere(six):
    six["EgressOnlyInternetGateways"][0]["Attachments"][0]["VpcId"] = "vpc-2"
    assert six.reach(SIX).blocked_at.resource == "eigw-1"


def test_ipv6_needs_no_public_ipv4_address_at_an_internet_gateway(six):
    six.add_public_subnet()
    six.table()["Routes"][-1] = to("::/0", GatewayId="igw-1")
    assert six.reach(SIX).ok


def test_a_source_without_ipv6_does_not_reach_ipv6(wide):
    assert wide.reach(SIX).blocked_at.rule == "no IPv6 address"


def test_an_ipv6_only_source_is_not_judged_by_names(cloud):
    six = [{"Ipv6Address": "2600:1f18:0:1::10"}]
    cloud.interface().update(PrivateIpAddress=None, PrivateIpAddresses=[], Ipv6Addresses=six)
    path = cloud.reach(ECR_API)
    assert (path.ok, path.unchecked[0].step) == (None, PathStep.SOURCE)


def test_the_addresses_that_aws_keeps_in_a_subnet_cannot_be_checked(wide):
    path = wide.reach("10.0.2.2:53")
    assert (path.ok, path.unchecked[0].step) == (None, PathStep.DESTINATION)


def test_an_address_and_a_name_of_one_interface_give_the_same_path(cloud):
    by_name, by_address = cloud.reach(ECR_API), cloud.reach("10.0.1.100:443")
    assert by_name.hops[1:] == by_address.hops
    assert by_address.endpoint.id == "vpce-ecr.api"


def test_an_interface_in_another_zone_is_reached(cloud):
    path = cloud.reach("10.0.2.100:443")
    (hop,) = [hop for hop in path.hops if hop.step is PathStep.ENDPOINT]
    assert hop.verdict is HopVerdict.OPEN
    assert "us-east-1b, which is another zone than us-east-1a" in hop.reason


def test_an_endpoint_in_the_other_subnet_only_serves_both(cloud):
    cloud.remove("VpcEndpoints", VpcEndpointId="vpce-ssm")
    cloud.add_endpoint("ssm", 40, subnets=("subnet-b",))
    assert cloud.reach("ssm.us-east-1.amazonaws.com").ok
    assert cloud.reach("ssm.us-east-1.amazonaws.com", task(A, "sg-tasks")).ok


def test_udp_has_its_own_rules(wide):
    wide["NetworkInterfaces"].append(interface("eni-dns", A, "10.0.1.53", "sg-default"))
    wide.group("sg-default")["IpPermissions"] = [permission("sg-tasks", 53, "udp")]
    assert wide.reach(Destination("10.0.1.53", 53, "udp")).ok
    assert not wide.reach(Destination("10.0.1.53", 53)).ok
