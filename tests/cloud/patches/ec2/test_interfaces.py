"""Network interfaces: addresses inside the subnet, each once, and what belongs to a service stays the service's."""

import ipaddress
import threading

import pytest

from tests.cloud.lab_cloud import refused
from tests.cloud.patches.ec2.lab_vpc import LabVpc


def make(vpc, subnet=None, **more):
    return vpc.ec2.create_network_interface(SubnetId=subnet or vpc.a, **more)["NetworkInterface"]


def test_addresses_are_the_subnets_and_never_twice(vpc):
    small = vpc.subnet(9, "c", 28)
    found = sorted(ipaddress.ip_address(make(vpc, small)["PrivateIpAddress"]) for _ in range(11))
    first = ipaddress.ip_address(f"{vpc.prefix}.9.0")
    assert found == [first + n for n in range(4, 15)]
    assert refused(vpc.ec2.create_network_interface, SubnetId=small)[0] == "InsufficientFreeAddressesInSubnet"
    shown = vpc.only("subnets", "Subnets", subnet_id=small)[0]
    assert shown["AvailableIpAddressCount"] == 0
    eni = vpc.only("network_interfaces", "NetworkInterfaces", subnet_id=small)[3]
    vpc.ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    assert make(vpc, small)["PrivateIpAddress"] == eni["PrivateIpAddress"]


@pytest.mark.parametrize(
    ("last", "code", "words"),
    [
        ("1.5", "InvalidParameterValue", "Address does not fall within the subnet's address range"),
        ("0.3", "InvalidParameterValue", "is in subnet's reserved address range"),
        ("0.255", "InvalidParameterValue", "is in subnet's reserved address range"),
        ("0.77", "InvalidIPAddress.InUse", "The specified IP address is already in use."),
    ],
)
def test_an_address_that_cannot_be_had(vpc, last, code, words):
    assert make(vpc, PrivateIpAddress=f"{vpc.prefix}.0.77")["PrivateIpAddress"] == f"{vpc.prefix}.0.77"
    answer = refused(vpc.ec2.create_network_interface, SubnetId=vpc.a, PrivateIpAddress=f"{vpc.prefix}.{last}")
    assert answer[0] == code
    assert words in answer[1]


def test_secondary_addresses(vpc):
    made = make(vpc, SecondaryPrivateIpAddressCount=3)
    found = [item["PrivateIpAddress"] for item in made["PrivateIpAddresses"]]
    assert len(set(found)) == 4
    assert all(ipaddress.ip_address(address) in ipaddress.ip_network(f"{vpc.prefix}.0.0/24") for address in found)
    assert [item["Primary"] for item in made["PrivateIpAddresses"]] == [True, False, False, False]


def test_groups_must_be_the_vpcs(vpc, ec2):
    other = LabVpc(ec2).default_group()
    assert refused(ec2.create_network_interface, SubnetId=vpc.a, Groups=[other])[:2] == (
        "InvalidGroup.NotFound",
        "You have specified two resources that belong to different networks.",
    )
    unknown = refused(ec2.create_network_interface, SubnetId=vpc.a, Groups=["sg-0123456789abcdef0"])
    assert unknown[:2] == ("InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist")
    assert [group["GroupId"] for group in make(vpc)["Groups"]] == [vpc.default_group()]


def test_a_vpc_without_host_names_gives_none(ec2):
    vpc = LabVpc(ec2, host_names=False)
    assert "PrivateDnsName" not in make(vpc)


def test_another_region_has_other_host_names(cloud):
    ec2 = cloud.client("ec2", region="eu-west-1")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert made["PrivateDnsName"] == f"ip-{made['PrivateIpAddress'].replace('.', '-')}.eu-west-1.compute.internal"


def test_an_endpoints_interface_is_not_the_callers(vpc):
    vpc.endpoint()
    eni = vpc.interfaces()[0]
    ec2, eni_id = vpc.ec2, eni["NetworkInterfaceId"]
    assert refused(ec2.delete_network_interface, NetworkInterfaceId=eni_id)[:2] == (
        "InvalidParameterValue",
        f"Network interface '{eni_id}' is currently in use.",
    )
    assert refused(ec2.detach_network_interface, AttachmentId=eni["Attachment"]["AttachmentId"])[:2] == (
        "OperationNotPermitted",
        "You are not allowed to manage 'ela-attach' attachments.",
    )
    change = {"NetworkInterfaceId": eni_id, "Groups": [vpc.group("g")]}
    assert refused(ec2.modify_network_interface_attribute, **change)[:2] == (
        "AuthFailure",
        "You do not have permission to access the specified resource.",
    )


def test_nobody_makes_a_task_interface_from_outside(cloud, vpc):
    body = f"Action=CreateNetworkInterface&Version=2016-11-15&SubnetId={vpc.a}".encode()
    headers = {"x-labs-task-attachment": "arn:x", "content-type": "application/x-www-form-urlencoded"}
    status, _, _ = cloud.signed("ec2", "POST", "/", body, headers)
    assert status == 200
    assert [eni["RequesterManaged"] for eni in vpc.interfaces()] == [False]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("interface-type", "vpc_endpoint"),
        ("requester-managed", "true"),
        ("status", "in-use"),
        ("attachment.status", "attached"),
        ("attachment.instance-owner-id", "amazon-aws"),
        ("group-name", "default"),
        ("description", "VPC Endpoint Interface vpce-*"),
    ],
)
def test_filters(vpc, name, value):
    made = vpc.endpoint()
    if name != "group-name":
        make(vpc)
    ask = [{"Name": "vpc-id", "Values": [vpc.id]}, {"Name": name, "Values": [value]}]
    found = vpc.ec2.describe_network_interfaces(Filters=ask)["NetworkInterfaces"]
    assert [eni["NetworkInterfaceId"] for eni in found] == made["NetworkInterfaceIds"]


def test_many_at_once_each_get_an_address_of_their_own(cloud, vpc):
    answers = []

    def work():
        ec2 = cloud.client("ec2")
        for _ in range(5):
            answers.append(ec2.create_network_interface(SubnetId=vpc.a)["NetworkInterface"]["PrivateIpAddress"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(set(answers)) == 40
