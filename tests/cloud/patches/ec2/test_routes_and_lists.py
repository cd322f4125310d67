"""Routes, prefix lists, DHCP options, rules: what the network model reads."""

import ipaddress

import pytest

from tests.cloud.lab_cloud import refused, until
from tests.cloud.patches.ec2.lab_vpc import LabVpc


def igw(vpc, attach=True):
    made = vpc.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    if attach:
        vpc.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc.id)
    return made


def world(vpc, table, **target):
    vpc.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)


def states(vpc, table):
    return [route["State"] for route in vpc.routes(table)]


def test_a_route_without_its_gateway_is_a_blackhole(vpc):
    table, gateway = vpc.table(), igw(vpc)
    world(vpc, table, GatewayId=gateway)
    assert states(vpc, table) == ["active", "active"]
    vpc.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    assert states(vpc, table) == ["active", "blackhole"]
    vpc.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    assert states(vpc, table) == ["active", "active"]


def test_a_route_to_a_deleted_nat_gateway_is_a_blackhole(vpc):
    table, ec2 = vpc.table(), vpc.ec2
    igw(vpc)
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.create_nat_gateway(SubnetId=vpc.a, AllocationId=address["AllocationId"])["NatGateway"]
    world(vpc, table, NatGatewayId=made["NatGatewayId"])
    shown = vpc.only("nat_gateways", "NatGateways", vpc_id=vpc.id)[0]
    held = shown["NatGatewayAddresses"][0]
    assert (shown["State"], shown["ConnectivityType"], held["PublicIp"]) == ("available", "public", address["PublicIp"])
    assert ipaddress.ip_address(held["PrivateIp"]) in ipaddress.ip_network(f"{vpc.prefix}.0.0/24")
    assert not ipaddress.ip_address(held["PublicIp"]).is_loopback
    assert vpc.interfaces()[0]["InterfaceType"] == "nat_gateway"
    assert states(vpc, table) == ["active", "active"]
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert states(vpc, table) == ["active", "blackhole"]


def test_a_route_to_an_interface_that_is_deleted(vpc):
    table = vpc.table()
    eni = vpc.ec2.create_network_interface(SubnetId=vpc.a)["NetworkInterface"]["NetworkInterfaceId"]
    world(vpc, table, NetworkInterfaceId=eni)
    vpc.ec2.delete_network_interface(NetworkInterfaceId=eni)
    assert states(vpc, table) == ["active", "blackhole"]


def test_a_gateway_of_another_vpc(vpc, ec2):
    table = vpc.table()
    for gateway in (igw(vpc, attach=False), igw(LabVpc(ec2))):
        answer = refused(ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        words = f"route table {table} and network gateway {gateway} belong to different networks"
        assert answer[:2] == ("InvalidParameterValue", words)


def egress_only(vpc, **more):
    made = vpc.ec2.create_egress_only_internet_gateway(VpcId=vpc.id, **more)["EgressOnlyInternetGateway"]
    return made["EgressOnlyInternetGatewayId"]


def interface(vpc):
    return vpc.ec2.create_network_interface(SubnetId=vpc.a)["NetworkInterface"]["NetworkInterfaceId"]


def own_list(vpc):
    made = vpc.ec2.create_managed_prefix_list(
        PrefixListName="halves", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "0.0.0.0/1"}]
    )
    return made["PrefixList"]["PrefixListId"]


def test_egress_only_gateways_are_found_by_their_tags_and_ids(vpc):
    tags = [{"ResourceType": "egress-only-internet-gateway", "Tags": [{"Key": "whose", "Value": "ours"}]}]
    ours, other = egress_only(vpc, TagSpecifications=tags), egress_only(vpc)

    def found(**asked):
        shown = vpc.ec2.describe_egress_only_internet_gateways(**asked)["EgressOnlyInternetGateways"]
        return [each["EgressOnlyInternetGatewayId"] for each in shown]

    assert {ours, other} <= set(found())
    assert found(Filters=[{"Name": "tag:whose", "Values": ["ours"]}]) == [ours]
    assert found(EgressOnlyInternetGatewayIds=[other]) == [other]
    vpc.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=ours)
    answer = refused(vpc.ec2.describe_egress_only_internet_gateways, EgressOnlyInternetGatewayIds=[ours])
    assert answer[:2] == ("InvalidGatewayID.NotFound", f"The eigw ID '{ours}' does not exist")


def test_a_route_by_an_egress_only_gateway_becomes_a_blackhole_with_it(vpc):
    table, gateway = vpc.table(), egress_only(vpc)
    ask = {"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0"}
    vpc.ec2.create_route(**ask, EgressOnlyInternetGatewayId=gateway)
    assert (vpc.routes(table)[-1]["EgressOnlyInternetGatewayId"], states(vpc, table)[-1]) == (gateway, "active")
    vpc.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)
    assert states(vpc, table)[-1] == "blackhole"
    vpc.ec2.delete_route(**ask)
    assert states(vpc, table) == ["active"]


