"""What names resolve to. Amazon VPC User Guide: AmazonDNS-concepts, vpc-dns; AWS PrivateLink guide."""

import pytest

from labs.network import HopVerdict, PathStep

from .vpc import ECR_API, ECR_DKR, LAYERS, LOGS, VPC, Cloud, interface, local, permission

PUBLIC, PRIVATE, UNKNOWN = "public", "private", "unknown"


def answer(cloud, host):
    """public, private (an endpoint's interface) or unknown, as the hops say; egress is opened first."""
    cloud.group()["IpPermissionsEgress"] = [permission(protocol="-1")]
    path = cloud.reach(host)
    dns = path.hops[0]
    assert dns.step is PathStep.DNS
    if dns.verdict is HopVerdict.CANNOT_CHECK:
        return UNKNOWN
    assert dns.verdict is HopVerdict.OPEN
    return PUBLIC if "public" in dns.reason else PRIVATE


NAMES = {
    "api.ecr.us-east-1.amazonaws.com": PRIVATE,
    "API.ECR.us-east-1.amazonaws.com.": PRIVATE,
    "111122223333.dkr.ecr.us-east-1.amazonaws.com": PRIVATE,
    "444455556666.dkr.ecr.us-east-1.amazonaws.com": PRIVATE,
    "ssm.us-east-1.amazonaws.com": PRIVATE,
    "logs.us-east-1.amazonaws.com": PRIVATE,
    "vpce-ssm.ssm.us-east-1.vpce.amazonaws.com": PRIVATE,
    "api.ecr.eu-west-1.amazonaws.com": PUBLIC,
    "111122223333.dkr.ecr.eu-west-1.amazonaws.com": PUBLIC,
    "secretsmanager.us-east-1.amazonaws.com": PUBLIC,
    "kms.us-east-1.amazonaws.com": PUBLIC,
    "sts.us-east-1.amazonaws.com": PUBLIC,
    "sts.amazonaws.com": PUBLIC,
    "public.ecr.aws": PUBLIC,
    "api.ecr-public.us-east-1.amazonaws.com": PUBLIC,
    "registry-1.docker.io": PUBLIC,
    "s3.us-east-1.amazonaws.com": PUBLIC,
    "bucket.s3.us-east-1.amazonaws.com": PUBLIC,
    "a.b.s3.us-east-1.amazonaws.com": PUBLIC,
    "bucket.s3.amazonaws.com": PUBLIC,
    "prod-us-east-1-starport-layer-bucket.s3.amazonaws.com": PUBLIC,
    "dynamodb.us-east-1.amazonaws.com": PUBLIC,
    "ssm.us-east-1.api.aws": PUBLIC,
    "internal-app-1.us-east-1.elb.amazonaws.com": UNKNOWN,
    "db.c1.us-east-1.rds.amazonaws.com": UNKNOWN,
    "fs-1.efs.us-east-1.amazonaws.com": UNKNOWN,
    "db": UNKNOWN,
    "db.corp.internal": UNKNOWN,
    "printer.local": UNKNOWN,
}


@pytest.mark.parametrize(("host", "expected"), NAMES.items())
def test_a_name_in_the_course_resolves(cloud, host, expected):
    assert answer(cloud, host) == expected


@pytest.mark.parametrize(
    "host",
    [
        LAYERS,
        "prod-us-east-1-starport-layer-bucket.s3.amazonaws.com",
        "bucket.s3.us-east-1.amazonaws.com",
        "bucket.s3.amazonaws.com",
        "s3.us-east-1.amazonaws.com",
        "s3.amazonaws.com",
    ],
)
def test_s3_is_inside_its_prefix_list_and_comes_by_the_gateway(cloud, host):
    path = cloud.reach(host)
    assert (path.ok, path.address, path.endpoint.id) == (True, "52.216.0.1", "vpce-s3")


@pytest.mark.parametrize(
    "host", ["api.ecr.eu-west-1.amazonaws.com", "bucket.s3.eu-west-1.amazonaws.com", "sts.amazonaws.com"]
)
def test_no_endpoint_is_offered_for_what_an_endpoint_of_this_region_does_not_serve(cloud, host):
    cloud.group()["IpPermissionsEgress"] = [permission()]
    assert cloud.reach(host).blocked_at.fix is None


