"""Stage 04 as the solution does it: the VPC, and one task more after each door that is opened."""

import json
import shutil
from collections.abc import Sequence
from typing import Any

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.lesson.stage import stage
from labs.lesson.undo import named, undo
from labs.stages.private_subnet import trial
from labs.stages.private_subnet.experiments import BARE, GATEWAY, OPEN, TALK
from labs.subjects.tasks import task_runs
from labs.subjects.vpc import reading, vpc_names
from labs.subjects.vpc.reading import HTTPS, INTERFACES
from labs.subjects.vpc.vpc_shown import wait_available
from labs.subjects.vpc.zones import usable_zones

BLOCK, BLOCKS = "10.0.0.0/16", ("10.0.1.0/24", "10.0.2.0/24")
POLICY_FILE = "endpoint-policy.json"


def solve(bench: Bench) -> None:
    """Walk the stage once; what is there already is left, so that solving twice is solving once."""
    walk(bench, OPEN)


def walk(bench: Bench, until: str) -> None:
    """The stage up to and with one experiment."""
    build_vpc(bench)
    make_groups(bench)
    trial.create(bench)
    experiment(bench, BARE)
    if until == BARE:
        return
    make_endpoints(bench)
    open_door(bench, vpc_names.ENDPOINTS)
    experiment(bench, TALK)
    if until == TALK:
        return
    make_gateway(bench, policy(bench))
    experiment(bench, GATEWAY)
    if until == GATEWAY:
        return
    open_door(bench, vpc_names.LOGS)
    experiment(bench, OPEN)


def build_vpc(bench: Bench) -> str:
    """The VPC with both DNS attributes, and two subnets in two zones; its main route table has no way out."""
    ec2 = bench.client("ec2")
    found = reading.look(bench, ec2)
    vpc_id = found.id if found else str(ec2.create_vpc(CidrBlock=BLOCK)["Vpc"]["VpcId"])
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    missing = list(zip(zones(bench), BLOCKS, strict=False))[len(found.subnets) if found else 0 :]
    for zone, block in missing:
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zone)
    return vpc_id


def zones(bench: Bench) -> list[str]:
    """The names of the Region's zones that have what the stage needs."""
    return usable_zones(bench.client("ec2"), [vpc_names.service(bench, each) for each in INTERFACES])


def the(bench: Bench) -> reading.VpcReading:
    """The lab's VPC, which is there."""
    found = reading.look(bench, bench.client("ec2"))
    if found is None:
        raise LabError(
            "The account does not show the lab's VPC, which was made before.", "try again", id="vpc-not-shown"
        )
    return found


def make_groups(bench: Bench) -> None:
    """One group each for the tasks, for three endpoints, and for logs."""
    ec2, found = bench.client("ec2"), the(bench)
    for purpose in vpc_names.GROUPS:
        name = vpc_names.group(bench, purpose)
        if not found.group_named(name):
            ec2.create_security_group(GroupName=name, Description=f"Fargate lab: {purpose}", VpcId=found.id)


def make_endpoints(bench: Bench, services: Sequence[str] = INTERFACES, **changes: Any) -> None:
    """The talk's four endpoints, with private DNS; logs in a group of its own. ``changes`` are for wrong answers."""
    ec2, found = bench.client("ec2"), the(bench)
    for service in services:
        if found.endpoint(service) is not None:
            continue
        purpose = vpc_names.LOGS if service == "logs" else vpc_names.ENDPOINTS
        request = {
            "VpcEndpointType": "Interface",
            "VpcId": found.id,
            "ServiceName": vpc_names.service(bench, service),
            "SubnetIds": list(found.subnet_ids),
            "SecurityGroupIds": [found.group_named(vpc_names.group(bench, purpose))],
            "PrivateDnsEnabled": True,
        }
        ec2.create_vpc_endpoint(**(request | changes))
    wait_available(bench)


def from_group(group_id: str, port: int = HTTPS) -> dict[str, Any]:
    """A permission for TCP on one port, from a group."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{"GroupId": group_id}]}


def open_door(bench: Bench, purpose: str, permission: dict[str, Any] | None = None) -> None:
    """Let the tasks' group in on 443, or what a wrong answer lets in."""
    ec2, found = bench.client("ec2"), the(bench)
    group = found.group(found.group_named(vpc_names.group(bench, purpose))) or {}
    wanted = permission or from_group(found.group_named(vpc_names.group(bench, vpc_names.TASKS)))
    there = [each.name for rule in group["IpPermissions"] for each in reading.sources(rule)]
    if not {each.name for each in reading.sources(wanted)} <= set(there):
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[wanted])


def policy(bench: Bench) -> str:
    """The endpoint policy for the layer bucket; it is written into its file, too."""
    text = stage("private-subnet").policy("endpoint-policy", **bench.names())
    (bench.work / POLICY_FILE).write_text(text)
    return text


def make_gateway(bench: Bench, document: str, **changes: Any) -> None:
    """The gateway endpoint for S3 in the subnets' route table."""
    ec2, found = bench.client("ec2"), the(bench)
    if found.endpoint("s3", "Gateway") is not None:
        return
    request: dict[str, Any] = {
        "VpcEndpointType": "Gateway",
        "VpcId": found.id,
        "ServiceName": vpc_names.service(bench, "s3"),
        "RouteTableIds": list(found.tables),
        "PolicyDocument": json.dumps(json.loads(document)) if document else None,
    } | changes
    ec2.create_vpc_endpoint(**{name: value for name, value in request.items() if value is not None})


def experiment(bench: Bench, label: str) -> None:
    """Run the trial task under a label, unless it was run before, and wait for what becomes of it."""
    since = bench.progress.of("private-subnet").begun_at
    if not any(
        since is None or task.created >= since for task in task_runs.labelled(bench, bench.client("ecs"), label)
    ):
        found = the(bench)
        group = found.group_named(vpc_names.group(bench, vpc_names.TASKS))
        task_runs.run(bench, label, trial.family(bench), found.subnet_ids, [group])
    task_runs.settled(bench, label)


def reset(bench: Bench) -> None:
    """Take the VPC, the tasks, what the trial needed and the files away."""
    undo(bench, lambda entry: entry.kind.startswith(("ec2 ", "ecs ")) or named(entry, *trial.own(bench)))
    # Made elsewhere by mistake, in another VPC: the ledger may not know them, their tag does.
    ec2 = bench.client("ec2")
    strays = [str(each["VpcEndpointId"]) for each in reading.strays(ec2, bench.target.prefix, "")]
    if strays:
        ec2.delete_vpc_endpoints(VpcEndpointIds=strays)
    shutil.rmtree(task_runs.folder(bench), ignore_errors=True)
    (bench.work / POLICY_FILE).unlink(missing_ok=True)
