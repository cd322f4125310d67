"""What holds for every VPC: opening a rule never closes, a deciding rule decides, a fix fixes."""

from hypothesis import assume, given
from hypothesis import strategies as st

from labs.network import HopVerdict, PathStep
from tests.examples import examples

from .fixing import apply
from .vpc import ENDPOINTS, S3_LIST, TASKS, A, B, Cloud, entry, permission, task

NAMES = [
    "api.ecr.us-east-1.amazonaws.com",
    "logs.us-east-1.amazonaws.com",
    "sts.us-east-1.amazonaws.com",
    "bucket.s3.us-east-1.amazonaws.com",
    "registry-1.docker.io",
    "10.0.2.100",
    "93.184.216.34",
]
PEERS = ["0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.2.0/24", "52.0.0.0/8", TASKS, ENDPOINTS, S3_LIST, "pl-unread"]
permissions = st.builds(
    permission,
    st.sampled_from(PEERS),
    st.sampled_from([443, 80, (1, 1000), (1024, 65535)]),
    st.sampled_from(["tcp", "udp", "-1"]),
)
entries = st.builds(
    entry,
    st.integers(1, 12),
    st.sampled_from(["allow", "deny"]),
    st.booleans(),
    st.sampled_from([peer for peer in PEERS if "/" in peer]),
    st.sampled_from([None, (443, 443), (1024, 65535), (32768, 61000), (40000, 40010)]),
)
SUBNETS = [A, B, "subnet-p"]
sources = st.sampled_from(["eni-task", "eni-public", task(A, TASKS), task(B), task("subnet-p", TASKS, public=True)])


def numbered(made):
    """Entries with a number for each side only once."""
    return list({(item["RuleNumber"], item["Egress"]): item for item in made}.values())


def rules(cloud, draw):
    group = cloud.group(draw(st.sampled_from([TASKS, ENDPOINTS])))
    group[draw(st.sampled_from(["IpPermissions", "IpPermissionsEgress"]))] = draw(st.lists(permissions, max_size=3))


def wide(cloud, draw):
    cloud.group()["IpPermissionsEgress"] = [permission(protocol="-1")]


def acl(cloud, draw):
    place = draw(st.sampled_from(SUBNETS))
    if all(item["NetworkAclId"] != f"acl-{place}" for item in cloud["NetworkAcls"]):
        cloud.own_acl(place, *numbered(draw(st.lists(entries, max_size=5))))


def some_entries(cloud, draw):
    made = cloud.acl()
    made["Entries"] = [*made["Entries"][2:], *made["Entries"][:2], *numbered(draw(st.lists(entries, max_size=3)))]
    made["Entries"] = numbered(made["Entries"])


def no_private_dns(cloud, draw):
    found = [item for item in cloud["VpcEndpoints"] if item["VpcEndpointType"] == "Interface"]
    draw(st.sampled_from(found))["PrivateDnsEnabled"] = False


def no_endpoint(cloud, draw):
    gone = cloud["VpcEndpoints"].pop(draw(st.integers(0, len(cloud["VpcEndpoints"]) - 1)))
    for table in cloud["RouteTables"]:
        for route in table["Routes"]:
            if route.get("GatewayId") == gone["VpcEndpointId"]:
                route["State"] = "blackhole"


def an_attribute(cloud, draw):
    cloud.attributes()[draw(st.sampled_from(["enableDnsSupport", "enableDnsHostnames"]))] = False


def no_route(cloud, draw):
    routes = cloud.table()["Routes"]
    if len(routes) > 1:
        routes.pop(draw(st.integers(1, len(routes) - 1)))


CHANGES = [rules, wide, acl, some_entries, no_private_dns, no_endpoint, an_attribute, no_route]


@st.composite
def clouds(draw):
    """The course's VPC with a public subnet beside it, and some things changed."""
    cloud = Cloud()
    cloud.add_public_subnet(nat=draw(st.booleans()), attached=draw(st.booleans()))
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=4)):
        change(cloud, draw)
    return cloud


RANK = {False: 0, None: 1, True: 2}


@examples(150)
@given(cloud=clouds(), to=st.sampled_from(NAMES), source=sources, data=st.data())
def test_opening_a_security_group_never_closes_a_path(cloud, to, source, data):
    before = cloud.reach(to, source).ok
    group = cloud.group(data.draw(st.sampled_from([TASKS, ENDPOINTS, "sg-default"])))
    key = data.draw(st.sampled_from(["IpPermissions", "IpPermissionsEgress"]))
    group[key].insert(0, data.draw(permissions))
    assert RANK[cloud.reach(to, source).ok] >= RANK[before]


@examples(150)
@given(cloud=clouds(), to=st.sampled_from(NAMES), source=sources, made=entries, data=st.data())
def test_an_allow_in_a_network_acl_never_closes_a_path(cloud, to, source, made, data):
    acl = data.draw(st.sampled_from(cloud["NetworkAcls"]))
    assume((made["RuleNumber"], made["Egress"]) not in {(e["RuleNumber"], e["Egress"]) for e in acl["Entries"]})
    before = cloud.reach(to, source).ok
    acl["Entries"].append(made | {"RuleAction": "allow"})
    assert RANK[cloud.reach(to, source).ok] >= RANK[before]


