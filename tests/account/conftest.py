"""An account of a running local AWS, with the course's VPC made by the calls that a person would make."""

import os
from dataclasses import dataclass
from typing import Any

import pytest

from tests.account.world import World
from tests.cloud.lab_cloud import LabCloud, until

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


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A running local AWS; its tasks are processes, so that a figure or a failure is its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_ENGINE", "embedded")
        running = LabCloud(tmp_path_factory.mktemp("diagnose") / "state", pace="quick")
    yield running
    running.close()


@pytest.fixture(scope="session")
def world(cloud):
    """A task that starts, and what it stands on."""
    return World(cloud)


@pytest.fixture(scope="module")
def ec2(cloud):
    """An administrator's client."""
    return cloud.client("ec2", region=REGION)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(("AWS_", "LAB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "lab"))


@pytest.fixture(scope="module")
def made(ec2):
    """Two private subnets, the endpoints of ecr.api and the S3 gateway, one interface of a task; another VPC beside."""
    return build(ec2)


@pytest.fixture
def fresh(ec2):
    """The same, for a test that changes it."""
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
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName=f"com.amazonaws.{REGION}.ecr.api",
        SubnetIds=subnets,
        SecurityGroupIds=[endpoints],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType="Gateway", ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[table]
    )
    task = ec2.create_network_interface(SubnetId=subnets[0], Groups=[tasks])["NetworkInterface"]["NetworkInterfaceId"]
    described = lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]  # noqa: E731
    until(lambda: described()[0]["State"] == "available", 60)
    return Made(ec2, vpc, subnets, table, tasks, endpoints, task)
