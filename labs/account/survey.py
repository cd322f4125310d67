"""From a name to a diagnosis: find the case, read the network and the account, survey the start. It only reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from labs.account import query
from labs.account.account_sources import (
    AccountLogs,
    AccountPermissions,
    AccountRegistry,
    AccountSecrets,
    Clients,
    registry_host,
)
from labs.account.case import Case, Place
from labs.account.finder import Finder
from labs.account.reads import ask, unread
from labs.account.vpc_reader import take
from labs.errors import LabError
from labs.fargate import validation
from labs.fargate.diagnosis import Diagnosis, diagnose
from labs.fargate.exec_checks import ExecSettings, exec_checks
from labs.fargate.findings import Finding
from labs.fargate.image import ImageRef, RegistryKind
from labs.fargate.plan import Sources, survey_subnets
from labs.fargate.refusals import Refusal
from labs.fargate.sources import CannotRead
from labs.fargate.steps import CheckKind, StartPlan, StepVerdict
from labs.fargate.task import TaskSpec
from labs.network import MalformedSnapshot, Snapshot
from labs.session.target import Target


@dataclass(frozen=True)
class Where:
    """The account, Region and cluster that are looked at. ``shell``: ECS Exec is asked about in any case."""

    account: str
    region: str
    cluster: str
    place: Place = field(default_factory=Place)
    shell: bool = False


@dataclass(frozen=True)
class Looked:
    """The answer: the case, the survey of its start as it would go now, the diagnosis."""

    case: Case
    plan: StartPlan
    diagnosis: Diagnosis


def where(target: Target, cluster: str, place: Place, shell: bool = False) -> Where:
    """Where to look in a target: its own cluster unless another is named."""
    name = cluster.rsplit("/", 1)[-1] or target.prefix
    return Where(target.account, target.region, name, place, shell)


def clients_of(target: Target) -> Clients:
    """boto3 clients of a target, by service and Region."""

    def client(service: str, region: str = "") -> Any:
        return target.client(service, region=region)

    return client


def look(clients: Clients, where: Where, name: str = "") -> Looked:
    """Diagnose one task, service or definition; without a name what most needs it. LabError when there is nothing."""
    finder = Finder(clients, where.cluster, where.place)
    case = finder.find(query.parse(name, where.account, where.region)) if name else finder.newest()
    if case is None:
        if finder.unread:
            raise LabError(
                f"CANNOT CHECK: {finder.unread[0].why}",
                "name a task, a service or a task definition",
                id="nothing-found",
            )
        raise LabError(
            f"There is no task and no service in the cluster {where.cluster}.",
            "name a task definition: labs diagnose FAMILY --subnet subnet-... --group sg-..., or another --cluster",
            id="nothing-in-cluster",
        )
    return _diagnosed(clients, where, case)


def _diagnosed(clients: Clients, where: Where, case: Case) -> Looked:
    ec2 = clients("ec2", "")
    vpc = _vpc(ec2, case.place)
    taken = take(ec2, vpc, where.region)
    try:
        snapshot = Snapshot.parse(taken.document)
    except MalformedSnapshot as error:
        raise LabError(f"EC2's answer cannot be read: {error}", "check AWS_ENDPOINT_URL", id="ec2-not-read") from error
    if case.place.groups is None:
        # Which groups are the task's is not known, so no rule of a group can be judged.
        snapshot = replace(snapshot, security_groups=None)
    permissions = AccountPermissions(clients, where.region)
    secrets = AccountSecrets(clients)
    sources = Sources(snapshot, permissions, AccountRegistry(clients), secrets, AccountLogs(clients))
    missed = list(case.unread)
    spec = TaskSpec.of(
        case.definition,
        case.place.network,
        case.overrides,
        account=where.account,
        region=where.region,
        task_id=case.task_id,
        registry_host=_registry(clients, where, case, missed),
        platform_version=case.platform_version,
        exec_enabled=case.exec_enabled,
    ).pinned(case.digests)
    plan = survey_subnets(spec, sources)
    checks = exec_checks(spec, sources, _settings(clients, where, case, secrets))
    missed += _of_network(taken.unread, plan)
    found = diagnose(plan, case.told, checks, tuple(missed), _refusal(case, vpc))
    return Looked(case, plan, found)


def _vpc(ec2: Any, place: Place) -> str:
    """The VPC of the place: that of a subnet, else of a group."""
    refused: CannotRead | None = None
    asked = [("describe_subnets", "SubnetIds", "Subnets", id) for id in place.subnets]
    asked += [("describe_security_groups", "GroupIds", "SecurityGroups", id) for id in place.groups or ()]
    absent = (
        "InvalidSubnetID.NotFound",
        "InvalidSubnetID.Malformed",
        "InvalidGroup.NotFound",
        "InvalidGroupId.Malformed",
    )
    for method, parameter, key, id in asked:
        try:
            answer = ask(f"looking for {id}", ec2, method, absent, **{parameter: [id]})
        except CannotRead as error:
            refused = error
            continue
        if answer and answer[key]:
            return str(answer[key][0]["VpcId"])
    if refused is not None:
        raise LabError(
            f"CANNOT CHECK in which VPC it is: {refused}",
            "allow what was refused; labs diagnose --policy prints all that is read",
            id="vpc-not-read",
        )
    missing = ", ".join(place.subnets)
    raise LabError(
        f"There is no subnet {missing} here.", "check the id, the account and the region", id="no-such-subnet"
    )


def _registry(clients: Clients, where: Where, case: Case, missed: list[Finding]) -> str:
    """The host of the account's registry, asked for only when an image's name is of no registry of AWS."""
    containers = case.definition.get("containerDefinitions") or ()
    images = [ImageRef.parse(str(each.get("image", "")), where.account, where.region) for each in containers]
    if all(image.kind is not RegistryKind.OTHER for image in images):
        return ""
    try:
        return registry_host(clients)
    except CannotRead as error:
        missed.append(unread("the registry", error))
        # Where the API answers elsewhere than at AWS, its registry commonly answers there too.
        return urlsplit(str(clients("ecr", "").meta.endpoint_url)).netloc


def _settings(clients: Clients, where: Where, case: Case, secrets: AccountSecrets) -> ExecSettings | None:
    """What ECS Exec needs to know of the cluster; None when nobody asks about it."""
    if not (where.shell or case.exec_enabled):
        return None
    try:
        wanted: Any = {"clusters": [case.cluster], "include": ["CONFIGURATIONS"]}
        found = ask("reading the cluster", clients("ecs", ""), "describe_clusters", **wanted)["clusters"]
        settings = ExecSettings.of(found[0] if found else None, case.task)
        key = secrets.customer_key(settings.key_arn, where.region)
        return replace(settings, key_arn=key)
    except CannotRead as error:
        return replace(ExecSettings.of(None, case.task), unread=str(error))


def _of_network(lists: Mapping[str, str], plan: StartPlan) -> list[Finding]:
    """The lists of EC2 that were refused, if a step may have needed one."""
    checks = [check for step in plan.steps for check in step.checks]
    asked = (CheckKind.NETWORK, CheckKind.EXISTENCE)
    if not any(check.kind in asked and check.verdict is StepVerdict.CANNOT_CHECK for check in checks):
        return []
    return [unread("the network", CannotRead(f"reading {key}: {why}")) for key, why in lists.items()]


def _refusal(case: Case, vpc: str) -> Refusal | None:
    """What RunTask would refuse of a definition that has not run; where it is to run is the survey's to judge."""
    if case.task is not None or case.state:
        return None
    there = dict.fromkeys((*case.place.subnets, *(case.place.groups or ())), vpc)
    return validation.run(case.definition, case.place.network, there, there)
