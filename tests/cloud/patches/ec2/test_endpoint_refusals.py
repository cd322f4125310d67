"""What CreateVpcEndpoint and ModifyVpcEndpoint refuse, in AWS's words where they are known."""

import pytest

from tests.cloud.lab_cloud import allow, refused
from tests.cloud.patches.ec2.lab_vpc import LabVpc


def test_a_service_that_does_not_exist(vpc):
    code, words, status = refused(vpc.ec2.create_vpc_endpoint, **vpc.request("ecr.apis"))
    assert (code, status) == ("InvalidServiceName", 400)
    assert words == "The Vpc Endpoint Service 'com.amazonaws.us-east-1.ecr.apis' does not exist"


def test_a_service_of_another_region(vpc):
    wanted = vpc.request(ServiceName="com.amazonaws.eu-west-1.ecr.api")
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted)[0] == "InvalidServiceName"


@pytest.mark.parametrize("given", ["Gateway", None])
def test_a_gateway_endpoint_for_an_interface_service(vpc, given):
    wanted = vpc.request(VpcEndpointType=given, SubnetIds=None)
    code, words, _ = refused(vpc.ec2.create_vpc_endpoint, **wanted)
    assert code == "InvalidParameter"
    assert words == "Endpoint type (Gateway) does not match available service types ([Interface])."


def test_an_interface_endpoint_for_a_gateway_service(vpc):
    code, words, _ = refused(vpc.ec2.create_vpc_endpoint, **vpc.request("dynamodb"))
    assert code == "InvalidParameter"
    assert words == "Endpoint type (Interface) does not match available service types ([Gateway])."


def test_a_type_that_does_not_exist(vpc):
    code, words, _ = refused(vpc.ec2.create_vpc_endpoint, **vpc.request(VpcEndpointType="interface"))
    assert code == "InvalidParameterValue"
    assert words.endswith("(simulated wording)")


def test_a_vpc_that_does_not_exist(vpc):
    wanted = vpc.request(VpcId="vpc-0123456789abcdef0")
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted)[0] == "InvalidVpcID.NotFound"


def test_a_subnet_of_another_vpc(vpc, ec2):
    other = LabVpc(ec2)
    code, words, _ = refused(ec2.create_vpc_endpoint, **vpc.request(SubnetIds=[other.a]))
    assert code == "InvalidSubnetID.NotFound"
    assert other.a in words
    assert vpc.id in words


def test_two_subnets_of_one_zone(vpc):
    again = vpc.subnet(9, "a")
    code, words, _ = refused(vpc.ec2.create_vpc_endpoint, **vpc.request(SubnetIds=[vpc.a, again]))
    assert code == "DuplicateSubnetsInSameZone"
    assert words.startswith(f"Found another VPC endpoint subnet in the availability zone of {again}.")


def test_a_group_of_another_vpc(vpc, ec2):
    wanted = vpc.request(SecurityGroupIds=[LabVpc(ec2).default_group()])
    code, words, _ = refused(ec2.create_vpc_endpoint, **wanted)
    assert code == "InvalidGroup.NotFound"
    assert words == "You have specified two resources that belong to different networks."


def test_subnets_for_a_gateway_endpoint(vpc):
    wanted = vpc.request("s3", VpcEndpointType="Gateway")
    words = "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints."
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted)[:2] == ("InvalidParameter", words)


def test_route_tables_for_an_interface_endpoint(vpc):
    wanted = vpc.request(RouteTableIds=[vpc.table()])
    words = "Route table IDs are only supported for Gateway type VPC Endpoint."
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted)[:2] == ("InvalidParameter", words)


@pytest.mark.parametrize("more", [{"SecurityGroupIds": ["sg-1"]}, {"PrivateDnsEnabled": True}])
def test_what_a_gateway_endpoint_has_not(vpc, more):
    wanted = vpc.request("s3", VpcEndpointType="Gateway", SubnetIds=None, **more)
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted)[0] == "InvalidParameter"


@pytest.mark.parametrize(
    "document",
    ["", "{", "[]", '{"Statement": []}', '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'],
)
def test_a_policy_that_cannot_be_read(vpc, document):
    if not document:
        assert vpc.endpoint(PolicyDocument=document)["PolicyDocument"].startswith("{")
        return
    code, words, _ = refused(vpc.ec2.create_vpc_endpoint, **vpc.request(PolicyDocument=document))
    assert code == "InvalidPolicyDocument"
    assert words.startswith("The Policy Document is not valid. Syntax error at position (")


def test_private_dns_needs_both_attributes(ec2):
    vpc = LabVpc(ec2, host_names=False)
    words = (
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for "
        + vpc.id
    )
    assert refused(ec2.create_vpc_endpoint, **vpc.request())[:2] == ("InvalidParameter", words)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})
    assert refused(ec2.create_vpc_endpoint, **vpc.request())[:2] == ("InvalidParameter", words)
    assert vpc.endpoint(PrivateDnsEnabled=False)["PrivateDnsEnabled"] is False
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": True})
    assert vpc.endpoint()["PrivateDnsEnabled"] is True


