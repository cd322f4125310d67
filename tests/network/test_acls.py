"""Network ACLs: stateless, in rule order, at both subnets. Amazon VPC User Guide: vpc-network-acls."""

import pytest

from labs.network import PathStep

from .vpc import LAYERS, A, B, entry

TO_B = "10.0.2.100:443"
ALL_IN, ALL_OUT = entry(100, "allow"), entry(100, "allow", True)
EPHEMERAL = (1024, 65535)

OUTBOUND = {
    "allow all": ([entry(100, "allow", True)], True),
    "nothing": ([], False),
    "allow the port": ([entry(100, "allow", True, ports=(443, 443))], True),
    "allow another port": ([entry(100, "allow", True, ports=(80, 80))], False),
    "deny before allow": ([entry(90, "deny", True, ports=(443, 443)), entry(100, "allow", True)], False),
    "allow before deny": ([entry(90, "allow", True, ports=(443, 443)), entry(100, "deny", True)], True),
    "a deny of another block": ([entry(90, "deny", True, "10.0.3.0/24"), entry(100, "allow", True)], True),
    "a deny of the block": ([entry(90, "deny", True, "10.0.2.0/24"), entry(100, "allow", True)], False),
    "a deny of UDP": ([entry(90, "deny", True, protocol="17", ports=(443, 443)), entry(100, "allow", True)], True),
    "only IPv6": ([entry(100, "allow", True, "::/0")], False),
    "allow UDP": ([entry(100, "allow", True, protocol="17", ports=(443, 443))], False),
}


@pytest.mark.parametrize(("rules", "ok"), OUTBOUND.values(), ids=OUTBOUND.keys())
def test_the_sources_outbound_rules(cloud, rules, ok):
    cloud.own_acl(A, ALL_IN, *rules)
    path = cloud.reach(TO_B)
    assert path.ok is ok
    if not ok:
        assert path.blocked_at.step is PathStep.ACL_OUT


RETURN = {
    "all of 1024-65535": ([entry(100, "allow", ports=EPHEMERAL)], True),
    # "Many Linux kernels (including the Amazon Linux kernel) use ports 32768-61000": nacl-ephemeral-ports.
    "what Linux uses": ([entry(100, "allow", ports=(32768, 61000))], True),
    "what Linux uses, in two rules": (
        [entry(100, "allow", ports=(32768, 40000)), entry(110, "allow", ports=(40001, 61000))],
        True,
    ),
    "a gap between two rules": (
        [entry(100, "allow", ports=(32768, 40000)), entry(110, "allow", ports=(40002, 65535))],
        False,
    ),
    "too low": ([entry(100, "allow", ports=(1024, 32767))], False),
    "only 443": ([entry(100, "allow", ports=(443, 443))], False),
    "a deny inside, before": ([entry(90, "deny", ports=(50000, 50000)), entry(100, "allow")], False),
    "a deny inside, after": ([entry(90, "allow", ports=EPHEMERAL), entry(100, "deny")], True),
    "a deny beside": ([entry(90, "deny", ports=(1, 1023)), entry(100, "allow")], True),
}


@pytest.mark.parametrize(("rules", "ok"), RETURN.values(), ids=RETURN.keys())
def test_the_ports_of_the_answer(cloud, rules, ok):
    cloud.own_acl(A, ALL_OUT, *rules)
    for to in (TO_B, LAYERS):
        path = cloud.reach(to)
        assert path.ok is ok
        if not ok:
            assert (path.blocked_at.step, path.blocked_at.resource) == (PathStep.RETURN_ACL, f"acl-{A}")


def test_the_answer_leaves_by_the_destinations_outbound_rules(cloud):
    cloud.own_acl(B, entry(100, "allow", ports=(443, 443)), entry(100, "allow", True, ports=(443, 443)))
    path = cloud.reach(TO_B)
    assert (path.blocked_at.step, path.blocked_at.resource) == (PathStep.RETURN_ACL, f"acl-{B}")
    assert path.blocked_at.rule == "rule *: outbound, deny, all traffic, 0.0.0.0/0"


def test_the_narrowest_rules_that_work(cloud):
    cloud.own_acl(
        A,
        entry(100, "allow", True, "10.0.2.0/24", (443, 443)),
        entry(100, "allow", False, "10.0.2.0/24", EPHEMERAL),
    )
    cloud.own_acl(
        B,
        entry(100, "allow", False, "10.0.1.0/24", (443, 443)),
        entry(100, "allow", True, "10.0.1.0/24", EPHEMERAL),
    )
    assert cloud.reach(TO_B).ok


def test_inside_one_subnet_no_network_acl_is_met(cloud):
    cloud.own_acl(A)
    path = cloud.reach("10.0.1.100:443")
    assert path.ok
    assert not {PathStep.ACL_OUT, PathStep.ACL_IN, PathStep.RETURN_ACL} & {hop.step for hop in path.hops}


def test_a_subnet_without_an_association_has_the_default_acl(cloud):
    cloud.acl()["Associations"] = []
    path = cloud.reach(TO_B)
    assert path.ok
    assert [hop.resource for hop in path.hops if hop.step is PathStep.RETURN_ACL] == ["acl-1", "acl-1"]


def test_rules_count_by_number_and_not_by_their_place_in_the_answer(cloud):
    cloud.own_acl(A, ALL_IN, entry(100, "allow", True), entry(90, "deny", True))
    assert cloud.reach(TO_B).blocked_at.rule == "rule 90: outbound, deny, all traffic, 0.0.0.0/0"


PARTLY = {
    "allow a part, deny the rest": ([entry(90, "allow", True, "52.216.0.0/16")], None),
    "deny a part, allow the rest": ([entry(90, "deny", True, "52.216.0.0/16"), ALL_OUT], None),
    "allow a part, allow the rest": ([entry(90, "allow", True, "52.216.0.0/16"), ALL_OUT], True),
    "deny a part, deny the rest": ([entry(90, "deny", True, "52.216.0.0/16")], False),
}


@pytest.mark.parametrize(("rules", "ok"), PARTLY.values(), ids=PARTLY.keys())
def test_a_rule_for_a_part_of_s3s_addresses(cloud, rules, ok):
    cloud["PrefixLists"][0]["Cidrs"] = ["52.216.0.0/15"]
    cloud.own_acl(A, ALL_IN, *rules)
    assert cloud.reach(LAYERS).ok is ok


def test_a_fix_goes_before_the_rule_that_denies(cloud):
    cloud.acl()["Entries"].append(entry(50, "deny", True, ports=(443, 443)))
    fix = cloud.reach(LAYERS).blocked_at.fix
    assert (fix.operation, fix.parameters["RuleNumber"]) == ("create_network_acl_entry", 49)
    assert fix.words == "In acl-1, add outbound rule 49: allow tcp 443 to 0.0.0.0/0."


def test_where_no_number_is_free_before_the_deny_it_goes(cloud):
    cloud.acl()["Entries"].append(entry(1, "deny", True))
    fix = cloud.reach(LAYERS).blocked_at.fix
    assert fix.operation == "delete_network_acl_entry"
    assert fix.parameters == {"NetworkAclId": "acl-1", "RuleNumber": 1, "Egress": True}
