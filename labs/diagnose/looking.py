"""From a name to a diagnosis: find the case, read the network and the account, survey the start. It only reads."""

from __future__ import annotations

from dataclasses import dataclass

from labs.diagnose.account import AccountLogs, AccountPermissions, AccountRegistry, AccountSecrets, Clients
from labs.diagnose.case import Case, Finder, Place
from labs.diagnose.snapshot import take, vpc_of
from labs.errors import LabError
from labs.fargate.diagnose import Diagnosis, diagnose
from labs.fargate.model import TaskSpec
from labs.fargate.plan import Sources, survey_subnets
from labs.fargate.steps import StartPlan
from labs.network import MalformedSnapshot, Snapshot


@dataclass(frozen=True)
class Where:
    """The account, Region and cluster that are looked at; ``registry`` is the host of the account's own registry."""

    account: str
    region: str
    cluster: str
    registry: str
    place: Place


def look(clients: Clients, where: Where, name: str = "") -> tuple[Case, StartPlan, Diagnosis]:
    """Diagnose one task, service or definition; without a name what most needs it. LabError when there is nothing."""
    finder = Finder(clients, where.cluster, where.place)
    case = finder.find(name) if name else finder.newest()
    if case is None:
        raise LabError(
            f"There is no task and no service in the cluster {where.cluster}.",
            "name a task definition: labs diagnose FAMILY --subnet subnet-... --group sg-...",
        )
    plan = survey(clients, where, case)
    return case, plan, diagnose(plan, case.reason)


def survey(clients: Clients, where: Where, case: Case) -> StartPlan:
    """The start of a case as it would go now, every step asked."""
    ec2 = clients("ec2", "")
    taken = take(ec2, vpc_of(ec2, case.subnets[0]), where.region)
    try:
        snapshot = Snapshot.parse(taken.document)
    except MalformedSnapshot as error:
        raise LabError(f"EC2's answer cannot be read: {error}", "check AWS_ENDPOINT_URL") from error
    sources = Sources(
        snapshot,
        AccountPermissions(clients),
        AccountRegistry(clients),
        AccountSecrets(clients),
        AccountLogs(clients),
    )
    spec = TaskSpec.of(
        case.definition,
        case.network,
        case.overrides,
        account=where.account,
        region=where.region,
        task_id=case.task_id,
        registry_host=where.registry,
        platform_version=case.platform_version,
        exec_enabled=case.exec_enabled,
    )
    return survey_subnets(spec, sources)
