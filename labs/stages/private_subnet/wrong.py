"""Known mistakes of stage 04. Each is really made, in the VPC, with boto3; the tasks really start and stop."""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from labs.stages import tasks
from labs.stages.bench import Bench
from labs.stages.private_subnet import names, trial
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
from labs.stages.private_subnet.stops import BARE, GATEWAY, OPEN, TALK
from labs.stages.stage import Wrong
from labs.target.names import KIT_TAG

Change = Callable[[Bench], object]


def after(label: str, *changes: Change) -> Callable[[Bench], None]:
    """The stage as the solution does it up to one experiment, and then the mistake."""

    def do(bench: Bench) -> None:
        walk(bench, label)
        for change in changes:
            change(bench)

    return do


def first(*changes: Change) -> Callable[[Bench], None]:
    """Only these, from nothing."""

    def do(bench: Bench) -> None:
        for change in changes:
            change(bench)

    return do


def _group(bench: Bench, purpose: str) -> str:
    return the(bench).group_named(names.group(bench, purpose))


def _ec2(bench: Bench) -> Any:
    return bench.client("ec2")


def _nothing(_: Bench) -> None:
    """The notebook was opened, nothing was run."""


def _two_vpcs(bench: Bench) -> None:
    for _ in range(2):
        _ec2(bench).create_vpc(CidrBlock=BLOCK)


def _vpc_only(bench: Bench) -> None:
    _ec2(bench).create_vpc(CidrBlock=BLOCK)


def _one_zone(bench: Bench) -> None:
    ec2 = _ec2(bench)
    vpc_id = ec2.create_vpc(CidrBlock=BLOCK)["Vpc"]["VpcId"]
    zone = zones(ec2)[0]
    for block in ("10.0.1.0/24", "10.0.2.0/24"):
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zone)


def _internet_gateway(bench: Bench) -> None:
    """A public subnet, "for the time being"."""
    ec2, found = _ec2(bench), the(bench)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=found.id)
    ec2.create_route(RouteTableId=found.tables[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def _nat_gateway(bench: Bench) -> None:
    """A NAT gateway of the private kind needs no internet gateway, so it can be made here as it stands."""
    ec2, found = _ec2(bench), the(bench)
    nat = ec2.create_nat_gateway(SubnetId=found.subnet_ids[0], ConnectivityType="private")["NatGateway"]
    table = found.tables[0]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"])


def _groups(bench: Bench) -> None:
    build_vpc(bench)
    make_groups(bench)


def _ready(bench: Bench) -> None:
    _groups(bench)
    trial.create(bench)


def _run(bench: Bench, label: str, **changes: Any) -> None:
    """run_task with one thing changed, and then a wait for what becomes of it."""
    ecs, found = bench.client("ecs"), the(bench)
    network = {
        "subnets": list(found.subnet_ids),
        "securityGroups": [_group(bench, names.TASKS)],
        "assignPublicIp": "DISABLED",
    } | changes.pop("network", {})
    ecs.run_task(
        **{
            "cluster": tasks.cluster(bench),
            "taskDefinition": trial.family(bench),
            "launchType": "FARGATE",
            "startedBy": label,
            "networkConfiguration": {"awsvpcConfiguration": network},
        }
        | changes
    )
    tasks.settled(bench, label)


def _in_the_default_vpc(bench: Bench) -> None:
    """The subnets of another VPC, copied from an older notebook."""
    _ready(bench)
    ec2 = _ec2(bench)
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [default]}]
    subnet = ec2.describe_subnets(Filters=inside)["Subnets"][0]["SubnetId"]
    _run(bench, BARE, network={"subnets": [subnet], "securityGroups": []})


def _other_definition(bench: Bench) -> None:
    """A task definition of the trainee's own, without the secret and the log group."""
    _ready(bench)
    request = trial.definition(bench)
    request["family"] = f"{bench.target.prefix}-mine"
    container = request["containerDefinitions"][0]
    del container["secrets"], container["logConfiguration"]
    bench.client("ecs").register_task_definition(**request)
    _run(bench, BARE, taskDefinition=request["family"])


