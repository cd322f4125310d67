"""A start through a NAT gateway comes from the gateway's address, where it has one; through an endpoint from none."""

import pytest

from labs.fargate.steps import OutcomeKind
from tests.fargate.causes import the_private_subnets_go_through_a_nat_gateway
from tests.fargate.course import Course

pytestmark = pytest.mark.unit

NAT = "198.51.100.7"


def start_of(address, condition):
    """Where a start ends whose token is allowed only under a condition; ``address``: of the NAT gateway, if any."""
    course = Course()
    if address:
        the_private_subnets_go_through_a_nat_gateway(course)
        named = [{"PrivateIp": f"10.0.9.{n}", "PublicIp": each} for n, each in enumerate(address.split(), 5)]
        course.vpc["NatGateways"][0]["NatGatewayAddresses"] = named
    course.policy["token"]["Condition"] = condition
    return course.plan().outcome.kind is OutcomeKind.RUNNING


@pytest.mark.parametrize(
    ("address", "condition", "runs"),
    [
        (NAT, {"IpAddress": {"aws:SourceIp": f"{NAT}/32"}}, True),
        (NAT, {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, True),
        (NAT, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        (NAT, {"NotIpAddress": {"aws:SourceIp": f"{NAT}/32"}}, False),
        (NAT, {"Null": {"aws:SourceIp": "false"}}, True),
        (NAT, {"Null": {"aws:SourceVpce": "true"}}, True),
        ("", {"IpAddress": {"aws:SourceIp": f"{NAT}/32"}}, False),
        ("", {"Null": {"aws:SourceIp": "true"}}, True),
        (f"{NAT} 198.51.100.8", {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
    ],
)
def test_a_policy_that_asks_for_the_source_address_is_met_by_the_nat_gateways(address, condition, runs):
    assert start_of(address, condition) is runs
