"""SIGKILL loses nothing of the network: the same ids, addresses, names and states come back."""

from tests.cloud.lab_cloud import refused, until
from tests.cloud.patches.ec2.lab_vpc import LabVpc, picture


def build(ec2):
    """A course's VPC with everything in it, with refusals between the calls."""
    vpc = LabVpc(ec2)
    group, table = vpc.group("endpoints"), vpc.table()
    ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.a)
    made = [vpc.endpoint(service, SecurityGroupIds=[group]) for service in ("ecr.api", "ecr.dkr", "logs", "ssm")]
    refused(ec2.create_vpc_endpoint, **vpc.request("ecr.api"))
    refused(ec2.create_vpc_endpoint, **vpc.request("kms", SubnetIds=[vpc.a, "subnet-0"]))
    gateway = vpc.gateway("s3", table)
    ec2.modify_vpc_endpoint(VpcEndpointId=made[0]["VpcEndpointId"], AddSubnetIds=[vpc.b])
    ec2.modify_vpc_endpoint(VpcEndpointId=made[1]["VpcEndpointId"], PrivateDnsEnabled=False)
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc.id)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=vpc.b, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    for _ in range(3):
        ec2.create_network_interface(SubnetId=vpc.a)
    # Two rules, the second one there already: neither may come back.
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    refused(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[{**rule, "FromPort": 80}, rule])
    refused(ec2.delete_subnet, SubnetId=vpc.a)
    refused(ec2.delete_vpc, VpcId=vpc.id)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made[3]["VpcEndpointId"]])
    until(lambda: vpc.gone(made[3]))
    # Its address is free again: the next one may get it, in the replay too.
    vpc.endpoint("kms", SecurityGroupIds=[group])
    until(lambda: all(held["State"] == "available" for held in vpc.only("vpc_endpoints", "VpcEndpoints")))
    return vpc, gateway, nat


def test_a_killed_cloud_comes_back_with_the_same_network(start):
    cloud = start()
    ec2 = cloud.client("ec2")
    _, _, nat = build(ec2)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    until(lambda: ec2.describe_nat_gateways()["NatGateways"][0]["State"] == "deleted")
    before = picture(ec2)
    cloud.kill()
    again = start(state=cloud.state)
    assert picture(again.client("ec2")) == before
    again.close()


def test_what_comes_after_fits_what_was_there(start):
    cloud = start()
    vpc, _, _ = build(cloud.client("ec2"))
    cloud.kill()
    again = start(state=cloud.state)
    vpc.ec2 = again.client("ec2")
    taken = {eni["PrivateIpAddress"] for eni in vpc.interfaces()}
    new = [vpc.ec2.create_network_interface(SubnetId=vpc.a)["NetworkInterface"] for _ in range(20)]
    assert not taken & {eni["PrivateIpAddress"] for eni in new}
    assert refused(vpc.ec2.create_vpc_endpoint, **vpc.request("ecr.api"))[0] == "InvalidParameter"
    assert refused(vpc.ec2.delete_subnet, SubnetId=vpc.a)[0] == "DependencyViolation"


def test_killed_while_an_endpoint_is_deleted(start):
    cloud = start()
    vpc = LabVpc(cloud.client("ec2"))
    made = vpc.endpoint()
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    cloud.kill()
    vpc.ec2 = start(state=cloud.state).client("ec2")
    until(lambda: vpc.gone(made))
    assert vpc.interfaces() == []
    vpc.ec2.delete_subnet(SubnetId=vpc.a)
