"""Security groups: every kind of rule, in both directions. Amazon VPC User Guide: security-group-rules."""

import pytest

from labs.network import HopVerdict, PathStep

from .vpc import ENDPOINTS, TASKS, A, entry, interface, permission, task

TO = "10.0.2.50:443"
SIX, OTHER_SIX = "2600:1f18:0:2::50", "2600:1f18:0:1::10"


@pytest.fixture
def pair(cloud):
    """The task and another interface, each with one group; the subnets have IPv6 too."""
    other = interface("eni-db", "subnet-b", "10.0.2.50", "sg-db", zone="b")
    cloud["NetworkInterfaces"].append(other | {"Ipv6Addresses": [{"Ipv6Address": SIX}]})
    cloud.interface()["Ipv6Addresses"] = [{"Ipv6Address": OTHER_SIX}]
    cloud["SecurityGroups"].append({"GroupId": "sg-db", "VpcId": "vpc-1", "GroupName": "db"})
    cloud.table()["Routes"].append({"DestinationIpv6CidrBlock": "2600:1f18::/56", "GatewayId": "local"})
    cloud.acl()["Entries"] += [entry(101, "allow", way, "::/0") for way in (False, True)]
    return cloud


OUT = {
    "the address": ("10.0.2.50/32", True),
    "the subnet": ("10.0.2.0/24", True),
    "everywhere": ("0.0.0.0/0", True),
    "the address next to it": ("10.0.2.51/32", False),
    "everywhere in IPv6": ("::/0", False),
    "its group": ("sg-db", True),
    "another group": (ENDPOINTS, False),
    "the source's own group": (TASKS, False),
    "a list that holds it": ("pl-db", True),
    "a list that does not": ("pl-none", False),
    "S3's list": ("pl-s3", False),
    "a list that was not read": ("pl-unknown", None),
}
LISTS = [
    {"PrefixListId": "pl-db", "PrefixListName": "db", "Entries": [{"Cidr": "10.9.0.0/16"}, {"Cidr": "10.0.2.48/29"}]},
    {"PrefixListId": "pl-none", "PrefixListName": "none", "Entries": []},
    {"PrefixListId": "pl-unknown", "PrefixListName": "unknown"},
]


def both(cloud, outbound, inbound):
    cloud.document["ManagedPrefixLists"] = LISTS
    cloud.group()["IpPermissionsEgress"] = outbound
    cloud.group("sg-db")["IpPermissions"] = inbound


@pytest.mark.parametrize(("to", "ok"), OUT.values(), ids=OUT.keys())
def test_an_outbound_rule_to(pair, to, ok):
    both(pair, [permission(to)], [permission(protocol="-1")])
    path = pair.reach(TO)
    assert path.ok is ok
    if ok is not True:
        assert (path.blocked_at or path.unchecked[0]).step is PathStep.GROUPS_OUT


IN = {
    "the address": ("10.0.1.10/32", True),
    "the subnet": ("10.0.1.0/24", True),
    "another subnet": ("10.0.2.0/24", False),
    "its group": (TASKS, True),
    "the destination's own group": ("sg-db", False),
    "a list that does not hold it": ("pl-db", False),
    "a list that was not read": ("pl-unknown", None),
}


@pytest.mark.parametrize(("source", "ok"), IN.values(), ids=IN.keys())
def test_an_inbound_rule_from(pair, source, ok):
    both(pair, [permission(protocol="-1")], [permission(source)])
    path = pair.reach(TO)
    assert path.ok is ok
    if ok is not True:
        assert (path.blocked_at or path.unchecked[0]).step is PathStep.GROUPS_IN