def test_one_private_name_in_a_vpc(vpc, ec2):
    vpc.endpoint()
    words = (
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
        f"api.ecr.us-east-1.amazonaws.com in the VPC {vpc.id}"
    )
    assert refused(ec2.create_vpc_endpoint, **vpc.request())[:2] == ("InvalidParameter", words)
    second = vpc.endpoint(PrivateDnsEnabled=False)
    change = {"VpcEndpointId": second["VpcEndpointId"], "PrivateDnsEnabled": True}
    assert refused(ec2.modify_vpc_endpoint, **change)[:2] == ("InvalidParameter", words)
    LabVpc(ec2).endpoint()


def test_one_gateway_for_a_service_on_a_route_table(vpc):
    table = vpc.table()
    vpc.gateway("s3", table)
    prefix = next(route["DestinationPrefixListId"] for route in vpc.routes(table) if "DestinationPrefixListId" in route)
    wanted = vpc.request("s3", VpcEndpointType="Gateway", SubnetIds=None, RouteTableIds=[table])
    words = f"route table {table} already has a route with destination-prefix-list-id {prefix}"
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted)[:2] == ("RouteAlreadyExists", words)
    vpc.gateway("dynamodb", table)


def test_an_s3_interface_with_private_dns_wants_a_gateway_beside_it(vpc):
    code, words, _ = refused(vpc.ec2.create_vpc_endpoint, **vpc.request("s3"))
    assert code == "InvalidParameter"
    assert words == (
        f"To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc.id} must have a Gateway endpoint for "
        "the service."
    )
    vpc.gateway("s3")
    assert vpc.endpoint("s3")["DnsOptions"]["PrivateDnsOnlyForInboundResolverEndpoint"] is True


def test_a_full_subnet(vpc, ec2):
    small = vpc.subnet(9, "c", 28)
    for _ in range(11):
        ec2.create_network_interface(SubnetId=small)
    before = len(vpc.interfaces())
    code, words, _ = refused(ec2.create_vpc_endpoint, **vpc.request(SubnetIds=[vpc.a, small]))
    assert code == "InsufficientFreeAddressesInSubnet"
    assert words == "There are not enough free IP addresses in the specified subnet."
    assert len(vpc.interfaces()) == before


def test_an_endpoint_that_does_not_exist(ec2):
    words = "The Vpc Endpoint Id 'vpce-0123456789abcdef0' does not exist"
    wanted = ("InvalidVpcEndpointId.NotFound", words, 400)
    assert refused(ec2.describe_vpc_endpoints, VpcEndpointIds=["vpce-0123456789abcdef0"]) == wanted
    assert refused(ec2.modify_vpc_endpoint, VpcEndpointId="vpce-0123456789abcdef0", ResetPolicy=True) == wanted
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])
    assert [item["Error"] for item in answer["Unsuccessful"]] == [{"Code": wanted[0], "Message": words}]


def test_a_filter_that_does_not_exist(ec2):
    wanted = [{"Name": "no-such-filter", "Values": ["x"]}]
    assert refused(ec2.describe_vpc_endpoints, Filters=wanted)[0] == "InvalidFilter"


def test_dry_run_says_whether_it_would_be_allowed(cloud, vpc, name):
    wanted = vpc.request(DryRun=True)
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted) == (
        "DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.",
        412,
    )
    reader = cloud.client("ec2", cloud.user(name, allow("ec2:Describe*")))
    code, words, status = refused(reader.create_vpc_endpoint, **wanted)
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert words.startswith("You are not authorized to perform this operation.")
    assert refused(reader.describe_vpc_endpoints, DryRun=True)[0] == "DryRunOperation"
    assert vpc.interfaces() == []


def test_a_refused_change_changes_nothing(vpc):
    made = vpc.endpoint()
    before = vpc.described(made), vpc.interfaces()
    wrong = {
        "AddSubnetIds": [vpc.b],
        "AddSecurityGroupIds": [vpc.group("g")],
        "PrivateDnsEnabled": False,
        "PolicyDocument": "{",
    }
    assert refused(vpc.ec2.modify_vpc_endpoint, VpcEndpointId=made["VpcEndpointId"], **wrong)[0] == (
        "InvalidPolicyDocument"
    )
    after = vpc.described(made), vpc.interfaces()
    before[0]["State"] = after[0]["State"]
    assert after == before


def test_the_last_group_stays(vpc):
    made = vpc.endpoint()
    change = {"VpcEndpointId": made["VpcEndpointId"], "RemoveSecurityGroupIds": [vpc.default_group()]}
    assert refused(vpc.ec2.modify_vpc_endpoint, **change)[0] == "InvalidParameter"


def test_who_may_not_make_one_is_told_so(cloud, vpc, name):
    user = cloud.client("ec2", cloud.user(name, allow("ec2:CreateVpcEndpoint", f"arn:aws:ec2:*:*:vpc/{vpc.id}")))
    assert refused(user.create_vpc_endpoint, **vpc.request())[0] == "UnauthorizedOperation"
