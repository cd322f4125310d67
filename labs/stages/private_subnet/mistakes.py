"""How the mistakes of stage 04 are made: in the VPC, with boto3; the tasks really start and stop."""

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from labs.ledger.names import KIT_TAG
from labs.lesson.bench import Bench
from labs.lesson.eventual import answering
from labs.stages.private_subnet import trial
from labs.stages.private_subnet.experiments import BARE, GATEWAY, OPEN, TALK
from labs.stages.private_subnet.solve import (
    BLOCK,
    build_vpc,
    experiment,
    from_group,
    make_endpoints,
    make_gateway,
    make_groups,
    open_door,
    policy,
    the,
    walk,
    zones,
)
from labs.subjects.tasks import task_runs
from labs.subjects.vpc import vpc_names

Change = Callable[[Bench], object]


def _group(bench: Bench, purpose: str) -> str:
    return the(bench).group_named(vpc_names.group(bench, purpose))


def _ec2(bench: Bench) -> Any:
    return bench.client("ec2")


def nothing(_: Bench) -> None:
    """The notebook was opened, nothing was run."""


def two_vpcs(bench: Bench) -> None:
    for _ in range(2):
        _ec2(bench).create_vpc(CidrBlock=BLOCK)


def vpc_only(bench: Bench) -> None:
    _ec2(bench).create_vpc(CidrBlock=BLOCK)


def one_zone(bench: Bench) -> None:
    ec2 = _ec2(bench)
    vpc_id = ec2.create_vpc(CidrBlock=BLOCK)["Vpc"]["VpcId"]
    zone = zones(bench)[0]
    for block in ("10.0.1.0/24", "10.0.2.0/24"):
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zone)


def internet_gateway(bench: Bench) -> None:
    """A public subnet, "for the time being"."""
    ec2, found = _ec2(bench), the(bench)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=found.id)
    ec2.create_route(RouteTableId=found.tables[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def nat_gateway(bench: Bench) -> None:
    """A NAT gateway of the private kind needs no internet gateway, so it can be made here as it stands."""
    ec2, found = _ec2(bench), the(bench)
    nat = ec2.create_nat_gateway(SubnetId=found.subnet_ids[0], ConnectivityType="private")["NatGateway"]
    table = found.tables[0]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"])


def egress_only_gateway(bench: Bench) -> None:
    """IPv6 "costs nothing": no NAT gateway, no internet gateway, and a way to every IPv6 address."""
    ec2, found = _ec2(bench), the(bench)
    made = ec2.create_egress_only_internet_gateway(VpcId=found.id)["EgressOnlyInternetGateway"]
    gateway = made["EgressOnlyInternetGatewayId"]
    ec2.create_route(RouteTableId=found.tables[0], DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=gateway)


def nat_instance(bench: Bench) -> None:
    """A machine of one's own in place of the NAT gateway: the route leads to its interface."""
    ec2, found = _ec2(bench), the(bench)
    interface = ec2.create_network_interface(SubnetId=found.subnet_ids[0])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=found.tables[0], DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)


def carrier_gateway(bench: Bench) -> Bench:
    """A route to a carrier gateway. AWS makes one in a Wavelength Zone only, so here the answer alone has it."""
    build_vpc(bench)
    route = {"DestinationCidrBlock": "0.0.0.0/0", "CarrierGatewayId": "cagw-0123456789abcdef0", "State": "active"}

    def routed(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        tables = [{**each, "Routes": [*each["Routes"], route]} for each in answer["RouteTables"]]
        return {**answer, "RouteTables": tables}

    return answering(bench, "ec2", "describe_route_tables", routed)


def groups(bench: Bench) -> None:
    build_vpc(bench)
    make_groups(bench)


def ready(bench: Bench) -> None:
    groups(bench)
    trial.create(bench)


def _run(bench: Bench, label: str, **changes: Any) -> None:
    """run_task with one thing changed, and then a wait for what becomes of it."""
    ecs, found = bench.client("ecs"), the(bench)
    network = {
        "subnets": list(found.subnet_ids),
        "securityGroups": [_group(bench, vpc_names.TASKS)],
        "assignPublicIp": "DISABLED",
    } | changes.pop("network", {})
    ecs.run_task(
        **{
            "cluster": task_runs.cluster(bench),
            "taskDefinition": trial.family(bench),
            "launchType": "FARGATE",
            "startedBy": label,
            "networkConfiguration": {"awsvpcConfiguration": network},
        }
        | changes
    )
    task_runs.settled(bench, label)


def in_the_default_vpc(bench: Bench) -> None:
    """The subnets of another VPC, copied from an older notebook."""
    ready(bench)
    ec2 = _ec2(bench)
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [default]}])["Subnets"][0]["SubnetId"]
    _run(bench, BARE, network={"subnets": [subnet], "securityGroups": []})


