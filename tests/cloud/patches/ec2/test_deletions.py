"""Nothing that is needed is deleted; in the right order everything goes."""

import pytest

from tests.cloud.lab_cloud import refused, until


def stands(kind, identifier):
    return "DependencyViolation", f"The {kind} '{identifier}' has dependencies and cannot be deleted."


def test_a_subnet_with_an_interface(vpc):
    made = vpc.endpoint()
    assert refused(vpc.ec2.delete_subnet, SubnetId=vpc.a)[:2] == stands("subnet", vpc.a)
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert refused(vpc.ec2.delete_subnet, SubnetId=vpc.a)[:2] == stands("subnet", vpc.a)
    until(lambda: vpc.gone(made))
    vpc.ec2.delete_subnet(SubnetId=vpc.a)


def test_a_subnet_takes_its_associations_along(vpc):
    table = vpc.table()
    vpc.ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.a)
    vpc.ec2.delete_subnet(SubnetId=vpc.a)
    assert vpc.only("route_tables", "RouteTables", route_table_id=table)[0]["Associations"] == []
    acl = vpc.only("network_acls", "NetworkAcls", vpc_id=vpc.id)[0]
    assert [held["SubnetId"] for held in acl["Associations"]] == [vpc.b]


def test_a_group_on_an_interface(vpc):
    group = vpc.group("g")
    made = vpc.endpoint(SecurityGroupIds=[group])
    words = f"resource {group} has a dependent object"
    assert refused(vpc.ec2.delete_security_group, GroupId=group)[:2] == ("DependencyViolation", words)
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    until(lambda: vpc.gone(made))
    vpc.ec2.delete_security_group(GroupId=group)


def test_a_group_that_another_names(vpc):
    group, other = vpc.group("g"), vpc.group("h")
    for source, held in ((group, other), (group, group)):
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": source}]}
        vpc.ec2.authorize_security_group_ingress(GroupId=held, IpPermissions=[rule])
    assert refused(vpc.ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    vpc.ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=[rule])
    vpc.ec2.delete_security_group(GroupId=group)


def test_the_default_group(vpc):
    group = vpc.default_group()
    code, words, _ = refused(vpc.ec2.delete_security_group, GroupId=group)
    assert (code, words) == (
        "CannotDelete",
        f'the specified group: "{group}" name: "default" cannot be deleted by a user',
    )


def blocker(vpc, kind):
    """Something that stands in the way of deleting the VPC; how to take it away."""
    ec2 = vpc.ec2
    if kind == "gateway endpoint":
        made = vpc.gateway("s3")
        return lambda: (
            ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]]),
            until(lambda: vpc.gone(made)),
        )
    if kind == "internet gateway":
        igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc.id)
        assert refused(ec2.delete_internet_gateway, InternetGatewayId=igw)[:2] == stands("internetGateway", igw)
        return lambda: ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=vpc.id)
    if kind == "group":
        group = vpc.group("g")
        return lambda: ec2.delete_security_group(GroupId=group)
    if kind == "route table":
        table = vpc.table()
        return lambda: ec2.delete_route_table(RouteTableId=table)
    acl = ec2.create_network_acl(VpcId=vpc.id)["NetworkAcl"]["NetworkAclId"]
    return lambda: ec2.delete_network_acl(NetworkAclId=acl)


@pytest.mark.parametrize("kind", ["gateway endpoint", "internet gateway", "group", "route table", "network acl"])
def test_a_vpc_in_use(vpc, kind):
    ec2 = vpc.ec2
    assert refused(ec2.delete_vpc, VpcId=vpc.id)[:2] == stands("vpc", vpc.id)
    for subnet in (vpc.a, vpc.b):
        ec2.delete_subnet(SubnetId=subnet)
    take_away = blocker(vpc, kind)
    assert refused(ec2.delete_vpc, VpcId=vpc.id)[:2] == stands("vpc", vpc.id)
    take_away()
    ec2.delete_vpc(VpcId=vpc.id)
    for look, key in (
        ("security_groups", "SecurityGroups"),
        ("network_acls", "NetworkAcls"),
        ("route_tables", "RouteTables"),
        ("vpcs", "Vpcs"),
    ):
        assert vpc.only(look, key, vpc_id=vpc.id) == []


def test_dhcp_options_in_use(vpc):
    ec2 = vpc.ec2
    made = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.0.0.2"]}])
    options = made["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc.id)
    assert vpc.only("vpcs", "Vpcs", vpc_id=vpc.id)[0]["DhcpOptionsId"] == options
    assert refused(ec2.delete_dhcp_options, DhcpOptionsId=options)[:2] == stands("dhcpOptions", options)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc.id)
    ec2.delete_dhcp_options(DhcpOptionsId=options)


def nat(vpc):
    """A NAT gateway in the first subnet; its id, its address's allocation, the internet gateway."""
    ec2 = vpc.ec2
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc.id)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return ec2.create_nat_gateway(SubnetId=vpc.a, AllocationId=address)["NatGateway"]["NatGatewayId"], address, igw


def test_a_nat_gateway_goes_with_its_interface(vpc):
    ec2 = vpc.ec2
    gateway, address, igw = nat(vpc)
    assert refused(ec2.delete_subnet, SubnetId=vpc.a)[0] == "DependencyViolation"
    words = f"Network {vpc.id} has some mapped public address(es). Please unmap those public address(es) before"
    assert words in refused(ec2.detach_internet_gateway, InternetGatewayId=igw, VpcId=vpc.id)[1]
    ec2.delete_nat_gateway(NatGatewayId=gateway)

    def state():
        return vpc.only("nat_gateways", "NatGateways", nat_gateway_id=gateway)[0]["State"]

    assert state() == "deleting"
    until(lambda: state() == "deleted")
    assert vpc.interfaces() == []
    ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=vpc.id)
    ec2.delete_internet_gateway(InternetGatewayId=igw)
    ec2.delete_subnet(SubnetId=vpc.a)


def test_what_is_not_there_is_named(vpc):
    ec2 = vpc.ec2
    unknown = refused(ec2.describe_vpcs, VpcIds=[vpc.id, "vpc-0123456789abcdef0"])
    assert unknown[:2] == ("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist")
    unknown = refused(ec2.describe_subnets, SubnetIds=[vpc.a, "subnet-0123456789abcdef0"])
    assert unknown[:2] == ("InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist")
    unknown = refused(ec2.describe_security_groups, GroupIds=[vpc.default_group(), "sg-0123456789abcdef0"])
    assert unknown[:2] == ("InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist")
    for call in (ec2.describe_nat_gateways, ec2.delete_nat_gateway):
        given = {"NatGatewayIds": ["nat-0"]} if call == ec2.describe_nat_gateways else {"NatGatewayId": "nat-0"}
        assert refused(call, **given)[0] == "NatGatewayNotFound"


def test_tags_go_with_what_they_were_on(vpc):
    ec2 = vpc.ec2
    group, table = vpc.group("g"), vpc.table()
    ec2.create_tags(Resources=[vpc.a, group, table], Tags=[{"Key": "k", "Value": vpc.id}])
    ec2.delete_subnet(SubnetId=vpc.a)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_route_table(RouteTableId=table)
    assert ec2.describe_tags(Filters=[{"Name": "value", "Values": [vpc.id]}])["Tags"] == []
