"""What stands in the account and in the work folder; and the rule that a wrong answer spoils only its own stage."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from labs.errors import LabError
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import Stage

Snapshot = dict[str, Any]
# What stands since a wrong answer was taken back, by home and stage, and when its progress was last written: the next
# wrong answer to the stage begins there, with nothing to undo and nothing to read again.
_left: dict[tuple[Path, str], tuple[int, Snapshot]] = {}


def as_left(bench: Bench, subject: Stage) -> Snapshot | None:
    """What stands, where a wrong answer to this stage was the last that was done; to be asked once."""
    written, found = _left.pop((bench.home, subject.name), (0, None))
    return found if written == _written(bench) else None


def _written(bench: Bench) -> int:
    path = bench.home / "progress.json"
    return path.stat().st_mtime_ns if path.exists() else 0


@contextmanager
def spoiling_nothing_else(bench: Bench, subject: Stage, mistake: str, known: Snapshot | None = None) -> Iterator[None]:
    """Fail, in one sentence and under the mistake's own name, when its stage's reset does not bring back what was.

    ``known`` is what stands, if that was read. What lasts (cleaning up) is about all the others. After a failure
    everything is reset, so that no other test pays.
    """
    before = known or snapshot(bench)
    try:
        yield
        runner.reset(subject.name, bench)
    except (LabError, ClientError, BotoCoreError) as error:
        runner.reset("start", bench)
        pytest.fail(f'{subject.name}: "{mistake}" ended in an error: {" ".join(str(error).split())}', pytrace=False)
    if subject.lasting:
        return
    after = snapshot(bench)
    spoilt = list(differences(before, after))
    if spoilt:
        runner.reset("start", bench)
        what = "; ".join(spoilt)
        pytest.fail(f'{subject.name}: "{mistake}" spoils more than its own stage: {what}', pytrace=False)
    _left[bench.home, subject.name] = _written(bench), after


def differences(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """What is gone, what is new, and what is no longer the same, kind by kind."""
    for kind in before:
        old, new = _by_name(before[kind]), _by_name(after[kind])
        yield from (f"{kind} {name} is gone" for name in old if name not in new)
        yield from (f"{kind} {name} was left" for name in new if name not in old)
        yield from (f"{kind} {name} was changed" for name in old if name in new and old[name] != new[name])


def _by_name(found: Any) -> dict[str, Any]:
    if isinstance(found, dict):
        return found
    return {str(each): found.count(each) for each in found}


def snapshot(bench: Bench) -> Snapshot:
    """The account and the trainee's files; the registry's passwords by host only."""
    ecr, iam = bench.client("ecr"), bench.client("iam")
    repositories = [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
    images = {
        name: sorted(
            (each["imageDigest"], *sorted(each.get("imageTags", [])))
            for each in ecr.describe_images(repositoryName=name)["imageDetails"]
        )
        for name in repositories
    }
    roles = {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        roles[name] = {
            "trust": role["AssumeRolePolicyDocument"],
            "inline": {each: iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in inline},
            "attached": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
        }
    files = {
        str(path.relative_to(bench.work)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(bench.work.rglob("*"))
        if path.is_file()
    }
    return {
        "repositories": repositories,
        "images": images,
        "roles": roles,
        **_network_and_tasks(bench),
        "files": files,
        "begun": _begun(bench.home / "progress.json"),
    }


def _network_and_tasks(bench: Bench) -> dict[str, Any]:
    """What stands in the account outside ECR and IAM, by its names; ids and times are new each time."""
    ec2, ecs = bench.client("ec2"), bench.client("ecs")
    clusters = ecs.list_clusters()["clusterArns"]
    names = {
        "vpcs": [each["CidrBlock"] for each in ec2.describe_vpcs()["Vpcs"]],
        "subnets": [each["CidrBlock"] for each in ec2.describe_subnets()["Subnets"]],
        "groups": [_group(each) for each in ec2.describe_security_groups()["SecurityGroups"]],
        "endpoints": [_endpoint(each) for each in ec2.describe_vpc_endpoints()["VpcEndpoints"] if not _going(each)],
        "routes": [_route(each) for table in ec2.describe_route_tables()["RouteTables"] for each in table["Routes"]],
        "rules of ACLs": [_rule(each) for acl in ec2.describe_network_acls()["NetworkAcls"] for each in acl["Entries"]],
        "gateways": [each["InternetGatewayId"] for each in ec2.describe_internet_gateways()["InternetGateways"]],
        "gateways for IPv6": [
            each["EgressOnlyInternetGatewayId"]
            for each in ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
        ],
        "clusters": clusters,
        "services": [arn for each in clusters for arn in ecs.list_services(cluster=each)["serviceArns"]],
        "definitions": [arn.rpartition(":")[0] for arn in ecs.list_task_definitions()["taskDefinitionArns"]],
        "parameters": [each["Name"] for each in bench.client("ssm").describe_parameters()["Parameters"]],
        "logs": [each["logGroupName"] for each in bench.client("logs").describe_log_groups()["logGroups"]],
    }
    return {kind: sorted(found) for kind, found in names.items()}


def _group(group: dict[str, Any]) -> str:
    """A security group and how many sources its rules name."""
    keys = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    count = [
        sum(len(rule.get(key, ())) for rule in group[side] for key in keys)
        for side in ("IpPermissions", "IpPermissionsEgress")
    ]
    return f"{group['GroupName']} with {count[0]} sources in, {count[1]} out"


def _going(endpoint: dict[str, Any]) -> bool:
    """What was deleted is still listed for a while."""
    return str(endpoint["State"]).lower() in ("deleting", "deleted")


def _endpoint(endpoint: dict[str, Any]) -> str:
    dns = "with" if endpoint.get("PrivateDnsEnabled") else "without"
    return f"{endpoint['ServiceName']} in {len(endpoint.get('SubnetIds', ()))} subnets, {dns} private DNS"


def _route(route: dict[str, Any]) -> str:
    goal = route.get("DestinationCidrBlock") or route.get("DestinationPrefixListId")
    return f"{goal} by {str(route.get('GatewayId', ''))[:4]}"


def _rule(entry: dict[str, Any]) -> str:
    way = "out" if entry["Egress"] else "in"
    return f"{entry['RuleNumber']} {way} {entry['RuleAction']} {entry.get('CidrBlock', '')}"


def _begun(path: Path) -> list[str]:
    return sorted(json.loads(path.read_text())["stages"]) if path.exists() else []
