"""A snapshot holds EC2's answers about one VPC, unchanged, and says what it could not read."""

import json

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from labs.account import vpc_reader as snapshots
from labs.errors import LabError
from labs.network import Snapshot, reach
from labs.network.describe_calls import IAM_ACTIONS

from .conftest import REGION

FILTERED = ["Subnets", "RouteTables", "SecurityGroups", "NetworkAcls", "NetworkInterfaces", "VpcEndpoints"]
LAYERS = f"prod-{REGION}-starport-layer-bucket.s3.{REGION}.amazonaws.com"


class Refusing:
    """An EC2 client that refuses some operations, or fails at them."""

    def __init__(self, ec2, error, *methods):
        self._ec2, self._error, self._methods = ec2, error, methods

    def __getattr__(self, name):
        if name in self._methods:
            return self._fail
        return getattr(self._ec2, name)

    def can_paginate(self, name):
        return name not in self._methods and self._ec2.can_paginate(name)

    def _fail(self, **_):
        raise self._error


def refusal(code="UnauthorizedOperation", message="You are not authorized to perform this operation."):
    return ClientError({"Error": {"Code": code, "Message": message}}, "Describe")


def taken(made):
    return snapshots.take(made.ec2, made.vpc, REGION)


def test_the_lists_are_the_answers_of_boto3(made):
    document = taken(made).document
    for key, method in (("Subnets", "describe_subnets"), ("SecurityGroups", "describe_security_groups")):
        answer = getattr(made.ec2, method)(Filters=[{"Name": "vpc-id", "Values": [made.vpc]}])[key]
        assert document[key] == answer


def test_a_snapshot_is_json_and_says_nothing_of_other_vpcs(made):
    result = taken(made)
    document = json.loads(json.dumps(result.document))
    assert document == result.document
    assert [vpc["VpcId"] for vpc in document["Vpcs"]] == [made.vpc]
    assert document["Region"] == REGION
    for key in FILTERED:
        assert document[key]
        assert {item["VpcId"] for item in document[key]} == {made.vpc}


def test_attributes_and_the_addresses_of_prefix_lists_are_read(made):
    document = taken(made).document
    assert document["VpcAttributes"] == {made.vpc: {"enableDnsSupport": True, "enableDnsHostnames": True}}
    (s3,) = [p for p in document["PrefixLists"] if p["PrefixListName"] == f"com.amazonaws.{REGION}.s3"]
    assert s3["Cidrs"]


def own_list(made):
    """A prefix list of the account's own."""
    return made.ec2.create_managed_prefix_list(
        PrefixListName="db", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "10.7.0.0/16"}]
    )["PrefixList"]["PrefixListId"]


def allow_to(made, own):
    """A rule of the tasks' group that names the list."""
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "PrefixListIds": [{"PrefixListId": own}]}
    made.ec2.authorize_security_group_egress(GroupId=made.tasks, IpPermissions=[rule])


def test_only_the_prefix_lists_that_matter_are_read(fresh):
    own = own_list(fresh)
    names = {item["PrefixListName"] for item in taken(fresh).document["ManagedPrefixLists"]}
    assert names == {f"com.amazonaws.{REGION}.s3", f"com.amazonaws.{REGION}.dynamodb"}
    allow_to(fresh, own)
    found = {item["PrefixListName"]: item.get("Entries") for item in taken(fresh).document["ManagedPrefixLists"]}
    assert [item["Cidr"] for item in found["db"]] == ["10.7.0.0/16"]


def test_layers_are_reached_on_what_was_taken(made):
    read = Snapshot.parse(taken(made).document)
    assert reach(read, made.task, LAYERS).ok
    assert reach(read, made.task, f"ssm.{REGION}.amazonaws.com").ok is False


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("describe_nat_gateways", "NatGateways"),
        ("describe_network_acls", "NetworkAcls"),
        ("describe_vpc_attribute", "VpcAttributes"),
        ("describe_dhcp_options", "DhcpOptions"),
        ("describe_managed_prefix_lists", "ManagedPrefixLists"),
        ("describe_vpcs", "Vpcs"),
    ],
)
def test_what_is_refused_is_left_out_and_said(made, method, key):
    result = snapshots.take(Refusing(made.ec2, refusal(), method), made.vpc, REGION)
    assert result.unread == {key: "You are not authorized to perform this operation."}
    assert key not in result.document
    Snapshot.parse(result.document)


def test_an_operation_that_the_endpoint_does_not_have_is_left_out(made):
    error = refusal("InvalidAction", "The action DescribeTransitGatewayAttachments is not valid for this web service.")
    client = Refusing(made.ec2, error, "describe_transit_gateway_attachments")
    assert list(snapshots.take(client, made.vpc, REGION).unread) == ["TransitGatewayAttachments"]


def test_a_vpc_that_is_not_there_is_said(made):
    with pytest.raises(LabError, match="There is no VPC vpc-0123456789abcdef0 in us-east-1"):
        snapshots.take(made.ec2, "vpc-0123456789abcdef0", REGION)


@pytest.mark.parametrize(
    "error",
    [
        refusal("ExpiredToken", "The token has expired"),
        refusal("RequestLimitExceeded", "Request limit exceeded."),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_any_other_failure_is_one_error(made, error):
    with pytest.raises(LabError):
        snapshots.take(Refusing(made.ec2, error, "describe_route_tables"), made.vpc, REGION)


def test_the_vpc_of_an_interface_and_of_a_subnet(made):
    assert snapshots.vpc_of(made.ec2, made.task) == made.vpc
    assert snapshots.vpc_of(made.ec2, made.subnets[1]) == made.vpc


@pytest.mark.parametrize("source", ["eni-0123456789abcdef0", "subnet-0123456789abcdef0"])
def test_a_source_that_is_not_there_is_said(made, source):
    with pytest.raises(LabError, match=f"{source} here"):
        snapshots.vpc_of(made.ec2, source)


def test_only_the_published_actions_are_called(fresh):
    called = set()

    def note(model, **_):
        called.add(f"ec2:{model.name}")

    fresh.ec2.meta.events.register("before-call.ec2", note, "note")
    allow_to(fresh, own_list(fresh))
    called.clear()
    taken(fresh)
    snapshots.vpc_of(fresh.ec2, fresh.task)
    fresh.ec2.meta.events.unregister("before-call.ec2", unique_id="note")
    assert called <= set(IAM_ACTIONS)
    # A rule names a list whose addresses DescribePrefixLists does not tell, so every action is needed here.
    assert called == set(IAM_ACTIONS)