def _all_at_once(bench: Bench) -> None:
    """Every door was opened before the first task."""
    _ready(bench)
    make_endpoints(bench)
    open_door(bench, names.ENDPOINTS)
    open_door(bench, names.LOGS)
    make_gateway(bench, policy(bench))
    experiment(bench, BARE)


def _role_without_layers(bench: Bench) -> None:
    """The right step, another reason: the role may read the manifest and not the layers."""
    walk(bench, BARE)
    make_endpoints(bench)
    open_door(bench, names.ENDPOINTS)
    deny = {"Effect": "Deny", "Action": "ecr:GetDownloadUrlForLayer", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    bench.client("iam").put_role_policy(RoleName=trial.family(bench), PolicyName="no-layers", PolicyDocument=document)
    experiment(bench, TALK)


def _closed_when_run(bench: Bench) -> None:
    """The talk's task was run before the door was opened; it stopped where the first one had."""
    walk(bench, BARE)
    make_endpoints(bench)
    experiment(bench, TALK)
    open_door(bench, names.ENDPOINTS)


def _three_endpoints(bench: Bench) -> None:
    make_endpoints(bench, ("ecr.api", "ecr.dkr", "logs"))


def _another_region(bench: Bench) -> None:
    """The names of another Region, from somebody's blog: EC2 knows no such service here."""
    other = "eu-west-3" if bench.target.region != "eu-west-3" else "eu-west-1"
    with contextlib.suppress(ClientError):
        make_endpoints(bench, ("ecr.api",), ServiceName=f"com.amazonaws.{other}.ecr.api")


def _endpoint_elsewhere(bench: Bench) -> None:
    """Made in a console that had the default VPC selected."""
    make_endpoints(bench, ("ecr.dkr", "ssm", "logs"))
    target = bench.target
    ec2 = target.session.client("ec2", region_name=target.region, endpoint_url=target.endpoint or None)
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [default]}]
    subnet = ec2.describe_subnets(Filters=inside)["Subnets"][0]["SubnetId"]
    ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=default,
        ServiceName=names.service(bench, "ecr.api"),
        SubnetIds=[subnet],
        PrivateDnsEnabled=False,
        TagSpecifications=[
            {"ResourceType": "vpc-endpoint", "Tags": [{"Key": KIT_TAG, "Value": target.prefix}]},
        ],
    )


def _without_private_dns(bench: Bench) -> None:
    make_endpoints(bench, PrivateDnsEnabled=False)


def _no_dns_hostnames(bench: Bench) -> None:
    make_endpoints(bench)
    _ec2(bench).modify_vpc_attribute(VpcId=the(bench).id, EnableDnsHostnames={"Value": False})


def _one_subnet(bench: Bench) -> None:
    make_endpoints(bench, SubnetIds=[the(bench).subnet_ids[0]])


@dataclass(frozen=True)
class _Early:
    """An EC2 client that answers as AWS does in the first minute: the endpoints are still pending."""

    real: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def describe_vpc_endpoints(self, **request: Any) -> Mapping[str, Any]:
        answer = self.real.describe_vpc_endpoints(**request)
        return {**answer, "VpcEndpoints": [{**each, "State": "pending"} for each in answer["VpcEndpoints"]]}


def _still_pending(bench: Bench) -> Bench:
    walk(bench, BARE)
    make_endpoints(bench)

    def reader(service: str) -> Any:
        client = bench.reader(service)
        return _Early(client) if service == "ec2" else client

    return replace(bench, reader=reader)


def _default_group(bench: Bench) -> None:
    """Endpoints made without a group: AWS takes the VPC's default group, which lets in its own members only."""
    make_endpoints(bench, SecurityGroupIds=[])


def _door(purpose: str, permission: Callable[[Bench], dict[str, Any]]) -> Change:
    return lambda bench: open_door(bench, purpose, permission(bench))


def _cidr(block: str, first: int = 443, last: int = 443) -> Callable[[Bench], dict[str, Any]]:
    permission = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": block}]}
    return lambda _: permission


def _every_port(bench: Bench) -> dict[str, Any]:
    return from_group(_group(bench, names.TASKS)) | {"FromPort": 0, "ToPort": 65535}


def _gateway(document: Callable[[Bench], str], **changes: Any) -> Change:
    return lambda bench: make_gateway(bench, document(bench), **changes)


