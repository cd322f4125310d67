"""From the working VPC each element is broken in turn: the path stops at the right hop, and its fix opens it again."""

import copy

import boto3
import pytest
from botocore.validate import validate_parameters

from labs.network import HopVerdict, PathStep

from .fixing import OPERATIONS, apply
from .vpc import (
    ACL,
    ECR_API,
    ECR_DKR,
    ENDPOINTS,
    LAYERS,
    LOGS,
    S3_LIST,
    SSM,
    TABLE,
    TASKS,
    VPC,
    A,
    B,
    entry,
    interface,
    local,
    permission,
    task,
)

PUBLIC, PEOPLE = "sts.us-east-1.amazonaws.com:443", "registry-1.docker.io:443"


def set_to(find, **fields):
    return lambda cloud: find(cloud).update(copy.deepcopy(fields))


def endpoint_without(service, *keys):
    return lambda cloud: cloud.endpoint(service).update({key: [] for key in keys})


def drop(key, **fields):
    return lambda cloud: cloud.remove(key, **fields)


def acl_rule(*entries):
    return lambda cloud: cloud.acl()["Entries"].extend(copy.deepcopy(entries))


def own_acl(place, *entries):
    return lambda cloud: cloud.own_acl(place, *entries)


def egress(*permissions):
    return set_to(lambda c: c.group(), IpPermissionsEgress=list(permissions))


def ingress(*permissions):
    return set_to(lambda c: c.group(ENDPOINTS), IpPermissions=list(permissions))


def routes(*made):
    return set_to(lambda c: c.table(), Routes=[local(), *made])


def several(*changes):
    def change(cloud):
        for one in changes:
            one(cloud)

    return change


def nat(**fields):
    def change(cloud):
        open_wide(cloud)
        cloud.add_public_subnet(nat=True)
        cloud["NatGateways"][0].update(fields)

    return change


def with_nat(change):
    return several(nat(), change)


def public_subnet(change=lambda cloud: None, attached=True):
    def make(cloud):
        open_wide(cloud)
        cloud.add_public_subnet(attached=attached)
        change(cloud)

    return make


def open_wide(cloud):
    cloud.group()["IpPermissionsEgress"] = [permission(protocol="-1"), permission("::/0", protocol="-1")]


def unassociated(cloud):
    cloud.table()["Associations"] = []


def gateway_elsewhere(cloud):
    cloud.endpoint("s3")["RouteTableIds"] = []
    cloud.table()["Routes"] = [local()]


def no_table_for_gateway(cloud):
    cloud.remove("VpcEndpoints", VpcEndpointId="vpce-s3")
    cloud.table()["Routes"] = [local()]


