"""Sources, destinations, and endpoint policies: how a path is asked for."""

import pytest

from labs.network import BadDestination, Destination, Fix, HopVerdict, PathStep, PolicyAnswer, UnknownSource

from .vpc import ECR_API, LAYERS, A, task

READ = {
    "host:8443": ("host", 8443),
    "host": ("host", 443),
    "10.0.0.1:22": ("10.0.0.1", 22),
    "10.0.0.1": ("10.0.0.1", 443),
    "[::1]:22": ("::1", 22),
    "::1": ("::1", 443),
}
REFUSED = [
    "",
    ":443",
    "host:",
    "host:https",
    "host:0",
    "host:65536",
    "host:99999999999999999999",
    "a b:1",
    "http://x:1",
]


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_destination_is_host_and_port(text, expected):
    found = Destination.parse(text)
    assert (found.host, found.port) == expected


@pytest.mark.parametrize("text", [*REFUSED, "::1:443:x", "[::1]443", "fe80::zz:1"])
def test_what_is_no_destination_is_refused(text):
    with pytest.raises(BadDestination):
        Destination.parse(text)


def test_a_destination_is_shown_as_it_is_given():
    shown = (str(Destination("host", 53, "udp")), str(Destination("::1")), str(Destination("10.0.0.1", 22)))
    assert shown == ("host:53/udp", "[::1]:443", "10.0.0.1:22")


def test_a_protocol_other_than_tcp_and_udp_is_refused():
    with pytest.raises(BadDestination, match="it can be tcp or udp"):
        Destination("host", 443, "icmp")


@pytest.mark.parametrize("source", ["eni-nobody", task("subnet-nobody")])
def test_a_source_that_is_not_there_is_an_error(cloud, source):
    with pytest.raises(UnknownSource, match="in the snapshot"):
        cloud.reach(ECR_API, source)


@pytest.mark.parametrize("to", [ECR_API, LAYERS])
def test_a_proposed_interface_goes_the_way_of_an_existing_one(cloud, to):
    proposed, there = cloud.reach(to, task(A, "sg-tasks")), cloud.reach(to)
    assert proposed.ok
    assert [hop.step for hop in proposed.hops] == [hop.step for hop in there.hops]
    assert proposed.source == "a new interface in subnet-a"


FIX = Fix("modify_vpc_endpoint", {"VpcEndpointId": "vpce-s3"}, "Allow it.")
ANSWERS = {
    "allowed": (PolicyAnswer(True, "Statement 0 allows it.", "statement 0"), HopVerdict.OPEN, True),
    "denied": (PolicyAnswer(False, "No statement allows it.", "no statement", FIX), HopVerdict.BLOCKED, False),
    "undecided": (PolicyAnswer(None, "The policy is not JSON."), HopVerdict.CANNOT_CHECK, None),
}


@pytest.mark.parametrize("to", [ECR_API, LAYERS])
@pytest.mark.parametrize(("answer", "verdict", "ok"), ANSWERS.values(), ids=ANSWERS.keys())
def test_the_endpoints_policy_is_asked_through_the_caller(cloud, to, answer, verdict, ok):
    asked = []

    def decide(endpoint):
        asked.append(endpoint.id)
        return answer

    path = cloud.reach(to, decide_endpoint=decide)
    (hop,) = [hop for hop in path.hops if hop.step is PathStep.POLICY]
    assert set(asked) == {hop.resource}
    assert (path.ok, hop.verdict, hop.reason, hop.rule) == (ok, verdict, answer.words, answer.rule)
    assert hop.fix == (answer.fix if ok is False else None)


def test_an_endpoint_without_a_policy_allows_every_request(cloud):
    cloud.endpoint("ecr.api")["PolicyDocument"] = None
    path = cloud.reach(ECR_API, decide_endpoint=lambda endpoint: pytest.fail("asked"))
    assert (path.hops[-1].step, path.hops[-1].verdict) == (PathStep.POLICY, HopVerdict.OPEN)


def test_without_a_request_no_policy_is_looked_at(cloud):
    assert PathStep.POLICY not in {hop.step for hop in cloud.reach(ECR_API).hops}


def test_the_policy_of_a_closed_endpoint_is_not_asked(cloud):
    cloud.group("sg-endpoints")["IpPermissions"] = []
    path = cloud.reach(ECR_API, decide_endpoint=lambda endpoint: pytest.fail("asked"))
    assert path.blocked_at.step is PathStep.GROUPS_IN


def test_hops_and_paths_can_be_compared_and_hashed(cloud):
    assert cloud.reach() == cloud.reach()
    assert len({*cloud.reach().hops, *cloud.reach().hops}) == len(cloud.reach().hops)