def _written(bench: Bench, **changes: Any) -> str:
    body = json.loads(policy(bench))
    body["Statement"][0].update(changes)
    return json.dumps(body)


def _other_table(bench: Bench) -> None:
    """A route table of its own, which neither subnet uses."""
    table = _ec2(bench).create_route_table(VpcId=the(bench).id)["RouteTable"]["RouteTableId"]
    make_gateway(bench, policy(bench), RouteTableIds=[table])


def _s3_interface(bench: Bench) -> None:
    make_endpoints(bench, ("s3",), PrivateDnsEnabled=False)


def _narrowed(*goals: str) -> Change:
    """The tasks' outbound rules: only to the groups of these endpoints."""

    def do(bench: Bench) -> None:
        ec2, group = _ec2(bench), the(bench).group(_group(bench, names.TASKS)) or {}
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
        for goal in goals:
            ec2.authorize_security_group_egress(
                GroupId=group["GroupId"], IpPermissions=[from_group(_group(bench, goal))]
            )

    return do


def _logs_too_early(bench: Bench) -> None:
    """All four endpoints got 443 at once, so the third task ran."""
    open_door(bench, names.LOGS)
    make_gateway(bench, policy(bench))
    experiment(bench, GATEWAY)


def _log_group_deleted(bench: Bench) -> None:
    open_door(bench, names.LOGS)
    bench.client("logs").delete_log_group(logGroupName=trial.log_group(bench))
    experiment(bench, OPEN)


def _public_ip(bench: Bench) -> None:
    open_door(bench, names.LOGS)
    _run(bench, OPEN, network={"assignPublicIp": "ENABLED"})


def _other_definition_open(bench: Bench) -> None:
    open_door(bench, names.LOGS)
    request = trial.definition(bench)
    request["family"] = f"{bench.target.prefix}-mine"
    del request["containerDefinitions"][0]["secrets"]
    bench.client("ecs").register_task_definition(**request)
    _run(bench, OPEN, taskDefinition=request["family"])


def _network_acl(bench: Bench) -> None:
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


def _pending_task(label: str, until: str) -> Callable[[Bench], Bench]:
    """Asked in the first seconds: ECS says PENDING."""

    def do(bench: Bench) -> Bench:
        walk(bench, until)

        def reader(service: str) -> Any:
            client = bench.reader(service)
            return _EarlyTasks(client, label) if service == "ecs" else client

        return replace(bench, reader=reader)

    return do


@dataclass(frozen=True)
class _EarlyTasks:
    """An ECS client that answers as AWS does while the tasks of a label are being provisioned."""

    real: Any
    label: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def describe_tasks(self, **request: Any) -> Mapping[str, Any]:
        answer = self.real.describe_tasks(**request)
        gone = ("stopCode", "stoppedReason", "stoppedAt", "startedAt")
        early = [
            {name: value for name, value in task.items() if name not in gone} | {"lastStatus": "PENDING"}
            if task.get("startedBy") == self.label
            else task
            for task in answer["tasks"]
        ]
        return {**answer, "tasks": early}


