"""Endpoints as DescribeVpcEndpoints shows them, changed and deleted."""

import ipaddress
import json
import re

import pytest

from tests.cloud.lab_cloud import refused, until

ID = re.compile(r"vpce-[0-9a-f]{17}")


def test_an_interface_endpoint_has_all_its_fields(vpc):
    group = vpc.group("endpoints")
    made = vpc.endpoint(
        SubnetIds=[vpc.a, vpc.b],
        SecurityGroupIds=[group],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "lab", "Value": "x"}]}],
    )
    assert ID.fullmatch(made["VpcEndpointId"])
    assert made["State"] == "pending"
    until(lambda: vpc.described(made)["State"] == "available")
    shown = vpc.described(made)
    assert shown == {**made, "State": "available"}
    assert (shown["VpcEndpointType"], shown["VpcId"]) == ("Interface", vpc.id)
    assert (shown["SubnetIds"], shown["RouteTableIds"]) == ([vpc.a, vpc.b], [])
    assert shown["Groups"] == [{"GroupId": group, "GroupName": "endpoints"}]
    assert (shown["IpAddressType"], shown["DnsOptions"]) == ("ipv4", {"DnsRecordIpType": "ipv4"})
    assert (shown["PrivateDnsEnabled"], shown["RequesterManaged"]) == (True, False)
    assert shown["Tags"] == [{"Key": "lab", "Value": "x"}]
    assert (shown["OwnerId"], shown["ServiceRegion"]) == ("111122223333", "us-east-1")
    assert json.loads(shown["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"
    assert len(shown["NetworkInterfaceIds"]) == 2


def test_its_names_are_the_services_own(vpc):
    made = vpc.endpoint(SubnetIds=[vpc.a, vpc.b])
    regional, first, second, private = [entry["DnsName"] for entry in made["DnsEntries"]]
    suffix = "api.ecr.us-east-1.vpce.amazonaws.com"
    assert re.fullmatch(rf"{made['VpcEndpointId']}-[0-9a-z]{{8}}\.{re.escape(suffix)}", regional)
    assert first == regional.replace(f".{suffix}", f"-us-east-1a.{suffix}")
    assert second == regional.replace(f".{suffix}", f"-us-east-1b.{suffix}")
    assert private == "api.ecr.us-east-1.amazonaws.com"
    assert all(entry["HostedZoneId"].startswith("Z") for entry in made["DnsEntries"])


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("ecr.dkr", "*.dkr.ecr.us-east-1.amazonaws.com"),
        ("logs", "logs.us-east-1.amazonaws.com"),
        ("ssm", "ssm.us-east-1.amazonaws.com"),
        ("secretsmanager", "secretsmanager.us-east-1.amazonaws.com"),
        ("kms", "kms.us-east-1.amazonaws.com"),
    ],
)
def test_the_services_of_the_course_have_their_private_names(vpc, service, name):
    with_name = vpc.endpoint(service)
    assert name in [entry["DnsName"] for entry in with_name["DnsEntries"]]
    without = vpc.endpoint(service, PrivateDnsEnabled=False)
    assert name not in [entry["DnsName"] for entry in without["DnsEntries"]]


def test_its_interfaces_are_in_its_subnets_with_its_groups(vpc):
    group = vpc.group("endpoints")
    made = vpc.endpoint(SubnetIds=[vpc.a, vpc.b], SecurityGroupIds=[group])
    shown = {eni["NetworkInterfaceId"]: eni for eni in vpc.interfaces()}
    assert list(shown) == made["NetworkInterfaceIds"]
    for subnet, number, eni in zip([vpc.a, vpc.b], (0, 1), shown.values(), strict=True):
        assert eni["SubnetId"] == subnet
        assert ipaddress.ip_address(eni["PrivateIpAddress"]) in ipaddress.ip_network(f"{vpc.prefix}.{number}.0/24")
        assert eni["PrivateIpAddresses"][0]["PrivateIpAddress"] == eni["PrivateIpAddress"]
        assert eni["PrivateDnsName"] == f"ip-{eni['PrivateIpAddress'].replace('.', '-')}.ec2.internal"
        assert [held["GroupId"] for held in eni["Groups"]] == [group]
        assert (eni["InterfaceType"], eni["Status"], eni["RequesterManaged"]) == ("vpc_endpoint", "in-use", True)
        assert eni["Description"] == f"VPC Endpoint Interface {made['VpcEndpointId']}"
        assert eni["Attachment"]["InstanceOwnerId"] == "amazon-aws"
        assert eni["Attachment"]["Status"] == "attached"