ANY_OUT, ANY_IN = entry(90, "allow", True), entry(90, "allow")
PORT_IN = entry(90, "allow", ports=(443, 443))
# What is broken: (the change, the destination, the source, the step that is blocked, what decided).
MUTATIONS = {
    # DNS
    "no DNS support": (
        set_to(lambda c: c.attributes(), enableDnsSupport=False), ECR_API, "eni-task", PathStep.DNS, VPC,
    ),
    "no DNS host names": (
        set_to(lambda c: c.attributes(), enableDnsHostnames=False), ECR_API, "eni-task", PathStep.GROUPS_OUT, TASKS,
    ),
    "no DNS host names, wide egress": (
        several(open_wide, set_to(lambda c: c.attributes(), enableDnsHostnames=False)),
        ECR_DKR, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "ecr.api without private DNS": (
        several(open_wide, set_to(lambda c: c.endpoint("ecr.api"), PrivateDnsEnabled=False)),
        ECR_API, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "logs without private DNS": (
        several(open_wide, set_to(lambda c: c.endpoint("logs"), PrivateDnsEnabled=False)),
        LOGS, "eni-task", PathStep.ROUTE, TABLE,
    ),
    # Endpoints
    "no endpoint ecr.api": (
        several(open_wide, drop("VpcEndpoints", VpcEndpointId="vpce-ecr.api")),
        ECR_API, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "no endpoint ecr.dkr": (
        several(open_wide, drop("VpcEndpoints", VpcEndpointId="vpce-ecr.dkr")),
        ECR_DKR, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "no endpoint ssm": (
        several(open_wide, drop("VpcEndpoints", VpcEndpointId="vpce-ssm")),
        SSM, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "no endpoint logs, narrow egress": (
        drop("VpcEndpoints", VpcEndpointId="vpce-logs"), LOGS, "eni-task", PathStep.GROUPS_OUT, TASKS,
    ),
    "an endpoint that is pending": (
        set_to(lambda c: c.endpoint("ssm"), State="pending"), SSM, "eni-task", PathStep.ENDPOINT, "vpce-ssm",
    ),
    "an endpoint that failed": (
        set_to(lambda c: c.endpoint("ssm"), State="failed"), SSM, "eni-task", PathStep.ENDPOINT, "vpce-ssm",
    ),
    "an endpoint that is deleted": (
        several(open_wide, set_to(lambda c: c.endpoint("ssm"), State="deleted")),
        SSM, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "an endpoint without subnets": (
        endpoint_without("ecr.api", "SubnetIds", "NetworkInterfaceIds"),
        ECR_API, "eni-task", PathStep.ENDPOINT, "vpce-ecr.api",
    ),
    "an endpoint for another Region": (
        several(open_wide, set_to(lambda c: c.endpoint("ssm"), ServiceName="com.amazonaws.eu-west-1.ssm")),
        SSM, "eni-task", PathStep.ROUTE, TABLE,
    ),
    # Security groups
    "no egress at all": (egress(), ECR_API, "eni-task", PathStep.GROUPS_OUT, TASKS),
    "egress to another port": (egress(permission(ENDPOINTS, 8443)), ECR_API, "eni-task", PathStep.GROUPS_OUT, TASKS),
    "egress to another group": (egress(permission("sg-default")), ECR_API, "eni-task", PathStep.GROUPS_OUT, TASKS),
    "egress by UDP": (egress(permission(ENDPOINTS, protocol="udp")), ECR_API, "eni-task", PathStep.GROUPS_OUT, TASKS),
    "egress to another block": (egress(permission("10.1.0.0/16")), ECR_API, "eni-task", PathStep.GROUPS_OUT, TASKS),
    "no egress to the S3 list": (egress(permission(ENDPOINTS)), LAYERS, "eni-task", PathStep.GROUPS_OUT, TASKS),
    "endpoints let nobody in": (ingress(), LOGS, "eni-task", PathStep.GROUPS_IN, ENDPOINTS),
    "endpoints let in port 80": (ingress(permission(TASKS, 80)), LOGS, "eni-task", PathStep.GROUPS_IN, ENDPOINTS),
    "endpoints let only themselves in": (
        ingress(permission(ENDPOINTS, protocol="-1")), ECR_DKR, "eni-task", PathStep.GROUPS_IN, ENDPOINTS,
    ),
    "endpoints let in another subnet": (
        ingress(permission("10.0.3.0/24")), ECR_API, "eni-task", PathStep.GROUPS_IN, ENDPOINTS,
    ),
    "the task has the default group only": (
        set_to(lambda c: c.interface(), Groups=[{"GroupId": "sg-default"}]),
        ECR_API, "eni-task", PathStep.GROUPS_IN, ENDPOINTS,
    ),
    # Network ACLs
    "the network ACL denies 443 outbound": (
        acl_rule(entry(50, "deny", True, ports=(443, 443))), LAYERS, "eni-task", PathStep.ACL_OUT, ACL,
    ),
    "the network ACL denies ephemeral ports inbound": (
        acl_rule(entry(50, "deny", ports=(1024, 65535))), LAYERS, "eni-task", PathStep.RETURN_ACL, ACL,
    ),
    "the network ACL denies some ephemeral ports": (
        acl_rule(entry(50, "deny", ports=(40000, 40100))), LAYERS, "eni-task", PathStep.RETURN_ACL, ACL,
    ),
    "only 443 comes in": (
        own_acl(A, ANY_OUT, PORT_IN), LAYERS, "eni-task", PathStep.RETURN_ACL, f"acl-{A}",
    ),
    "the other subnet lets nothing in": (
        own_acl(B, ANY_OUT), "10.0.2.100:443", "eni-task", PathStep.ACL_IN, f"acl-{B}",
    ),
    "the other subnet lets nothing out": (
        own_acl(B, ANY_IN), "10.0.2.100:443", "eni-task", PathStep.RETURN_ACL, f"acl-{B}",
    ),
    "one of two endpoint subnets is closed": (own_acl(B), ECR_API, "eni-task", PathStep.ACL_IN, f"acl-{B}"),
    # Routes
    "no S3 gateway": (no_table_for_gateway, LAYERS, "eni-task", PathStep.ROUTE, TABLE),
    "the S3 gateway is not in this table": (gateway_elsewhere, LAYERS, "eni-task", PathStep.ROUTE, TABLE),
    "the subnet fell back to the main table": (unassociated, LAYERS, "eni-task", PathStep.ROUTE, "rtb-main"),
    "the S3 route is a blackhole": (
        routes({"DestinationPrefixListId": S3_LIST, "GatewayId": "vpce-s3", "State": "blackhole"}),
        LAYERS, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "the S3 gateway is being made": (
        set_to(lambda c: c.endpoint("s3"), State="pending"), LAYERS, "eni-task", PathStep.GATEWAY, "vpce-s3",
    ),
    # Public subnets and NAT
    "no way to the internet": (open_wide, PEOPLE, "eni-task", PathStep.ROUTE, TABLE),
    "no public address": (public_subnet(), PEOPLE, task("subnet-p", TASKS), PathStep.GATEWAY, "igw-1"),
    "the internet gateway is not attached": (
        public_subnet(attached=False), PEOPLE, "eni-public", PathStep.GATEWAY, "igw-1",
    ),
    "public access is blocked": (
        public_subnet(
            set_to(lambda c: c["Vpcs"][0], BlockPublicAccessStates={"InternetGatewayBlockMode": "block-ingress"})
        ),
        PEOPLE, "eni-public", PathStep.GATEWAY, VPC,
    ),
    "the NAT gateway failed": (nat(State="failed"), PEOPLE, "eni-task", PathStep.GATEWAY, "nat-1"),
    "the NAT gateway is private": (nat(ConnectivityType="private"), PEOPLE, "eni-task", PathStep.GATEWAY, "nat-1"),
    "the NAT gateway is gone": (
        with_nat(drop("NatGateways", NatGatewayId="nat-1")), PEOPLE, "eni-task", PathStep.GATEWAY, "nat-1",
    ),
    "the NAT gateway's subnet leads nowhere": (
        with_nat(set_to(lambda c: c.table("rtb-public"), Routes=[local()])),
        PEOPLE, "eni-task", PathStep.NAT_ROUTE, "rtb-public",
    ),
    "the NAT gateway's subnet leads back to it": (
        with_nat(set_to(lambda c: c["NatGateways"][0], SubnetId=B)), PEOPLE, "eni-task", PathStep.NAT_ROUTE, B,
    ),
    "the NAT gateway's internet gateway is not attached": (
        with_nat(set_to(lambda c: c["InternetGateways"][0], Attachments=[])),
        PEOPLE, "eni-task", PathStep.NAT_ROUTE, "igw-1",
    ),
    "the NAT gateway's subnet lets nothing in": (
        with_nat(own_acl("subnet-p", ANY_OUT)), PEOPLE, "eni-task", PathStep.NAT_ACL, "acl-subnet-p",
    ),
    "the NAT gateway's subnet lets nothing out": (
        with_nat(own_acl("subnet-p", ANY_IN)), PEOPLE, "eni-task", PathStep.NAT_ACL, "acl-subnet-p",
    ),
    "the NAT gateway's subnet lets only 443 in": (
        with_nat(own_acl("subnet-p", ANY_OUT, PORT_IN)),
        PEOPLE, "eni-task", PathStep.RETURN_ACL, "acl-subnet-p",
    ),
    "the NAT gateway lets only Linux's ports back in": (
        with_nat(own_acl("subnet-p", ANY_OUT, PORT_IN, entry(91, "allow", ports=(32768, 61000)))),
        PEOPLE, "eni-task", PathStep.RETURN_ACL, "acl-subnet-p",
    ),
    "a blackhole is nearer than the NAT gateway": (
        with_nat(lambda c: c.table()["Routes"].append(
            {"DestinationCidrBlock": "198.51.100.0/24", "NatGatewayId": "nat-old", "State": "blackhole"}
        )),
        PEOPLE, "eni-task", PathStep.ROUTE, TABLE,
    ),
    "an AWS service without an endpoint": (open_wide, PUBLIC, "eni-task", PathStep.ROUTE, TABLE),
    # Inside the VPC
    "nobody has the address": (open_wide, "10.0.1.77:443", "eni-task", PathStep.DESTINATION, VPC),
    "the other interface has no rule for us": (
        several(open_wide, lambda c: c["NetworkInterfaces"].append(interface("eni-db", B, "10.0.2.50", "sg-default"))),
        "10.0.2.50:5432", "eni-task", PathStep.GROUPS_IN, "sg-default",
    ),
}  # fmt: skip
NO_SINGLE_CALL = {
    "an endpoint that is pending",
    "an endpoint that failed",
    "the S3 gateway is being made",
    "no way to the internet",
    "public access is blocked",
    "the NAT gateway failed",
    "the NAT gateway is private",
    "the NAT gateway is gone",
    "the NAT gateway's subnet leads back to it",
    "nobody has the address",
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_path_stops_where_it_is_broken(cloud, name):
    change, to, source, step, resource = MUTATIONS[name]
    change(cloud)
    path = cloud.reach(to, source)
    assert path.ok is False
    assert path.blocked_at is path.hops[-1]
    assert (path.blocked_at.step, path.blocked_at.resource) == (step, resource), str(path.blocked_at)
    assert path.blocked_at.rule
    assert path.blocked_at.reason.endswith(".")
    assert all(hop.verdict is not HopVerdict.BLOCKED for hop in path.hops[:-1])


@pytest.mark.parametrize("name", MUTATIONS)
def test_fix_after_fix_opens_the_path(cloud, name):
    change, to, source, _, _ = MUTATIONS[name]
    change(cloud)
    seen = []
    while (path := cloud.reach(to, source)).ok is False:
        fix = path.blocked_at.fix
        if fix is None:
            break
        assert fix not in seen, f"the same change twice: {fix.words}"
        seen.append(fix)
        source = apply(fix, cloud, source)
    if name in NO_SINGLE_CALL:
        assert not seen
    else:
        assert path.ok is True, str(path.blocked_at)


@pytest.fixture(scope="module")
def ec2():
    """What boto3 knows of EC2; with keys, so that it does not look for any."""
    return boto3.client("ec2", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


@pytest.mark.parametrize("operation", sorted(OPERATIONS - {"run_task"}))
def test_a_fix_is_a_call_that_boto3_knows(ec2, operation):
    assert hasattr(ec2, operation)


@pytest.mark.parametrize("name", sorted(MUTATIONS.keys() - NO_SINGLE_CALL))
def test_the_parameters_of_a_fix_are_what_the_call_takes(cloud, ec2, name):
    change, to, source, _, _ = MUTATIONS[name]
    change(cloud)
    fix = cloud.reach(to, source).blocked_at.fix
    if fix.operation != "run_task":
        shape = ec2.meta.service_model.operation_model("".join(p.title() for p in fix.operation.split("_"))).input_shape
        validate_parameters(dict(fix.parameters), shape)
    assert fix.words.endswith(".")