WRONG = (
    Wrong("nothing was run", "private.no_vpc", _nothing),
    Wrong("the first cell was run twice", "private.several_vpcs", _two_vpcs),
    Wrong("no subnets", "private.subnets", _vpc_only),
    Wrong("both subnets in one zone", "private.one_zone", _one_zone),
    Wrong("an internet gateway", "private.internet_gateway", first(build_vpc, _internet_gateway)),
    Wrong("a NAT gateway", "private.nat_gateway", first(build_vpc, _nat_gateway)),
    Wrong("no security groups", "private.no_groups", first(build_vpc)),
    Wrong("no trial task", "private.no_trial", _groups),
    Wrong("no task was run", "private.not_run", _ready),
    Wrong("asked while it starts", "private.pending", _pending_task(BARE, BARE)),
    Wrong("subnets of another VPC", "private.other_subnet", _in_the_default_vpc),
    Wrong("another task definition", "private.other_definition", _other_definition),
    Wrong("every door opened at once", "private.it_ran", _all_at_once),
    Wrong("three endpoints", "private.endpoint_missing", after(BARE, _three_endpoints)),
    Wrong("another Region's service name", "private.endpoint_missing", after(BARE, _another_region)),
    Wrong("an endpoint in the default VPC", "private.endpoint_elsewhere", after(BARE, _endpoint_elsewhere)),
    Wrong("endpoints without private DNS", "private.private_dns", after(BARE, _without_private_dns)),
    Wrong("DNS hostnames off", "private.dns_attributes", after(BARE, _no_dns_hostnames)),
    Wrong("endpoints in one subnet only", "private.endpoint_subnets", after(BARE, _one_subnet)),
    Wrong("asked while AWS makes the endpoints", "private.endpoint_pending", _still_pending),
    Wrong("no inbound rule", "private.closed", after(BARE, make_endpoints)),
    Wrong("endpoints in the default group", "private.closed", after(BARE, _default_group)),
    Wrong(
        "0.0.0.0/0 into the endpoints",
        "private.open_to_all",
        after(BARE, make_endpoints, _door(names.ENDPOINTS, _cidr("0.0.0.0/0"))),
    ),
    Wrong(
        "the whole VPC into the endpoints",
        "private.open_to_others",
        after(BARE, make_endpoints, _door(names.ENDPOINTS, _cidr(BLOCK))),
    ),
    Wrong(
        "every port into the endpoints",
        "private.open_ports",
        after(BARE, make_endpoints, _door(names.ENDPOINTS, _every_port)),
    ),
    Wrong(
        "the rule on the tasks' group in place of the endpoints'",
        "private.closed",
        after(BARE, make_endpoints, lambda bench: open_door(bench, names.TASKS)),
    ),
    Wrong(
        "the rule on both groups",
        "private.tasks_inbound",
        after(
            BARE,
            make_endpoints,
            lambda bench: open_door(bench, names.ENDPOINTS),
            lambda bench: open_door(bench, names.TASKS),
        ),
    ),
    Wrong("run before the rule was there", "private.other_step", _closed_when_run),
    Wrong("a role that may not read layers", "private.other_reason", _role_without_layers),
    Wrong("no gateway endpoint", "private.no_gateway", after(TALK)),
    Wrong("an interface endpoint for S3", "private.s3_interface", after(TALK, _s3_interface)),
    Wrong("the gateway in another route table", "private.gateway_route", after(TALK, _other_table)),
    Wrong("no endpoint policy", "private.policy_wide", after(TALK, _gateway(lambda _: ""))),
    Wrong(
        "a policy that forgets the layer bucket",
        "private.policy_blocks",
        after(TALK, _gateway(lambda bench: _written(bench, Resource="arn:aws:s3:::my-bucket/*"))),
    ),
    Wrong(
        "a policy for the task's role only",
        "private.policy_blocks",
        after(
            TALK,
            _gateway(lambda bench: _written(bench, Principal={"AWS": bench.target.role_arn(trial.family(bench))})),
        ),
    ),
    Wrong(
        "outbound rules without S3's prefix list",
        "private.no_way_out",
        after(TALK, _gateway(policy), _narrowed(names.ENDPOINTS, names.LOGS)),
    ),
    Wrong(
        "outbound rules that forget an endpoint",
        "private.no_way_out",
        after(TALK, _gateway(policy), _narrowed(names.ENDPOINTS)),
    ),
    Wrong("443 on logs from the beginning", "private.it_ran", after(TALK, _logs_too_early)),
    Wrong("no inbound rule on logs", "private.closed", after(GATEWAY)),
    Wrong(
        "the last task was not run", "private.open_not_run", after(GATEWAY, lambda bench: open_door(bench, names.LOGS))
    ),
    Wrong("asked while the last task starts", "private.starting", _pending_task(OPEN, OPEN)),
    Wrong("the log group was deleted", "private.stopped", after(GATEWAY, _log_group_deleted)),
    Wrong("another definition in the end", "private.open_elsewhere", after(GATEWAY, _other_definition_open)),
    Wrong("a public address", "private.public_ip", after(GATEWAY, _public_ip)),
    Wrong("a network ACL that refuses the answers", "private.blocked", after(OPEN, _network_acl)),
)