def test_s3_of_another_region_does_not_come_by_the_gateway(cloud):
    cloud.group()["IpPermissionsEgress"] = [permission()]
    path = cloud.reach("bucket.s3.eu-west-1.amazonaws.com:443")
    assert path.blocked_at.step is PathStep.ROUTE


def test_dynamodb_needs_its_own_gateway(cloud):
    cloud.group()["IpPermissionsEgress"] = [permission()]
    path = cloud.reach("dynamodb.us-east-1.amazonaws.com:443")
    assert path.blocked_at.step is PathStep.ROUTE
    assert path.blocked_at.fix.parameters["ServiceName"] == "com.amazonaws.us-east-1.dynamodb"


def test_a_path_to_an_endpoint_names_its_interface_and_endpoint(cloud):
    path = cloud.reach(ECR_API)
    assert (path.address, path.endpoint.id) == ("10.0.1.100", "vpce-ecr.api")


@pytest.mark.parametrize("service", ["secretsmanager", "kms", "sts", "ecs-agent", "ecs-telemetry", "ssmmessages"])
def test_an_endpoint_takes_over_the_name_of_its_service(cloud, service):
    cloud.add_endpoint(service, 30)
    host = {"ecs-agent": "ecs-a", "ecs-telemetry": "ecs-t"}.get(service, service)
    assert answer(cloud, f"{host}.us-east-1.amazonaws.com") == PRIVATE


def test_an_endpoint_takes_over_the_names_in_its_dns_entries(cloud):
    cloud.add_endpoint("execute-api", 30)
    endpoint = cloud.endpoint("execute-api")
    endpoint["DnsEntries"].append({"DnsName": "*.execute-api.us-east-1.amazonaws.com"})
    assert answer(cloud, "abc123.execute-api.us-east-1.amazonaws.com") == PRIVATE


def test_the_regional_name_of_sts_is_the_endpoints_and_the_global_one_is_not(cloud):
    cloud.add_endpoint("sts", 30)
    assert answer(cloud, "sts.us-east-1.amazonaws.com") == PRIVATE
    assert answer(cloud, "sts.amazonaws.com") == PUBLIC


def test_an_endpoints_own_name_needs_no_private_dns(cloud):
    cloud.endpoint("ssm")["PrivateDnsEnabled"] = False
    assert answer(cloud, "ssm.us-east-1.amazonaws.com") == PUBLIC
    assert answer(cloud, "vpce-ssm.ssm.us-east-1.vpce.amazonaws.com") == PRIVATE


ONLY_INBOUND = {"PrivateDnsOnlyForInboundResolverEndpoint": True}
WHOLE_VPC = {"PrivateDnsOnlyForInboundResolverEndpoint": False}
# An interface endpoint for S3: (what differs from the usual one, whether a gateway stands beside it, the answer for
# ECR's layers, by which endpoint, where it ends).
S3_INTERFACES = {
    "private DNS in the whole VPC": ({"DnsOptions": WHOLE_VPC}, True, None, "vpce-s3-interface", PathStep.ENDPOINT),
    "options that are not described": ({}, True, None, "vpce-s3-interface", PathStep.ENDPOINT),
    "no gateway beside it": ({"DnsOptions": WHOLE_VPC}, False, None, "vpce-s3-interface", PathStep.ENDPOINT),
    "private DNS for inbound resolvers": ({"DnsOptions": ONLY_INBOUND}, True, True, "vpce-s3", None),
    "for inbound resolvers, no gateway": ({"DnsOptions": ONLY_INBOUND}, False, False, "", PathStep.ROUTE),
    "no private DNS": ({"PrivateDnsEnabled": False, "DnsOptions": WHOLE_VPC}, True, True, "vpce-s3", None),
    "no private DNS, no gateway": ({"PrivateDnsEnabled": False}, False, False, "", PathStep.ROUTE),
    "not available": ({"State": "pending"}, True, False, "", PathStep.ENDPOINT),
    "a group that is closed": ({"Groups": [{"GroupId": "sg-default"}]}, True, False, "vpce-s3-interface",
                               PathStep.GROUPS_IN),
}  # fmt: skip


