"""The interfaces that ECS makes for Fargate tasks, and the snapshot that decides whether a task can start."""

import itertools
import json
import signal
import subprocess
import sys

import pytest

from labs.cloud.contract import AwsError
from labs.cloud.ecs.data_plane.task_interfaces import TaskInterfaces
from labs.cloud.front.assembly import LocalAws
from labs.cloud.store.ec2_reader import Snapshots, read, request
from labs.network.describe_calls import DESCRIBE_CALLS

REGION = "us-east-1"
ARN = "arn:aws:ecs:us-east-1:111122223333:attachment/0a1b2c3d-0000-4000-8000-0123456789ab"


class Inside:
    """A local AWS in this process: its task interfaces, its snapshots, its EC2 by bare calls."""

    def __init__(self, cloud):
        store, moto = cloud._store, cloud._store._moto
        self.store, self.account = store, cloud.identity.account
        self.tasks = TaskInterfaces(store.write, self.account, REGION)
        self.snapshots = Snapshots(moto, store.reading)
        self.subnet = self.take()["Subnets"][0]["SubnetId"]

    def take(self, vpc_id=""):
        return self.snapshots.take(self.account, REGION, vpc_id)

    def call(self, operation, **parameters):
        made = request(operation, self.account, REGION, {key.replace("__", "."): v for key, v in parameters.items()})
        return read(operation, self.store.write(made))

    def shown(self, interface):
        return next(eni for eni in self.take()["NetworkInterfaces"] if eni["NetworkInterfaceId"] == interface.id)


_accounts = itertools.count(200_000_000_001)


@pytest.fixture
def inside(tmp_path):
    """A local AWS inside this process; moto keeps its books by account, so each has one of its own."""
    cloud = LocalAws(tmp_path / "state", account=str(next(_accounts)))
    yield cloud
    cloud.close()


@pytest.fixture
def aws(inside):
    return Inside(inside)


def test_a_tasks_interface_is_seen_and_managed_by_ecs(aws):
    made = aws.tasks.create(aws.subnet, [], ARN, tags={"aws:ecs:clusterName": "lab"})
    shown = aws.shown(made)
    assert shown["Description"] == ARN
    assert (shown["InterfaceType"], shown["RequesterManaged"], shown["Status"]) == ("interface", True, "in-use")
    assert shown["Attachment"]["AttachmentId"].startswith("eni-attach-")
    assert shown["TagSet"] == [{"Key": "aws:ecs:clusterName", "Value": "lab"}]
    assert (shown["PrivateIpAddress"], shown["MacAddress"]) == (made.private_ip_address, made.mac_address)
    assert made.private_dns_name == shown["PrivateDnsName"]
    assert made.group_ids == tuple(group["GroupId"] for group in shown["Groups"])
    assert [group["GroupName"] for group in shown["Groups"]] == ["default"]
    assert (made.public_ip, "Association" in shown) == ("", False)


def test_a_public_one_has_an_address_of_amazons(aws):
    made = aws.tasks.create(aws.subnet, [], ARN, public=True)
    association = aws.shown(made)["Association"]
    assert (association["PublicIp"], association["IpOwnerId"]) == (made.public_ip, "amazon")
    assert made.public_ip.startswith(("198.51.100.", "203.0.113."))


def test_only_ecs_removes_it(aws):
    made = aws.tasks.create(aws.subnet, [], ARN)
    with pytest.raises(AwsError, match="is currently in use"):
        aws.call("DeleteNetworkInterface", NetworkInterfaceId=made.id)
    with pytest.raises(AwsError, match="You do not have permission"):
        aws.call("DetachNetworkInterface", AttachmentId=aws.shown(made)["Attachment"]["AttachmentId"])
    with pytest.raises(AwsError, match="has dependencies"):
        aws.call("DeleteSubnet", SubnetId=aws.subnet)
    aws.tasks.delete(made.id)
    aws.tasks.delete(made.id)
    assert aws.take()["NetworkInterfaces"] == []