def other_definition(bench: Bench) -> None:
    """A task definition of the trainee's own, without the secret and the log group."""
    ready(bench)
    request = trial.definition(bench)
    request["family"] = f"{bench.target.prefix}-mine"
    container = request["containerDefinitions"][0]
    del container["secrets"], container["logConfiguration"]
    bench.client("ecs").register_task_definition(**request)
    _run(bench, BARE, taskDefinition=request["family"])


def all_at_once(bench: Bench) -> None:
    """Every door was opened before the first task."""
    ready(bench)
    make_endpoints(bench)
    open_door(bench, vpc_names.ENDPOINTS)
    open_door(bench, vpc_names.LOGS)
    make_gateway(bench, policy(bench))
    experiment(bench, BARE)


def role_without_layers(bench: Bench) -> None:
    """The right step, another reason: the role may read the manifest and not the layers."""
    walk(bench, BARE)
    make_endpoints(bench)
    open_door(bench, vpc_names.ENDPOINTS)
    deny = {"Effect": "Deny", "Action": "ecr:GetDownloadUrlForLayer", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    bench.client("iam").put_role_policy(RoleName=trial.family(bench), PolicyName="no-layers", PolicyDocument=document)
    experiment(bench, TALK)


def closed_when_run(bench: Bench) -> None:
    """The talk's task was run before the door was opened; it stopped where the first one had."""
    walk(bench, BARE)
    make_endpoints(bench)
    experiment(bench, TALK)
    open_door(bench, vpc_names.ENDPOINTS)


def three_endpoints(bench: Bench) -> None:
    make_endpoints(bench, ("ecr.api", "ecr.dkr", "logs"))


def another_region(bench: Bench) -> None:
    """The names of another Region, from somebody's blog: EC2 knows no such service here."""
    other = "eu-west-3" if bench.target.region != "eu-west-3" else "eu-west-1"
    with contextlib.suppress(ClientError):
        make_endpoints(bench, ("ecr.api",), ServiceName=f"com.amazonaws.{other}.ecr.api")


def endpoint_elsewhere(bench: Bench) -> None:
    """Made in a console that had the default VPC selected."""
    make_endpoints(bench, ("ecr.dkr", "ssm", "logs"))
    target = bench.target
    ec2 = target.session.client("ec2", region_name=target.region, endpoint_url=target.endpoint or None)
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [default]}])["Subnets"][0]["SubnetId"]
    ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=default,
        ServiceName=vpc_names.service(bench, "ecr.api"),
        SubnetIds=[subnet],
        PrivateDnsEnabled=False,
        TagSpecifications=[
            {"ResourceType": "vpc-endpoint", "Tags": [{"Key": KIT_TAG, "Value": target.prefix}]},
        ],
    )


def without_private_dns(bench: Bench) -> None:
    make_endpoints(bench, PrivateDnsEnabled=False)


def no_dns_hostnames(bench: Bench) -> None:
    make_endpoints(bench)
    _ec2(bench).modify_vpc_attribute(VpcId=the(bench).id, EnableDnsHostnames={"Value": False})


def one_subnet(bench: Bench) -> None:
    make_endpoints(bench, SubnetIds=[the(bench).subnet_ids[0]])


def still_pending(bench: Bench) -> Bench:
    """Asked in the first minute, while AWS makes the endpoints."""
    walk(bench, BARE)
    make_endpoints(bench)

    def pending(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**answer, "VpcEndpoints": [{**each, "State": "pending"} for each in answer["VpcEndpoints"]]}

    return answering(bench, "ec2", "describe_vpc_endpoints", pending)


def default_group(bench: Bench) -> None:
    """Endpoints made without a group: AWS takes the VPC's default group, which lets in its own members only."""
    make_endpoints(bench, SecurityGroupIds=[])


def door(purpose: str, permission: Callable[[Bench], dict[str, Any]]) -> Change:
    return lambda bench: open_door(bench, purpose, permission(bench))


def cidr(block: str, first: int = 443, last: int = 443) -> Callable[[Bench], dict[str, Any]]:
    permission = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": block}]}
    return lambda _: permission


def every_port(bench: Bench) -> dict[str, Any]:
    return from_group(_group(bench, vpc_names.TASKS)) | {"FromPort": 0, "ToPort": 65535}


def gateway(document: Callable[[Bench], str], **changes: Any) -> Change:
    return lambda bench: make_gateway(bench, document(bench), **changes)


def written(bench: Bench, **changes: Any) -> str:
    body = json.loads(policy(bench))
    body["Statement"][0].update(changes)
    return json.dumps(body)


def added(bench: Bench, **statement: Any) -> str:
    """The endpoint policy with a second statement."""
    body = json.loads(policy(bench))
    body["Statement"].append({"Effect": "Allow", "Principal": "*", "Resource": "*", **statement})
    return json.dumps(body)


def written_otherwise(bench: Bench) -> str:
    """The same in lists, under a condition that holds at this endpoint, with a Deny beside."""
    body = json.loads(
        written(
            bench,
            Sid="Layers",
            Principal={"AWS": ["*"]},
            Action=["S3:getobject"],
            Condition={"StringEquals": {"aws:SourceVpc": the(bench).id}},
        )
    )
    body["Statement"].insert(0, {"Effect": "Deny", "Principal": "*", "Action": "s3:Put*", "Resource": "*"})
    return json.dumps(body)