PORTS = {
    "the port": (permission(ports=443), True),
    "a range around it": (permission(ports=(400, 500)), True),
    "a range that ends at it": (permission(ports=(1, 443)), True),
    "a range beside it": (permission(ports=(444, 500)), False),
    "all ports": (permission(ports=(0, 65535)), True),
    "all traffic": (permission(protocol="-1"), True),
    "the protocol's number": (permission(protocol="6"), True),
    "UDP": (permission(protocol="udp"), False),
    "ICMP": (permission(ports=(-1, -1), protocol="icmp"), False),
    "TCP without ports": ({"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, True),
}


@pytest.mark.parametrize(("rule", "ok"), PORTS.values(), ids=PORTS.keys())
def test_the_ports_and_protocol_of_a_rule(pair, rule, ok):
    both(pair, [rule], [permission(protocol="-1")])
    assert pair.reach(TO).ok is ok


def test_the_groups_of_an_interface_add_up(pair):
    both(pair, [], [permission(TASKS)])
    pair.interface()["Groups"].append({"GroupId": "sg-default"})
    path = pair.reach(TO)
    assert path.ok
    assert path.hops[0].resource == "sg-default"


def test_two_interfaces_in_one_group_need_a_rule_for_that_group(cloud):
    cloud["NetworkInterfaces"].append(interface("eni-peer", A, "10.0.1.11", TASKS))
    cloud.group()["IpPermissionsEgress"] = [permission(protocol="-1")]
    assert cloud.reach("10.0.1.11:80").blocked_at.step is PathStep.GROUPS_IN
    cloud.group()["IpPermissions"] = [permission(TASKS, protocol="-1")]
    path = cloud.reach("10.0.1.11:80")
    assert path.ok
    assert path.hops[-1].rule == f"inbound, all traffic, from {TASKS}"


def test_the_answer_needs_no_rule(pair):
    both(pair, [permission("sg-db")], [permission(TASKS)])
    pair.group("sg-db")["IpPermissionsEgress"] = []
    assert pair.reach(TO).ok


@pytest.mark.parametrize(("to", "ok"), [("::/0", True), (f"{SIX}/128", True), ("0.0.0.0/0", False), ("sg-db", True)])
def test_ipv6_has_its_own_rules(pair, to, ok):
    both(pair, [permission(to)], [permission("::/0")])
    assert pair.reach(f"[{SIX}]:443").ok is ok


def test_a_proposed_interface_without_groups_gets_the_default_group(cloud):
    path = cloud.reach("10.0.1.100:443", task(A))
    assert path.hops[0].resource == "sg-default"
    assert path.blocked_at.step is PathStep.GROUPS_IN


def test_a_proposed_interface_may_get_any_address_of_its_subnet(cloud):
    rules = cloud.group(ENDPOINTS)
    rules["IpPermissions"] = [permission("10.0.1.0/24")]
    assert cloud.reach("10.0.1.100:443", task(A, TASKS)).ok
    rules["IpPermissions"] = [permission("10.0.1.0/25")]
    path = cloud.reach("10.0.1.100:443", task(A, TASKS))
    assert path.ok is None
    assert path.unchecked[0].rule == "inbound, tcp 443, from 10.0.1.0/25"


PUBLIC_RULES = {
    "everywhere": ("0.0.0.0/0", HopVerdict.OPEN),
    "private addresses": ("10.0.0.0/8", HopVerdict.BLOCKED),
    "S3's list": ("pl-s3", HopVerdict.BLOCKED),
    "some public addresses": ("52.0.0.0/8", HopVerdict.CANNOT_CHECK),
}


@pytest.mark.parametrize(("to", "verdict"), PUBLIC_RULES.values(), ids=PUBLIC_RULES.keys())
def test_an_outbound_rule_for_a_public_address_that_is_not_known(cloud, to, verdict):
    cloud.group()["IpPermissionsEgress"] = [permission(to)]
    groups = cloud.reach("registry-1.docker.io:443").hops[1]
    assert (groups.step, groups.verdict) == (PathStep.GROUPS_OUT, verdict)


S3_RULES = {
    "both blocks": (["52.216.0.0/15", "3.5.0.0/19"], True),
    "wider blocks": (["52.0.0.0/8", "3.0.0.0/8"], True),
    "one of the blocks": (["52.216.0.0/15"], False),
    "half a block": (["52.216.0.0/16", "3.5.0.0/19"], None),
}


@pytest.mark.parametrize(("blocks", "ok"), S3_RULES.values(), ids=S3_RULES.keys())
def test_s3_by_addresses_needs_all_of_its_blocks(cloud, blocks, ok):
    cloud.group()["IpPermissionsEgress"] = [permission(block) for block in blocks]
    assert cloud.reach("bucket.s3.us-east-1.amazonaws.com").ok is ok


def test_a_block_of_some_addresses_of_a_name_says_so(cloud):
    cloud.group()["IpPermissionsEgress"] = [permission("52.216.0.0/15")]
    reason = cloud.reach("bucket.s3.us-east-1.amazonaws.com").blocked_at.reason
    assert "3.5.0.0/19" in reason
    assert reason.endswith("while other addresses of bucket.s3.us-east-1.amazonaws.com are open.")