@pytest.mark.parametrize(
    ("subnet", "groups", "code"),
    [("subnet-0", [], "InvalidSubnetID.NotFound"), ("", ["sg-0"], "InvalidGroup.NotFound")],
)
def test_what_does_not_exist_is_refused(aws, subnet, groups, code):
    with pytest.raises(AwsError) as refusal:
        aws.tasks.create(subnet or aws.subnet, groups, ARN)
    assert refusal.value.code == code


def test_a_full_subnet_is_refused(aws):
    vpc = aws.take()["Vpcs"][0]["VpcId"]
    small = aws.call("CreateSubnet", VpcId=vpc, CidrBlock="172.31.240.0/28")["Subnet"]["SubnetId"]
    for _ in range(11):
        aws.tasks.create(small, [], ARN)
    with pytest.raises(AwsError) as refusal:
        aws.tasks.create(small, [], ARN)
    assert refusal.value.code == "InsufficientFreeAddressesInSubnet"


CHILD = """
import json, os, signal, sys
from pathlib import Path
from labs.cloud.front.assembly import LocalAws
from labs.cloud.ecs.data_plane.task_interfaces import TaskInterfaces
from labs.cloud.store.ec2_reader import Snapshots
cloud = LocalAws(Path(sys.argv[1]))
account = cloud.identity.account
snapshots = Snapshots(cloud._store._moto, cloud._store.reading)
if sys.argv[2] == "make":
    tasks = TaskInterfaces(cloud._store.write, account, "us-east-1")
    subnet = snapshots.take(account, "us-east-1")["Subnets"][0]["SubnetId"]
    made = [tasks.create(subnet, [], f"arn:aws:ecs:us-east-1:{account}:attachment/{n}", public=n > 1) for n in range(4)]
    tasks.delete(made[1].id)
print(json.dumps(snapshots.take(account, "us-east-1")), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_comes_back_the_same_after_sigkill(tmp_path):
    def run(what):
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(tmp_path / "state"), what], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        return json.loads(done.stdout)

    made = run("make")
    assert len(made["NetworkInterfaces"]) == 3
    assert run("look") == made


def test_a_snapshot_holds_all_that_the_network_model_reads(aws):
    found = aws.take()
    for key in ("Vpcs", "Subnets", "RouteTables", "SecurityGroups", "NetworkAcls", "DhcpOptions", "InternetGateways"):
        assert found[key], key
    for key in ("NatGateways", "NetworkInterfaces", "VpcEndpoints", "EgressOnlyInternetGateways"):
        assert found[key] == [], key
    assert (found["Region"], found["Account"]) == (REGION, aws.account)
    on = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}}
    assert found["VpcAttributes"] == {found["Vpcs"][0]["VpcId"]: on}
    s3 = next(held for held in found["PrefixLists"] if held["PrefixListName"].endswith(".s3"))
    managed = next(held for held in found["ManagedPrefixLists"] if held["PrefixListId"] == s3["PrefixListId"])
    assert [entry["Cidr"] for entry in managed["Entries"]] == s3["Cidrs"]
    assert json.loads(json.dumps(found)) == found


def test_a_snapshot_holds_what_the_diagnosis_reads_of_a_real_account(aws):
    first, second = (aws.call("CreateVpc", CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (0, 1))
    aws.call("CreateVpcPeeringConnection", VpcId=first, PeerVpcId=second)
    found = aws.take(first)
    assert {call.key for call in DESCRIBE_CALLS} <= set(found)
    (peering,) = found["VpcPeeringConnections"]
    assert peering["RequesterVpcInfo"]["VpcId"] == first
    assert found["TransitGatewayAttachments"] == []


def test_a_snapshot_of_one_vpc_leaves_the_others_out(aws):
    vpc = aws.call("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    aws.tasks.create(subnet, [], ARN)
    found = aws.take(vpc)
    for key in ("Vpcs", "Subnets", "RouteTables", "SecurityGroups", "NetworkAcls", "NetworkInterfaces"):
        assert {held["VpcId"] for held in found[key]} == {vpc}, key
    assert list(found["VpcAttributes"]) == [vpc]