def test_without_a_group_it_gets_the_vpcs_default_one(vpc):
    default = vpc.default_group()
    made = vpc.endpoint()
    assert [group["GroupId"] for group in made["Groups"]] == [default]
    assert [group["GroupId"] for group in vpc.interfaces()[0]["Groups"]] == [default]


def test_a_gateway_endpoint_is_a_route(vpc):
    tables = [vpc.table(), vpc.table()]
    made = vpc.gateway("s3", *tables)
    assert (made["State"], made["VpcEndpointType"], made["RouteTableIds"]) == ("available", "Gateway", tables)
    assert (made["NetworkInterfaceIds"], made["Groups"], made["DnsEntries"]) == ([], [], [])
    assert made["PrivateDnsEnabled"] is False
    wanted = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}]
    prefix = vpc.ec2.describe_prefix_lists(Filters=wanted)["PrefixLists"][0]["PrefixListId"]
    for table in tables:
        assert vpc.routes(table)[-1] == {
            "DestinationPrefixListId": prefix,
            "GatewayId": made["VpcEndpointId"],
            "Origin": "CreateRoute",
            "State": "active",
        }


def test_a_type_that_is_left_out_is_gateway(vpc):
    made = vpc.endpoint("s3", VpcEndpointType=None, SubnetIds=None)
    assert made["VpcEndpointType"] == "Gateway"
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    until(lambda: vpc.gone(made))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vpc-endpoint-id", "VpcEndpointId"),
        ("vpc-id", "VpcId"),
        ("service-name", "ServiceName"),
        ("vpc-endpoint-type", "VpcEndpointType"),
        ("ip-address-type", "IpAddressType"),
        ("service-region", "ServiceRegion"),
        ("tag:lab", None),
        ("tag-key", None),
    ],
)
def test_filters(vpc, name, value):
    mark = {"Key": "lab", "Value": vpc.id}
    made = vpc.endpoint(TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [mark]}])
    other = vpc.gateway("s3")
    wanted = made[value] if value else {"tag:lab": vpc.id, "tag-key": "lab"}[name]
    ask = [{"Name": "vpc-id", "Values": [vpc.id]}, {"Name": name, "Values": [wanted]}]
    found = [held["VpcEndpointId"] for held in vpc.ec2.describe_vpc_endpoints(Filters=ask)["VpcEndpoints"]]
    assert made["VpcEndpointId"] in found
    assert (other["VpcEndpointId"] in found) == (name in ("vpc-id", "ip-address-type", "service-region"))


def test_state_is_a_filter(vpc):
    made = vpc.endpoint()
    until(lambda: vpc.described(made)["State"] == "available")
    by_state = {
        state: [e["VpcEndpointId"] for e in vpc.only("vpc_endpoints", "VpcEndpoints", vpc_endpoint_state=state)]
        for state in ("pending", "available")
    }
    assert made["VpcEndpointId"] in by_state["available"]
    assert made["VpcEndpointId"] not in by_state["pending"]


def test_the_same_request_with_a_token_makes_one(vpc):
    first = vpc.endpoint(ClientToken="token-1")
    assert vpc.endpoint(ClientToken="token-1")["VpcEndpointId"] == first["VpcEndpointId"]
    wanted = vpc.request("ssm", ClientToken="token-1")
    assert refused(vpc.ec2.create_vpc_endpoint, **wanted)[0] == "IdempotentParameterMismatch"


def modify(vpc, endpoint, **change):
    vpc.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], **change)
    return vpc.described(endpoint)


