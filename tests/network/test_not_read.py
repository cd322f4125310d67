"""A list that is absent from the snapshot was not read: the hop that needs it is CANNOT CHECK, and nothing crashes."""

import itertools

import pytest

from labs.network import HopVerdict, PathStep, Snapshot, reach

from .vpc import ECR_API, LAYERS, Cloud, permission, task

PEOPLE = "registry-1.docker.io:443"
NEEDED = {
    "NetworkInterfaces": (ECR_API, "eni-task", PathStep.SOURCE),
    "Subnets": (ECR_API, task("subnet-a", "sg-tasks"), PathStep.SOURCE),
    "Vpcs": (ECR_API, "eni-task", PathStep.DNS),
    "VpcAttributes": (ECR_API, "eni-task", PathStep.DNS),
    "DhcpOptions": (ECR_API, "eni-task", PathStep.DNS),
    "VpcEndpoints": (ECR_API, "eni-task", PathStep.DNS),
    "SecurityGroups": (ECR_API, "eni-task", PathStep.GROUPS_OUT),
    "NetworkAcls": (LAYERS, "eni-task", PathStep.ACL_OUT),
    "RouteTables": (ECR_API, "eni-task", PathStep.ROUTE),
    "NatGateways": (PEOPLE, "eni-task", PathStep.GATEWAY),
    "InternetGateways": (PEOPLE, "eni-public", PathStep.GATEWAY),
}


@pytest.mark.parametrize("key", NEEDED)
def test_without_a_list_the_hop_that_needs_it_cannot_be_checked(cloud, key):
    to, source, step = NEEDED[key]
    cloud.group()["IpPermissionsEgress"] = [permission(protocol="-1")]
    cloud.add_public_subnet(nat=True)
    del cloud.document[key]
    path = cloud.reach(to, source)
    assert (path.ok, path.blocked_at) == (None, None)
    assert path.unchecked[0].step is step
    assert path.unchecked[0].reason


@pytest.mark.parametrize("key", ["NatGateways", "VpcPeeringConnections", "TransitGatewayAttachments", "PrefixLists"])
def test_a_list_that_no_hop_needs_may_be_absent(cloud, key):
    del cloud.document[key]
    assert cloud.reach(ECR_API).ok


def test_the_gateway_endpoints_route_tells_s3s_list_when_the_lists_were_not_read(cloud):
    del cloud.document["PrefixLists"]
    path = cloud.reach(LAYERS)
    assert (path.ok, path.endpoint.id) == (True, "vpce-s3")


def test_the_name_of_s3s_list_is_enough_without_its_addresses(cloud):
    cloud["PrefixLists"][0]["Cidrs"] = []
    assert cloud.reach(LAYERS).ok


def test_a_group_that_was_not_read_may_allow(cloud):
    cloud.remove("SecurityGroups", GroupId="sg-tasks")
    path = cloud.reach(ECR_API)
    assert (path.ok, path.unchecked[0].resource) == (None, "sg-tasks")


def test_an_endpoint_interface_that_was_not_read_is_said(cloud):
    cloud.remove("NetworkInterfaces", NetworkInterfaceId="eni-ssm-b")
    path = cloud.reach("ssm.us-east-1.amazonaws.com")
    assert path.ok is None
    assert "eni-ssm-b of vpce-ssm was not read" in path.unchecked[0].reason


def test_nothing_read_at_all_cannot_be_checked():
    path = reach(Snapshot.parse({}), "eni-1", ECR_API)
    assert [hop.verdict for hop in path.hops] == [HopVerdict.CANNOT_CHECK]


@pytest.mark.parametrize("keys", list(itertools.combinations(Cloud().document, 2)), ids=" and ".join)
def test_no_two_absent_lists_make_a_closed_path_open_or_crash(keys):
    for source in ("eni-task", task("subnet-a", "sg-tasks")):
        for to in (ECR_API, LAYERS, PEOPLE, "10.0.2.100:443"):
            cloud = Cloud()
            before = cloud.reach(to, source).ok
            for key in keys:
                del cloud.document[key]
            after = cloud.reach(to, source).ok
            assert after is before or after is None