def nothing_through(service: str) -> Change:
    """Afterwards somebody put a policy on an endpoint that denies everything."""

    def do(bench: Bench) -> None:
        endpoint = the(bench).endpoint(service)
        assert endpoint is not None, "the walk has made it"
        deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        _ec2(bench).modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=document)

    return do


def other_table(bench: Bench) -> None:
    """A route table of its own, which neither subnet uses."""
    table = _ec2(bench).create_route_table(VpcId=the(bench).id)["RouteTable"]["RouteTableId"]
    make_gateway(bench, policy(bench), RouteTableIds=[table])


def one_more(service: str) -> Change:
    """The right gateway endpoint, and an endpoint that the start does not need."""

    def do(bench: Bench) -> None:
        make_gateway(bench, policy(bench))
        make_endpoints(bench, (service,))

    return do


def second_gateway(bench: Bench) -> None:
    """A second gateway endpoint for S3, open to everything, in a route table that waits for its subnet."""
    make_gateway(bench, policy(bench))
    table = _ec2(bench).create_route_table(VpcId=the(bench).id)["RouteTable"]["RouteTableId"]
    _ec2(bench).create_vpc_endpoint(
        VpcEndpointType="Gateway",
        VpcId=the(bench).id,
        ServiceName=vpc_names.service(bench, "s3"),
        RouteTableIds=[table],
    )


def table_endpoint(bench: Bench) -> None:
    """A gateway endpoint for DynamoDB: it costs nothing, and every table of every account lies behind it."""
    make_gateway(bench, policy(bench))
    _ec2(bench).create_vpc_endpoint(
        VpcEndpointType="Gateway",
        VpcId=the(bench).id,
        ServiceName=vpc_names.service(bench, "dynamodb"),
        RouteTableIds=list(the(bench).tables),
    )


def s3_interface(bench: Bench) -> None:
    """S3's names lead to it in the whole VPC."""
    make_endpoints(bench, ("s3",), DnsOptions={"PrivateDnsOnlyForInboundResolverEndpoint": False})


def s3_interface_without_names(bench: Bench) -> None:
    make_endpoints(bench, ("s3",), PrivateDnsEnabled=False)


def s3_interface_beside(bench: Bench) -> None:
    s3_interface(bench)
    make_gateway(bench, policy(bench))


def narrowed(*goals: str) -> Change:
    """The tasks' outbound rules: only to the groups of these endpoints."""

    def do(bench: Bench) -> None:
        ec2, group = _ec2(bench), the(bench).group(_group(bench, vpc_names.TASKS)) or {}
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
        for goal in goals:
            ec2.authorize_security_group_egress(
                GroupId=group["GroupId"], IpPermissions=[from_group(_group(bench, goal))]
            )

    return do


def logs_too_early(bench: Bench) -> None:
    """All four endpoints got 443 at once, so the third task ran."""
    open_door(bench, vpc_names.LOGS)
    make_gateway(bench, policy(bench))
    experiment(bench, GATEWAY)


def log_group_deleted(bench: Bench) -> None:
    open_door(bench, vpc_names.LOGS)
    bench.client("logs").delete_log_group(logGroupName=trial.log_group(bench))
    experiment(bench, OPEN)


def public_ip(bench: Bench) -> None:
    open_door(bench, vpc_names.LOGS)
    _run(bench, OPEN, network={"assignPublicIp": "ENABLED"})


def other_definition_open(bench: Bench) -> None:
    open_door(bench, vpc_names.LOGS)
    request = trial.definition(bench)
    request["family"] = f"{bench.target.prefix}-mine"
    del request["containerDefinitions"][0]["secrets"]
    bench.client("ecs").register_task_definition(**request)
    _run(bench, OPEN, taskDefinition=request["family"])


def network_acl(bench: Bench) -> None:
    """Afterwards somebody tightened the subnets' network ACL: the answers, on high ports, no longer come in."""
    ec2, found = _ec2(bench), the(bench)
    inside = [{"Name": "vpc-id", "Values": [found.id]}]
    acl = ec2.describe_network_acls(Filters=inside)["NetworkAcls"][0]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=50,
        Protocol="6",
        RuleAction="deny",
        Egress=False,
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 1024, "To": 65535},
    )


def pending_task(label: str, until: str) -> Callable[[Bench], Bench]:
    """Asked in the first seconds: of the tasks of a label, ECS says PENDING."""

    def pending(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        gone = ("stopCode", "stoppedReason", "stoppedAt", "startedAt")
        during = [
            {name: value for name, value in task.items() if name not in gone} | {"lastStatus": "PENDING"}
            if task.get("startedBy") == label
            else task
            for task in answer["tasks"]
        ]
        return {**answer, "tasks": during}

    def do(bench: Bench) -> Bench:
        walk(bench, until)
        return answering(bench, "ecs", "describe_tasks", pending)

    return do
