"""The one list of describe calls, against botocore's model of EC2."""

import boto3
import pytest

from labs.network.describe_calls import DESCRIBE_CALLS, PREFIX_LIST_ENTRIES, VPC_ATTRIBUTE, VPC_ATTRIBUTES, peerings_of


@pytest.fixture(scope="module")
def ec2():
    """A client that is never used to call."""
    return boto3.client("ec2", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


@pytest.mark.parametrize("call", [*DESCRIBE_CALLS, PREFIX_LIST_ENTRIES], ids=lambda call: call.operation)
def test_each_call_is_ec2s_with_its_members(ec2, call):
    model = ec2.meta.service_model.operation_model(call.operation)
    assert ec2.meta.method_to_api_mapping[call.method] == call.operation
    assert call.member in model.output_shape.members
    if call.filter:
        assert call.filter_member in model.input_shape.members
        assert call.filter in model.input_shape.members[call.filter_member].documentation


def test_the_attributes_are_ec2s(ec2):
    members = ec2.meta.service_model.operation_model(VPC_ATTRIBUTE.operation).output_shape.members
    assert set(VPC_ATTRIBUTES.values()) <= set(members)


def test_no_list_of_the_snapshot_is_made_twice():
    keys = [call.key for call in DESCRIBE_CALLS]
    assert len(keys) == len(set(keys))


def test_a_peering_is_a_vpcs_from_either_side():
    one = {"RequesterVpcInfo": {"VpcId": "vpc-1"}, "AccepterVpcInfo": {"VpcId": "vpc-2"}}
    assert peerings_of([one], "vpc-1") == peerings_of([one], "vpc-2") == [one]
    assert peerings_of([one], "vpc-3") == []