@examples(150)
@given(cloud=clouds(), to=st.sampled_from(NAMES), source=sources, made=entries, data=st.data())
def test_a_deny_in_a_network_acl_never_opens_a_path(cloud, to, source, made, data):
    acl = data.draw(st.sampled_from(cloud["NetworkAcls"]))
    assume((made["RuleNumber"], made["Egress"]) not in {(e["RuleNumber"], e["Egress"]) for e in acl["Entries"]})
    before = cloud.reach(to, source).ok
    acl["Entries"].append(made | {"RuleAction": "deny"})
    assert RANK[cloud.reach(to, source).ok] <= RANK[before]


def without_rule(cloud, hop):
    """The VPC without the rule that a hop names, None when the hop names no rule that can be deleted."""
    bent = cloud.copy()
    if hop.step in (PathStep.GROUPS_OUT, PathStep.GROUPS_IN):
        egress = hop.step is PathStep.GROUPS_OUT
        key, other = "IpPermissionsEgress" if egress else "IpPermissions", hop.rule.rsplit(" ", 1)[1]
        group = bent.group(hop.resource)
        group[key] = [item for item in group[key] if words(item) != hop.rule.split(", ")[1] or other not in str(item)]
        return bent if len(group[key]) < len(cloud.group(hop.resource)[key]) else None
    if hop.step in (PathStep.ACL_OUT, PathStep.ACL_IN, PathStep.NAT_ACL, PathStep.RETURN_ACL):
        number, egress = int(hop.rule.split()[1].rstrip(":")), "outbound" in hop.rule
        acl = bent.acl(hop.resource)
        acl["Entries"] = [e for e in acl["Entries"] if (e["RuleNumber"], e["Egress"]) != (number, egress)]
        return bent
    if hop.step is PathStep.ROUTE:
        routes = bent.table(hop.resource)["Routes"]
        destination = hop.rule.split(" -> ")[0]
        bent.table(hop.resource)["Routes"] = [route for route in routes if destination not in route.values()]
        return bent
    return None


def words(item):
    """The traffic of a permission as a rule's words say it."""
    if item["IpProtocol"] == "-1":
        return "all traffic"
    low, high = item["FromPort"], item["ToPort"]
    return f"{item['IpProtocol']} {low}" if low == high else f"{item['IpProtocol']} {low}-{high}"


@examples(200)
@given(cloud=clouds(), to=st.sampled_from(NAMES), source=sources)
def test_without_its_deciding_rule_an_open_path_closes_or_another_rule_decides(cloud, to, source):
    path = cloud.reach(to, source)
    while path.ok is False and path.blocked_at.fix is not None:
        source = apply(path.blocked_at.fix, cloud, source)
        path = cloud.reach(to, source)
    assume(path.ok)
    for index, hop in enumerate(path.hops):
        bent = without_rule(cloud, hop)
        if bent is None:
            continue
        after = bent.reach(to, source)
        if after.ok:
            assert after.hops[index] != hop or len(after.hops) != len(path.hops), hop


@examples(250)
@given(cloud=clouds(), to=st.sampled_from(NAMES), source=sources)
def test_a_fix_opens_the_path_or_the_next_block_is_another(cloud, to, source):
    seen = set()
    while (path := cloud.reach(to, source)).ok is False and path.blocked_at.fix is not None:
        hop = path.blocked_at
        assert str(hop.fix) not in seen, hop
        seen.add(str(hop.fix))
        source = apply(hop.fix, cloud, source)
        after = cloud.reach(to, source).blocked_at
        assert after is None or (after.step, after.resource, after.rule, after.reason) != (
            hop.step, hop.resource, hop.rule, hop.reason,
        )  # fmt: skip


@examples(100)
@given(cloud=clouds(), to=st.sampled_from(NAMES), source=sources)
def test_every_hop_says_what_decided(cloud, to, source):
    path = cloud.reach(to, source)
    assert path.ok is (False if path.blocked_at else None if path.unchecked else True)
    for hop in path.hops:
        assert hop.resource
        assert hop.reason.endswith(".")
        assert "\n" not in hop.reason
        assert hop.rule or hop.verdict is HopVerdict.CANNOT_CHECK or hop.step is PathStep.DESTINATION
        assert hop.fix is None or hop.verdict is HopVerdict.BLOCKED
    assert path.blocked_at in (None, path.hops[-1])


@examples(60)
@given(cloud=clouds(), to=st.sampled_from(NAMES), source=sources, data=st.data())
def test_the_order_of_the_answers_does_not_matter(cloud, to, source, data):
    before = cloud.reach(to, source)
    for key in ("RouteTables", "NetworkAcls", "NetworkInterfaces", "Subnets", "SecurityGroups"):
        cloud.document[key] = data.draw(st.permutations(cloud[key]))
    after = cloud.reach(to, source)
    assert after == before
