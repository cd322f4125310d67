"""An account of moto in this process, with the course's VPC made by the calls that a person would make."""

import os
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

REGION = "us-east-1"


@dataclass
class Made:
    """The client and the ids of what was made."""

    ec2: Any
    vpc: str
    subnets: list[str]
    table: str
    tasks: str
    endpoints: str
    task: str


@pytest.fixture(scope="module")
def ec2():
    """A client of an empty account; making one costs more than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        with mock_aws():
            yield boto3.Session("testing", "testing", region_name=REGION).client("ec2")


@pytest.fixture
def made(ec2, monkeypatch, tmp_path):
    """Two private subnets, the endpoints of ecr.api and the S3 gateway, one interface of a task; another VPC beside."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "LAB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "lab"))
    return build(ec2)


def build(ec2):
    ec2.create_vpc(CidrBlock="10.9.0.0/16")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    options = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]}]
    )["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
        for n, zone in ((1, "a"), (2, "b"))
    ]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    table = tables[0]["RouteTableId"]
    tasks, endpoints = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("tasks", "endpoints")
    )
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": tasks}]}
    ec2.authorize_security_group_ingress(GroupId=endpoints, IpPermissions=[rule])
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName=f"com.amazonaws.{REGION}.ecr.api",
        SubnetIds=subnets,
        SecurityGroupIds=[endpoints],
        PrivateDnsEnabled=True,
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType="Gateway", ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[table]
    )
    task = ec2.create_network_interface(SubnetId=subnets[0], Groups=[tasks])["NetworkInterface"]["NetworkInterfaceId"]
    return Made(ec2, vpc, subnets, table, tasks, endpoints, task)
