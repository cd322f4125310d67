"""A document that is no snapshot is refused with one error that names the place."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.network import MalformedSnapshot, Snapshot
from tests.examples import examples

from .vpc import Cloud


def put(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(document):
        for key in keys:
            document = document[key]
        document[last] = value

    return change


CASES = {
    "a list that is an object": (put("Vpcs", {}), "Vpcs: must be a list, not an object."),
    "an item that is a string": (put("Vpcs", 0, "vpc-1"), "Vpcs[0]: must be an object, not a string."),
    "no id": (put("Subnets", 1, "SubnetId", None), "Subnets[1].SubnetId: is missing."),
    "an id that is a number": (
        put("Subnets", 1, "SubnetId", 7),
        "Subnets[1].SubnetId: must be a string, not a number.",
    ),
    "no block": (
        put("Subnets", 0, "CidrBlock", "10.0.1"),
        "Subnets[0].CidrBlock: '10.0.1' is not an IP address or CIDR block.",
    ),
    "a block too wide": (
        put("Subnets", 0, "CidrBlock", "10.0.1.0/33"),
        "Subnets[0].CidrBlock: '10.0.1.0/33' is not an IP address or CIDR block.",
    ),
    "a route without destination": (
        put("RouteTables", 0, "Routes", 1, {"GatewayId": "igw-1"}),
        "RouteTables[0].Routes[1].DestinationCidrBlock: is missing; a route needs a destination.",
    ),
    "a port that is a string": (
        put("SecurityGroups", 1, "IpPermissions", 0, "FromPort", "443"),
        "SecurityGroups[1].IpPermissions[0].FromPort: must be a whole number, not a string.",
    ),
    "a range without a block": (
        put("SecurityGroups", 1, "IpPermissions", 0, "IpRanges", [{}]),
        "SecurityGroups[1].IpPermissions[0].IpRanges[0].CidrIp: is missing.",
    ),
    "a rule that neither allows nor denies": (
        put("NetworkAcls", 0, "Entries", 2, "RuleAction", "maybe"),
        "NetworkAcls[0].Entries[2].RuleAction: must be 'allow' or 'deny', not 'maybe'.",
    ),
    "a rule without number": (
        put("NetworkAcls", 0, "Entries", 2, "RuleNumber", None),
        "NetworkAcls[0].Entries[2].RuleNumber: is missing.",
    ),
    "a flag that is a string": (
        put("VpcEndpoints", 1, "PrivateDnsEnabled", "true"),
        "VpcEndpoints[1].PrivateDnsEnabled: must be true or false, not a string.",
    ),
    "an unknown type of endpoint": (
        put("VpcEndpoints", 1, "VpcEndpointType", "Tunnel"),
        "VpcEndpoints[1].VpcEndpointType: 'Tunnel' is not a type of endpoint.",
    ),
    "a list of ids with a number": (
        put("VpcEndpoints", 1, "SubnetIds", ["subnet-a", 2]),
        "VpcEndpoints[1].SubnetIds[1]: must be a string, not a number.",
    ),
    "an attribute that is a string": (
        put("VpcAttributes", "vpc-1", "enableDnsSupport", "yes"),
        "VpcAttributes.vpc-1.enableDnsSupport: must be true or false, not a string.",
    ),
    "an attribute object that is a list": (
        put("VpcAttributes", "vpc-1", []),
        "VpcAttributes.vpc-1: must be an object, not a list.",
    ),
    "a prefix list entry that is no block": (
        put("PrefixLists", 0, "Cidrs", ["52.216.0.0/15", "s3"]),
        "PrefixLists[0].Cidrs[1].Cidr: 's3' is not an IP address or CIDR block.",
    ),
}


@pytest.mark.parametrize(("change", "error"), CASES.values(), ids=CASES.keys())
def test_the_error_names_the_place(cloud, change, error):
    change(cloud.document)
    with pytest.raises(MalformedSnapshot) as refused:
        cloud.snapshot()
    assert str(refused.value) == error


@pytest.mark.parametrize("document", [[], "snapshot", None, 3])
def test_a_document_must_be_an_object(document):
    with pytest.raises(MalformedSnapshot, match="must be one JSON object"):
        Snapshot.parse(document)


def test_what_is_not_known_to_the_model_is_left_alone(cloud):
    cloud.document |= {"Account": "111122223333", "Volumes": [1, 2]}
    cloud["Vpcs"][0]["Tomorrow"] = {"Field": True}
    assert cloud.reach().ok


def test_nulls_and_empty_lists_are_absent_values(cloud):
    cloud.interface().update(Association=None, Ipv6Addresses=[], TagSet=None)
    cloud["Subnets"][0]["Ipv6CidrBlockAssociationSet"] = None
    assert cloud.reach().ok


def paths(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*path, key))


def refusal(cloud):
    """The path that is refused, "" when the document is read."""
    try:
        cloud.snapshot()
    except MalformedSnapshot as error:
        return error.path
    return ""


PATHS = [path for path in paths(Cloud().document) if path]


@examples(300)
@given(
    path=st.sampled_from(PATHS),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}), st.just([None])
    ),
)
def test_any_value_anywhere_is_read_or_refused_and_never_crashes(path, value):
    document = Cloud().document
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    cloud = Cloud()
    cloud.document = json.loads(json.dumps(document))
    refused = refusal(cloud)
    if refused:
        assert re.split(r"[.[]", refused)[0] == path[0]
    elif path[0] != "NetworkInterfaces":
        for to in ("api.ecr.us-east-1.amazonaws.com", "bucket.s3.us-east-1.amazonaws.com", "10.0.2.100"):
            assert cloud.reach(to).ok in (True, False, None)
