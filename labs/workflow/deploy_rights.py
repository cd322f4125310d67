"""What the roles of a pipeline need, and what they may besides: decided for every request, each answer with one.

Sources: the README of aws-actions/amazon-ecs-deploy-task-definition ("Permissions"); Amazon ECS developer guide,
"Amazon ECS task execution IAM role" (PassRole); IAM User Guide, id_roles_use_passrole (iam:PassedToService).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from labs import iam
from labs.workflow.findings import Weight
from labs.workflow.trust_finding import TrustFinding

PASS_ROLE = "iam:PassRole"
TASKS = "ecs-tasks.amazonaws.com"
_PASSED = {"StringEquals": {"iam:PassedToService": TASKS}}
_README = "README of aws-actions/amazon-ecs-deploy-task-definition, Permissions"
_PASSROLE = "IAM User Guide, Grant a user permissions to pass a role to an AWS service"
_LEAST = "IAM User Guide, Security best practices: least-privilege permissions"


@dataclass(frozen=True)
class Rights:
    """What a role is for. ``needed``: what must be allowed; ``allowed``: what may be besides."""

    role: str
    needed: tuple[iam.Wanted, ...]
    allowed: tuple[iam.Wanted, ...] = ()
    region: str = "us-east-1"
    evidence: str = _README
    now: datetime | None = None

    @property
    def scene(self) -> iam.Scene:
        """The requests in question: this role's, by a session of it."""
        partition, account, name = self.role.split(":")[1], self.role.split(":")[4], self.role.rsplit("/", 1)[-1]
        session = f"arn:{partition}:sts::{account}:assumed-role/{name}/GitHubActions"
        principal = iam.Principal(session, account, iam.PrincipalKind.ROLE_SESSION, self.role)
        return iam.Scene(principal, account, self.region, self.now)


def deploy_rights(
    role: str, service: str, family: str, passed: Sequence[str], now: datetime | None = None, *, tagged: bool = False
) -> Rights:
    """What a role that deploys to one service needs. ``service``: its ARN; ``passed``: the roles of its tasks.

    ``tagged``: its task definitions carry tags, which is another action (ECS developer guide, "Grant permission to tag
    resources on creation"). A task definition may be registered under any family, as the action's README has it, and
    read: nothing runs it by that alone.
    """
    _, partition, _, region, account, _ = service.split(":", 5)
    revisions = f"arn:{partition}:ecs:{region}:{account}:task-definition/{family}:*"
    registering = ("ecs:RegisterTaskDefinition", *(("ecs:TagResource",) if tagged else ()))
    needed = (
        iam.Wanted(registering, revisions),
        iam.Wanted(("ecs:DescribeServices", "ecs:UpdateService"), service),
        iam.Wanted(PASS_ROLE, tuple(passed), condition=_PASSED),
    )
    allowed = iam.Wanted(("ecs:RegisterTaskDefinition", "ecs:DescribeTaskDefinition"))
    return Rights(role, needed, (allowed,), region, now=now)


def judge_rights(own: iam.Policies, rights: Rights) -> tuple[TrustFinding, ...]:
    """What a role's policies, under its boundary, lack and what they give besides; ``()``: exactly right."""
    return (*_missing(own, rights), *_excess(own, rights))


def _missing(own: iam.Policies, rights: Rights) -> Iterator[TrustFinding]:
    lacks = [lack for each in rights.needed for lack in iam.lacking(own, [each], _asking(each, rights))]
    for lack in lacks:
        actions = ", ".join(lack.actions)
        if lack.unclear:
            what = f"Whether the role may {actions} could not be decided: {lack.unclear}."
            yield TrustFinding("rights-not-decided", what, "write it plainly", Weight.UNKNOWN, evidence=rights.evidence)
        elif not lack.certain:
            conditions = " and ".join(str(each) for each in lack.conditions) or "what it is asked for"
            what = f"Whether the role may {actions} on {lack.resource} depends on {conditions}."
            yield TrustFinding(
                "rights-depend", what, "look at that condition", Weight.UNKNOWN, evidence=rights.evidence
            )
        elif lack.denied_by is not None:
            what = f"A Deny keeps the role from {actions} on {lack.resource}."
            next_step = "take that statement out, or narrow it"
            yield TrustFinding("rights-denied", what, next_step, place=lack.denied_by, evidence=rights.evidence)
        else:
            what = f"The role may not {actions} on {lack.resource}, and needs it."
            next_step = f"allow {actions} on {lack.resource}"
            yield TrustFinding("rights-missing", what, next_step, evidence=rights.evidence)


def _asking(wanted: iam.Wanted, rights: Rights) -> iam.Scene:
    """The requests for one thing that is wanted: those with the very keys that it is wanted under."""
    equal = (wanted.condition or {}).get("StringEquals", {})
    return replace(rights.scene, fixed={key: tuple(_listed(values)) for key, values in equal.items()})


def _excess(own: iam.Policies, rights: Rights) -> Iterator[TrustFinding]:
    passed = [resource for each in rights.needed if _passes(each) for resource in _listed(each.resources)]
    roles = [iam.Wanted(PASS_ROLE, passed)] if passed else []
    found = iam.excess(own, [*rights.needed, *rights.allowed, *roles], rights.scene)
    for access in found:
        yield _beyond(access, rights)
    if roles and not found:
        for access in iam.excess(own, [*rights.needed, *rights.allowed], rights.scene):
            what = (
                f"The role may pass {_of(access)} to other services than {TASKS} too, and needs to pass it there alone."
            )
            next_step = f"add StringEquals iam:PassedToService: {TASKS}"
            weight = Weight.ADVICE if access.witness is not None else Weight.UNKNOWN
            yield TrustFinding(
                "rights-pass-to-any", what, next_step, weight, access.place, access.witness, evidence=_PASSROLE
            )


def _passes(wanted: iam.Wanted) -> bool:
    return any(action.lower() == PASS_ROLE.lower() for action in _listed(wanted.actions))


def _of(access: iam.Access) -> str:
    return access.witness.resource if access.witness else "its roles"


def _beyond(access: iam.Access, rights: Rights) -> TrustFinding:
    request = access.witness
    if request is None:
        what = f"Whether {access.place} gives more than is needed could not be decided: {access.unclear}."
        next_step = "write it plainly"
        return TrustFinding("rights-not-decided", what, next_step, Weight.UNKNOWN, access.place, evidence=_LEAST)
    action, resource = request.action, request.resource
    if action.lower() == PASS_ROLE.lower() and access.pattern != "*":
        what = f"The role may pass {resource}, too: whoever deploys can run a task with that role's rights."
        next_step = "name the two roles of the tasks as the Resource of iam:PassRole"
        return TrustFinding(
            "rights-pass-any-role", what, next_step, place=access.place, witness=request, evidence=_PASSROLE
        )
    wanted = {each.lower() for entry in (*rights.needed, *rights.allowed) for each in _listed(entry.actions)}
    if access.pattern == "*":
        id, what = "rights-everything", f"The role may do everything, as {action} on {resource}."
    elif action.lower() in wanted:
        id, what = "rights-other-resource", f"The role may {action} on {resource}, too."
    else:
        more = f" and {access.count - 1} more" if access.count > 1 else ""
        id, what = "rights-excess", f"The role may {action}{more} on {resource}, and does not need it."
    return TrustFinding(id, what, "take it out", place=access.place, witness=request, evidence=_LEAST)


def _listed(texts: str | Sequence[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)
