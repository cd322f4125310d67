"""What EC2 answers about a VPC, as the stages read it: rules by their sources and ports, tables, services."""

from typing import Any

import pytest

from labs.subjects.vpc import reading


def test_a_rule_of_a_group_is_read_by_its_sources_and_ports() -> None:
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "10.0.0.0/16"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }
    assert [each.name for each in reading.sources(rule)] == ["10.0.0.0/16", "::/0", "sg-1", "pl-1"]
    assert reading.covers(rule, 443)
    assert reading.exactly(rule, 443)
    assert reading.ports(rule) == "tcp 443"


@pytest.mark.parametrize(
    ("rule", "covers", "words"),
    [
        ({"IpProtocol": "-1"}, True, "every port"),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}, True, "tcp 0 to 65535"),
        ({"IpProtocol": "6", "FromPort": 443, "ToPort": 444}, True, "6 443 to 444"),
        ({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}, False, "tcp 80"),
        ({"IpProtocol": "udp", "FromPort": 443, "ToPort": 443}, False, "udp 443"),
        ({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1}, False, "icmp -1"),
    ],
)
def test_a_rule_for_more_than_443_covers_it_but_not_exactly(rule: dict[str, Any], covers: bool, words: str) -> None:
    assert reading.covers(rule, 443) is covers
    assert not reading.exactly(rule, 443)
    assert reading.ports(rule) == words


def answered(ids: list[str], **changes: Any) -> reading.VpcReading:
    made = {"subnets": tuple({"SubnetId": each, "AvailabilityZone": "a"} for each in ids)} | changes
    return reading.VpcReading({"VpcId": "vpc-1"}, True, True, "us-east-1", **made)


def test_a_subnet_without_a_table_of_its_own_uses_the_main_one() -> None:
    main = {"RouteTableId": "rtb-main", "Associations": [{"Main": True}]}
    own = {"RouteTableId": "rtb-own", "Associations": [{"SubnetId": "subnet-2"}]}
    assert answered(["subnet-1", "subnet-2"], route_tables=(main, own)).tables == ("rtb-main", "rtb-own")
    assert answered(["subnet-1"], route_tables=(own, main)).tables == ("rtb-main",)
    assert answered(["subnet-1"]).tables == ()


def test_another_regions_service_keeps_its_whole_name() -> None:
    assert reading.ending("com.amazonaws.us-east-1.ecr.api", "us-east-1") == "ecr.api"
    assert reading.ending("com.amazonaws.eu-west-1.ecr.api", "us-east-1") == "com.amazonaws.eu-west-1.ecr.api"