def test_a_route_by_a_prefix_list_keeps_its_destination_and_goes(vpc):
    table, listed = vpc.table(), own_list(vpc)
    ask = {"RouteTableId": table, "DestinationPrefixListId": listed}
    vpc.ec2.create_route(**ask, NetworkInterfaceId=interface(vpc))
    assert vpc.routes(table)[-1]["DestinationPrefixListId"] == listed
    vpc.ec2.delete_route(**ask)
    assert states(vpc, table) == ["active"]


def test_a_second_route_to_one_destination_is_refused(vpc):
    table, eni, listed = vpc.table(), interface(vpc), own_list(vpc)
    for destination, again in (
        ({"DestinationCidrBlock": "0.0.0.0/0"}, {"DestinationCidrBlock": "0.0.0.0/0"}),
        ({"DestinationIpv6CidrBlock": "::/0"}, {"DestinationIpv6CidrBlock": "0::/0"}),
        ({"DestinationPrefixListId": listed}, {"DestinationPrefixListId": listed}),
    ):
        vpc.ec2.create_route(RouteTableId=table, NetworkInterfaceId=eni, **destination)
        answer = refused(vpc.ec2.create_route, RouteTableId=table, NetworkInterfaceId=eni, **again)
        shown = next(iter(destination.values()))
        assert answer[:2] == ("RouteAlreadyExists", f"The route identified by {shown} already exists.")
    assert len(vpc.routes(table)) == 4


NOBODYS = "0123456789abcdef0"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"NetworkInterfaceId": "eni"}, "InvalidParameterCombination"),
        ({"DestinationCidrBlock": "0.0.0.0/0"}, "InvalidParameterCombination"),
        ({"DestinationIpv6CidrBlock": "::/0"}, "InvalidParameterCombination"),
        (
            {"DestinationIpv6CidrBlock": "::/0", "DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni"},
            "InvalidParameterCombination",
        ),
        (
            {"DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni", "TransitGatewayId": "tgw-1"},
            "InvalidParameterCombination",
        ),
        ({"DestinationIpv6CidrBlock": "everywhere", "NetworkInterfaceId": "eni"}, "InvalidParameterValue"),
        ({"DestinationIpv6CidrBlock": "10.9.0.0/16", "NetworkInterfaceId": "eni"}, "InvalidParameterValue"),
        ({"DestinationIpv6CidrBlock": "2001:db8::1", "NetworkInterfaceId": "eni"}, "InvalidParameterValue"),
        ({"DestinationCidrBlock": "0.0.0.0/0", "EgressOnlyInternetGatewayId": "eigw"}, "InvalidParameterValue"),
        (
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": f"eigw-{NOBODYS}"},
            "InvalidGatewayID.NotFound",
        ),
        ({"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": f"tgw-{NOBODYS}"}, "InvalidParameterValue"),
        ({"DestinationCidrBlock": "0.0.0.0/0", "CarrierGatewayId": f"cagw-{NOBODYS}"}, "InvalidParameterValue"),
        ({"DestinationCidrBlock": "0.0.0.0/0", "LocalGatewayId": f"lgw-{NOBODYS}"}, "InvalidParameterValue"),
        (
            {"DestinationCidrBlock": "0.0.0.0/0", "CoreNetworkArn": "arn:aws:networkmanager::1:core-network/x"},
            "InvalidParameterValue",
        ),
        (
            {"DestinationCidrBlock": "0.0.0.0/0", "OdbNetworkArn": "arn:aws:odb::1:odb-network/x"},
            "InvalidParameterValue",
        ),
        (
            {"DestinationPrefixListId": f"pl-{NOBODYS}", "NetworkInterfaceId": "eni"},
            "InvalidPrefixListID.NotFound",
        ),
    ],
    ids=str,
)
def test_a_route_that_ec2_would_not_make_is_refused(vpc, asked, code):
    table = vpc.table()
    made = {"eni": interface, "eigw": egress_only}
    asked = {name: made[value](vpc) if value in made else value for name, value in asked.items()}
    assert refused(vpc.ec2.create_route, RouteTableId=table, **asked)[0] == code
    assert states(vpc, table) == ["active"]


def test_a_subnet_has_one_table(vpc):
    first, second = vpc.table(), vpc.table()
    made = vpc.ec2.associate_route_table(RouteTableId=first, SubnetId=vpc.a)["AssociationId"]
    assert vpc.ec2.associate_route_table(RouteTableId=first, SubnetId=vpc.a)["AssociationId"] == made
    words = f"the specified association for route table {second} conflicts with an existing association"
    answer = refused(vpc.ec2.associate_route_table, RouteTableId=second, SubnetId=vpc.a)
    assert answer[:2] == ("Resource.AlreadyAssociated", words)
    vpc.ec2.replace_route_table_association(AssociationId=made, RouteTableId=second)
    found = vpc.ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [vpc.a]}])
    assert [table["RouteTableId"] for table in found["RouteTables"]] == [second]


