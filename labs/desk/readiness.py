"""Whether an AWS account is ready for the course: what ``labs doctor`` says with ``LAB_TARGET=aws``. It only reads.

Quota codes as Service Quotas lists them. Permissions are simulated by IAM, which knows nothing of a session policy.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from labs.engine.base import PUBLIC_IMAGE
from labs.engine.doctor import DoctorLine, DoctorStatus
from labs.engine.embedded.registry_client import is_local
from labs.errors import LabError
from labs.failures import RAISED, code_of, explain
from labs.ledger import kinds
from labs.ledger.lab_account import TargetName
from labs.lesson.stage import stages
from labs.session.target import Target
from labs.subjects.vpc.reading import INTERFACES
from labs.subjects.vpc.zones import usable_zones

# What is not looked at where nobody can be asked.
LOOKED_AT = "Region, permissions, quotas, ECS's service-linked role, zones, the base image's registry, the clock"
# Beside what the kinds' own calls need: the tags of what is made, and the roles that are taken on and handed over.
_BESIDE = (
    "ec2:CreateTags", "ecr:TagResource", "ecs:TagResource", "iam:PassRole", "iam:TagRole", "logs:PutRetentionPolicy",
    "logs:TagResource", "ssm:AddTagsToResource", "sts:AssumeRole", "ecr:GetAuthorizationToken",
)  # fmt: skip
# Only a wrong answer makes them: the course can be passed without.
_ONLY_WRONG = ("nat gateway", "address", "internet gateway", "network acl", "network interface", "creation template")
_AT_ONCE = 50
# A signature whose time is further away is refused (SigV4: five minutes).
_SKEW_FIX_S, _SKEW_NOTE_S = 300.0, 60.0
_ANSWER_S = 5.0


@dataclass(frozen=True)
class Quota:
    """One quota: how Service Quotas names it, what the course needs of it, and how what is used is counted."""

    name: str
    service: str
    code: str
    need: float
    used: Callable[[Any], int]


def _count(method: str, key: str, **more: Any) -> Callable[[Any], int]:
    def used(ec2: Any) -> int:
        pages = ec2.get_paginator(method).paginate(**more)
        return sum(len(page[key]) for page in pages)

    return used


_GATEWAYS = [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]
QUOTAS = (
    Quota("VPCs per Region", "vpc", "L-F678F1CE", 1, _count("describe_vpcs", "Vpcs")),
    Quota(
        "Gateway VPC endpoints per Region", "vpc", "L-1B52E74A", 1,
        _count("describe_vpc_endpoints", "VpcEndpoints", Filters=_GATEWAYS),
    ),
    Quota("Interface VPC endpoints per VPC", "vpc", "L-29B6F2EB", len(INTERFACES), lambda _ec2: 0),
    Quota(
        "Network interfaces per Region", "vpc", "L-DF5E4CA3", 12,
        _count("describe_network_interfaces", "NetworkInterfaces"),
    ),
    Quota("Fargate On-Demand vCPU resource count", "fargate", "L-3032A538", 1, lambda _ec2: 0),
)  # fmt: skip


def examine(target: Target, env: Mapping[str, str]) -> list[DoctorLine]:
    """A line for each thing that the course needs of the account."""
    ec2, iam = target.client("ec2"), target.client("iam")
    return [
        DoctorLine("AWS account", DoctorStatus.OK, f"{target.account}, as {target.identity}, in {target.region}"),
        _looked("confirmed", lambda: _confirmed(target)),
        *_permissions(target, iam),
        *(_looked(f"quota: {each.name}", partial(_quota, target, ec2, each)) for each in QUOTAS),
        _looked("ECS's role", lambda: _linked_role(iam)),
        _looked("zones", lambda: _zones(target, ec2)),
        _looked("base image", lambda: base_image(env.get("LAB_PYTHON_IMAGE") or PUBLIC_IMAGE)),
        _looked("clock", lambda: _clock(target)),
        *proxy(env),
    ]


def not_looked_at(name: TargetName, error: LabError | None = None) -> list[DoctorLine]:
    """What stands in place of ``examine`` where there is no account."""
    if name is TargetName.LOCAL:
        remedy = "LAB_TARGET=aws labs doctor looks at your account"
        return [DoctorLine("AWS account", DoctorStatus.NOTE, f"not looked at: {LOOKED_AT}", remedy)]
    found = f"{error.what if error else 'nobody answers'} Not looked at: {LOOKED_AT}"
    return [DoctorLine("AWS account", DoctorStatus.FIX, found, error.next_step if error else "try again", True)]


def _looked(what: str, look: Callable[[], DoctorLine]) -> DoctorLine:
    """The line, or that it could not be looked at and why."""
    try:
        return look()
    except RAISED as error:
        said = explain(error, "looking at it")
        return DoctorLine(what, DoctorStatus.NOTE, f"not looked at: {said.what}", said.next_step)
    except LabError as error:
        return DoctorLine(what, DoctorStatus.FIX, error.what, error.next_step)


def _confirmed(target: Target) -> DoctorLine:
    if target.confirmed:
        return DoctorLine("confirmed", DoctorStatus.OK, f"the lab may create in account {target.account}")
    return DoctorLine(
        "confirmed",
        DoctorStatus.NOTE,
        "nothing is created in this account yet",
        f"if it is the right one: labs confirm {target.account}",
    )


def needed() -> dict[str, str]:
    """Each action that the course, its checks and the clean-up need, with what it is for."""
    found = dict.fromkeys(_BESIDE, "the course")
    for kind in kinds.known():
        optional = any(each in kind.name for each in _ONLY_WRONG)
        for call in (*kind.creates, *kind.deletes):
            found[f"{kind.service}:{call}"] = "wrong answers" if optional else "the course"
    for stage in stages():
        statements = json.loads(stage.policy("check"))["Statement"]
        for action in (action for each in statements for action in _listed(each["Action"]) if "*" not in action):
            found.setdefault(action, "the checks")
    return found


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _permissions(target: Target, iam: Any) -> Iterator[DoctorLine]:
    wanted = needed()
    try:
        refused = _refused(target, iam, wanted)
    except RAISED as error:
        said = explain(error, "simulating them (iam:SimulatePrincipalPolicy)")
        step = "ask whoever made the account for iam:SimulatePrincipalPolicy, or begin: a refusal names its action"
        yield DoctorLine("permissions", DoctorStatus.NOTE, f"not looked at: {said.what}", step)
        return
    yield permissions(refused, wanted)


def permissions(refused: Iterable[str], wanted: Mapping[str, str]) -> DoctorLine:
    """The line for the actions that the identity may not do."""
    names = sorted(refused)
    optional = [each for each in names if wanted[each] == "wrong answers"]
    missing = [each for each in names if each not in optional]
    if missing:
        return DoctorLine(
            "permissions", DoctorStatus.FIX, f"not allowed: {', '.join(missing)}", "ask for these actions"
        )
    if optional:
        return DoctorLine(
            "permissions",
            DoctorStatus.NOTE,
            f"not allowed: {', '.join(optional)}; only wrong answers need them",
            "leave it so, or ask for them to try those answers",
        )
    return DoctorLine("permissions", DoctorStatus.OK, f"all {len(wanted)} actions are allowed, as IAM simulates them")


def _refused(target: Target, iam: Any, wanted: Iterable[str]) -> list[str]:
    source, actions = _source(target, iam), sorted(wanted)
    if not source:
        return []  # the root user: no policy refuses it
    found = []
    for start in range(0, len(actions), _AT_ONCE):
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=source, ActionNames=actions[start : start + _AT_ONCE]
        )
        results = [each for page in pages for each in page["EvaluationResults"]]
        found += [each["EvalActionName"] for each in results if each["EvalDecision"] != "allowed"]
    return found


def _source(target: Target, iam: Any) -> str:
    """Whose policies are simulated: the user, or the role behind a session, with its path."""
    _, partition, _, _, account, resource = target.identity.split(":", 5)
    kind, _, rest = resource.partition("/")
    if kind == "assumed-role":
        return str(iam.get_role(RoleName=rest.split("/")[0])["Role"]["Arn"])
    return "" if kind == "root" else f"arn:{partition}:iam::{account}:{resource}"


def _quota(target: Target, ec2: Any, quota: Quota) -> DoctorLine:
    answer = target.client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    return room(quota.name, float(answer["Quota"]["Value"]), quota.used(ec2), quota.need)


def room(name: str, limit: float, used: float, need: float) -> DoctorLine:
    """The line for a quota: whether what is left is enough for one trainee."""
    found = f"{used:g} of {limit:g} used; one trainee needs {need:g}"
    if limit - used >= need:
        return DoctorLine(f"quota: {name}", DoctorStatus.OK, found)
    remedy = "ask for more in Service Quotas (that may take days), remove what is not used, or set AWS_REGION"
    return DoctorLine(f"quota: {name}", DoctorStatus.FIX, found, remedy)


def _linked_role(iam: Any) -> DoctorLine:
    name = "AWSServiceRoleForECS"
    try:
        iam.get_role(RoleName=name)
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return DoctorLine(
            "ECS's role",
            DoctorStatus.NOTE,
            f"{name} is not there yet; the first cluster makes it",
            "or make it now: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
        )
    return DoctorLine("ECS's role", DoctorStatus.OK, f"{name} is there")


def _zones(target: Target, ec2: Any) -> DoctorLine:
    found = usable_zones(ec2, [f"com.amazonaws.{target.region}.{each}" for each in INTERFACES])
    return DoctorLine("zones", DoctorStatus.OK, f"Fargate and the endpoint services are in {', '.join(found)}")


def base_image(image: str) -> DoctorLine:
    """Whether the registry of the base image answers; any answer will do."""
    host = image.partition("/")[0]
    url = f"{'http' if is_local(host) else 'https'}://{host}/v2/"
    try:
        urllib.request.urlopen(url, timeout=_ANSWER_S).close()
    except urllib.error.HTTPError:
        pass
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        return DoctorLine(
            "base image",
            DoctorStatus.FIX,
            f"{host} does not answer: {why}",
            "check the network, or set LAB_PYTHON_IMAGE to an image that can be reached",
        )
    return DoctorLine("base image", DoctorStatus.OK, f"{host} answers")


def _clock(target: Target) -> DoctorLine:
    answer = target.client("sts").get_caller_identity()
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    if not said:
        return DoctorLine("clock", DoctorStatus.OK, "AWS takes this machine's signatures")
    return clock((datetime.now(UTC) - parsedate_to_datetime(said)).total_seconds())


def clock(ahead_s: float) -> DoctorLine:
    """The line for a clock that is so many seconds ahead of AWS's."""
    off = abs(ahead_s)
    found = f"{off:.0f} s {'ahead of' if ahead_s > 0 else 'behind'} AWS"
    if off < _SKEW_NOTE_S:
        return DoctorLine("clock", DoctorStatus.OK, found)
    status = DoctorStatus.FIX if off >= _SKEW_FIX_S else DoctorStatus.NOTE
    return DoctorLine("clock", status, f"{found}; beyond five minutes it refuses", "set the clock by the network")


def proxy(env: Mapping[str, str]) -> list[DoctorLine]:
    """A line where requests go through a proxy: AWS has answered through it."""
    named = [name for name in ("HTTPS_PROXY", "https_proxy") if env.get(name)]
    return [DoctorLine("proxy", DoctorStatus.OK, f"AWS answers through {' and '.join(named)}")] if named else []