def test_modify_subnets(vpc):
    made = vpc.endpoint()
    grown = modify(vpc, made, AddSubnetIds=[vpc.b])
    assert grown["SubnetIds"] == [vpc.a, vpc.b]
    assert sorted(eni["SubnetId"] for eni in vpc.interfaces()) == sorted([vpc.a, vpc.b])
    assert len(grown["DnsEntries"]) == 4
    shrunk = modify(vpc, made, RemoveSubnetIds=[vpc.a])
    assert shrunk["SubnetIds"] == [vpc.b]
    assert [eni["NetworkInterfaceId"] for eni in vpc.interfaces()] == shrunk["NetworkInterfaceIds"]
    assert modify(vpc, made, AddSubnetIds=[vpc.b])["NetworkInterfaceIds"] == shrunk["NetworkInterfaceIds"]


def test_modify_groups(vpc):
    made, group = vpc.endpoint(), vpc.group("new")
    changed = modify(vpc, made, AddSecurityGroupIds=[group], RemoveSecurityGroupIds=[vpc.default_group()])
    assert [held["GroupId"] for held in changed["Groups"]] == [group]
    assert [held["GroupId"] for held in vpc.interfaces()[0]["Groups"]] == [group]
    late = modify(vpc, made, AddSubnetIds=[vpc.b])
    eni = next(eni for eni in vpc.interfaces() if eni["NetworkInterfaceId"] == late["NetworkInterfaceIds"][-1])
    assert [held["GroupId"] for held in eni["Groups"]] == [group]


def test_modify_private_dns(vpc):
    made = vpc.endpoint()
    off = modify(vpc, made, PrivateDnsEnabled=False)
    assert (off["PrivateDnsEnabled"], len(off["DnsEntries"])) == (False, 2)
    assert modify(vpc, made, PrivateDnsEnabled=True)["DnsEntries"] == made["DnsEntries"]


def test_modify_policy(vpc):
    made = vpc.gateway("s3")
    document = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
    assert modify(vpc, made, PolicyDocument=document)["PolicyDocument"] == document
    assert modify(vpc, made, ResetPolicy=True)["PolicyDocument"] == made["PolicyDocument"]


def test_modify_route_tables(vpc):
    first, second = vpc.table(), vpc.table()
    made = vpc.gateway("s3", first)
    changed = modify(vpc, made, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    assert changed["RouteTableIds"] == [second]
    assert [route.get("GatewayId") for route in vpc.routes(first)] == ["local"]
    assert [route.get("GatewayId") for route in vpc.routes(second)] == ["local", made["VpcEndpointId"]]
    modify(vpc, made, AddRouteTableIds=[second])
    assert len(vpc.routes(second)) == 2


def test_a_deleted_one_is_deleting_then_gone(vpc):
    table = vpc.table()
    made, gateway = vpc.endpoint(), vpc.gateway("s3", table)
    ids = [made["VpcEndpointId"], gateway["VpcEndpointId"]]
    assert vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=ids)["Unsuccessful"] == []
    assert [held["State"] for held in vpc.ec2.describe_vpc_endpoints(VpcEndpointIds=ids)["VpcEndpoints"]] == [
        "deleting",
        "deleting",
    ]
    assert [route.get("GatewayId") for route in vpc.routes(table)] == ["local"]
    assert len(vpc.interfaces()) == 1
    until(lambda: vpc.gone(made) and vpc.gone(gateway) and not vpc.interfaces())
    assert refused(vpc.ec2.describe_vpc_endpoints, VpcEndpointIds=ids)[0] == "InvalidVpcEndpointId.NotFound"
    assert vpc.endpoint()["PrivateDnsEnabled"] is True


def test_what_is_being_deleted_is_not_changed(vpc):
    made = vpc.endpoint()
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    change = {"VpcEndpointId": made["VpcEndpointId"], "AddSubnetIds": [vpc.b]}
    assert refused(vpc.ec2.modify_vpc_endpoint, **change)[0] == "InvalidVpcEndpointState"


def test_the_tagging_api_finds_it(cloud, vpc):
    mark = {"Key": "lab-mark", "Value": vpc.id}
    made = vpc.endpoint(TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [mark]}])
    arn = f"arn:aws:ec2:us-east-1:111122223333:vpc-endpoint/{made['VpcEndpointId']}"

    def found():
        wanted = [{"Key": "lab-mark", "Values": [vpc.id]}]
        answer = cloud.client("resourcegroupstaggingapi").get_resources(TagFilters=wanted)
        return [item["ResourceARN"] for item in answer["ResourceTagMappingList"]]

    assert found() == [arn]
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    until(lambda: found() == [])