def test_an_endpoints_route_goes_with_the_endpoint_only(vpc):
    table = vpc.table()
    made = vpc.gateway("s3", table)
    prefix = vpc.routes(table)[-1]["DestinationPrefixListId"]
    ask = {"RouteTableId": table, "DestinationPrefixListId": prefix}
    assert refused(vpc.ec2.delete_route, **ask)[0] == "InvalidParameterValue"
    again = refused(vpc.ec2.create_route, **ask, GatewayId=made["VpcEndpointId"])
    assert again[0] == "InvalidParameterValue"
    vpc.ec2.delete_route_table(RouteTableId=table)
    assert vpc.described(made)["RouteTableIds"] == []


def test_prefix_lists_have_ranges(ec2):
    for service in ("s3", "dynamodb"):
        name = f"com.amazonaws.us-east-1.{service}"
        ask = [{"Name": "prefix-list-name", "Values": [name]}]
        (shown,) = ec2.describe_prefix_lists(Filters=ask)["PrefixLists"]
        (managed,) = ec2.describe_managed_prefix_lists(Filters=ask)["PrefixLists"]
        assert shown["PrefixListId"] == managed["PrefixListId"]
        assert managed["OwnerId"] == "AWS"
        entries = ec2.get_managed_prefix_list_entries(PrefixListId=shown["PrefixListId"])["Entries"]
        assert [entry["Cidr"] for entry in entries] == shown["Cidrs"]
        assert all(ipaddress.ip_network(cidr).is_global for cidr in shown["Cidrs"])


def test_a_deleted_prefix_list_is_gone(ec2):
    made = ec2.create_managed_prefix_list(PrefixListName="mine", MaxEntries=1, AddressFamily="IPv4")["PrefixList"]
    ec2.delete_managed_prefix_list(PrefixListId=made["PrefixListId"])
    assert ec2.describe_managed_prefix_lists(PrefixListIds=[made["PrefixListId"]])["PrefixLists"] == []


def test_a_new_vpc_has_its_defaults(vpc):
    (shown,) = vpc.only("vpcs", "Vpcs", vpc_id=vpc.id)
    (options,) = vpc.ec2.describe_dhcp_options(DhcpOptionsIds=[shown["DhcpOptionsId"]])["DhcpOptions"]
    values = {item["Key"]: [value["Value"] for value in item["Values"]] for item in options["DhcpConfigurations"]}
    assert values == {"domain-name-servers": ["AmazonProvidedDNS"], "domain-name": ["ec2.internal"]}
    (acl,) = vpc.only("network_acls", "NetworkAcls", vpc_id=vpc.id)
    assert acl["IsDefault"] is True
    assert sorted(held["SubnetId"] for held in acl["Associations"]) == sorted([vpc.a, vpc.b])
    assert sorted((e["RuleNumber"], e["Egress"], e["RuleAction"]) for e in acl["Entries"]) == [
        (100, False, "allow"),
        (100, True, "allow"),
        (32767, False, "deny"),
        (32767, True, "deny"),
    ]
    (table,) = vpc.only("route_tables", "RouteTables", vpc_id=vpc.id)
    assert table["Associations"][0]["Main"] is True
    assert refused(vpc.ec2.delete_route_table, RouteTableId=table["RouteTableId"])[0] == "DependencyViolation"


def test_vpc_attributes(ec2):
    vpc = LabVpc(ec2, host_names=False)

    def read(attribute):
        answer = ec2.describe_vpc_attribute(VpcId=vpc.id, Attribute=attribute)
        return answer[attribute[0].upper() + attribute[1:]]["Value"]

    assert (read("enableDnsSupport"), read("enableDnsHostnames")) == (True, False)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})
    assert (read("enableDnsSupport"), read("enableDnsHostnames")) == (False, True)


def test_rules_come_all_or_none(vpc):
    group = vpc.group("g")

    def rule(port):
        return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}

    answer = vpc.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(80), rule(443)])
    assert sorted(made["FromPort"] for made in answer["SecurityGroupRules"]) == [80, 443]

    def ports():
        found = vpc.only("security_groups", "SecurityGroups", group_id=group)[0]["IpPermissions"]
        return sorted(permission["FromPort"] for permission in found)

    twice = refused(vpc.ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule(22), rule(443)])
    assert twice[0] == "InvalidPermission.Duplicate"
    absent = refused(vpc.ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=[rule(80), rule(22)])
    assert absent[0] == "InvalidPermission.NotFound"
    assert ports() == [80, 443]


def test_egress_to_a_prefix_list(vpc):
    group = vpc.group("g")
    prefix = vpc.ec2.describe_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": prefix}]}
    vpc.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule])
    found = vpc.only("security_groups", "SecurityGroups", group_id=group)[0]["IpPermissionsEgress"]
    assert [held["PrefixListId"] for permission in found for held in permission["PrefixListIds"]] == [prefix]


def test_the_endpoint_of_a_deleted_table_keeps_the_others(vpc):
    first, second = vpc.table(), vpc.table()
    made = vpc.gateway("dynamodb", first, second)
    vpc.ec2.delete_route_table(RouteTableId=first)
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    until(lambda: vpc.gone(made))
    assert len(vpc.routes(second)) == 1
