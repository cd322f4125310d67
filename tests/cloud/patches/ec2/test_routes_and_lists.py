"""Routes, prefix lists, DHCP options, rules: what the network model reads."""

import ipaddress

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