@pytest.mark.parametrize("case", S3_INTERFACES.values(), ids=S3_INTERFACES.keys())
def test_whether_layers_come_by_an_s3_interface_endpoint_is_not_known(cloud, case):
    changes, gateway, ok, endpoint, end = case
    cloud.group()["IpPermissionsEgress"] = [permission(protocol="-1")]
    cloud.add_endpoint("s3", 30, id="vpce-s3-interface")
    cloud["VpcEndpoints"][-1].update(changes)
    for each in cloud["VpcEndpoints"][-1]["NetworkInterfaceIds"]:
        cloud.interface(each)["Groups"] = cloud["VpcEndpoints"][-1]["Groups"]
    if not gateway:
        cloud.remove("VpcEndpoints", VpcEndpointId="vpce-s3")
        cloud.table()["Routes"] = [local()]
    path = cloud.reach(LAYERS)
    assert path.ok is ok
    if endpoint:
        assert path.endpoint.id == endpoint
    if ok is None:
        [doubt] = path.unchecked
        assert (doubt.step, doubt.resource) == (end, "vpce-s3-interface")
        assert "AWS does not say" in doubt.reason
        assert doubt.fix.parameters["DnsOptions"] == ONLY_INBOUND
    elif not ok:
        assert path.blocked_at.step is end


def test_another_bucket_comes_by_an_s3_interface_endpoint(cloud):
    cloud.add_endpoint("s3", 30, id="vpce-s3-interface")
    assert cloud.reach("bucket.s3.us-east-1.amazonaws.com").endpoint.id == "vpce-s3-interface"


def test_a_private_host_name_is_an_interface_of_the_vpc(cloud):
    cloud["NetworkInterfaces"].append(interface("eni-db", "subnet-b", "10.0.2.50", "sg-endpoints"))
    path = cloud.reach("ip-10-0-2-50.ec2.internal:443")
    assert (path.ok, path.address) == (True, "10.0.2.50")


def test_private_dns_without_host_names_is_explained_with_the_endpoint(cloud):
    cloud.attributes()["enableDnsHostnames"] = False
    cloud.group()["IpPermissionsEgress"] = [permission()]
    path = cloud.reach(ECR_DKR)
    assert path.blocked_at.step is PathStep.ROUTE
    assert "enableDnsHostnames is off in vpc-1, so vpce-ecr.dkr has no private DNS" in path.blocked_at.reason
    assert path.blocked_at.fix.parameters == {"VpcId": VPC, "EnableDnsHostnames": {"Value": True}}


SERVERS = {
    "Amazon's": (["AmazonProvidedDNS"], True),
    "Amazon's by its link-local address": (["169.254.169.253"], True),
    "Amazon's by the VPC's address plus two": (["10.0.0.2"], True),
    "one's own": (["10.0.0.53"], None),
    "Amazon's and one's own": (["AmazonProvidedDNS", "10.0.0.53"], None),
    "a public one": (["8.8.8.8"], None),
    "none": ([], None),
}


@pytest.mark.parametrize(("servers", "ok"), SERVERS.values(), ids=SERVERS.keys())
def test_only_amazons_dns_server_can_be_checked(cloud, servers, ok):
    options = cloud["DhcpOptions"][0]
    options["DhcpConfigurations"][0]["Values"] = [{"Value": server} for server in servers]
    path = cloud.reach(LOGS)
    assert path.ok is ok
    if ok is None:
        assert [(hop.step, hop.verdict) for hop in path.hops] == [(PathStep.DNS, HopVerdict.CANNOT_CHECK)]


def test_a_vpc_without_a_dhcp_options_set_of_its_own_uses_amazons(cloud):
    cloud["Vpcs"][0]["DhcpOptionsId"] = "default"
    del cloud.document["DhcpOptions"]
    assert cloud.reach(LOGS).ok


def test_an_address_needs_no_dns(cloud):
    cloud.attributes()["enableDnsSupport"] = False
    path = cloud.reach("10.0.1.100:443")
    assert path.ok
    assert path.hops[0].step is PathStep.GROUPS_OUT


def test_attributes_may_come_as_describe_vpc_attribute_answers_them():
    cloud = Cloud()
    cloud["VpcAttributes"][VPC] = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": False}}
    cloud.group()["IpPermissionsEgress"] = [permission()]
    assert "enableDnsHostnames is off" in cloud.reach(ECR_API).blocked_at.reason
