"""The gate of stage 05 about its two roles: who may take them, what the one may do, that the other may do nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from labs import iam
from labs.fargate.sources import assumption
from labs.iam import Access, PolicyKind, Wanted
from labs.stages.fargate.subject import ServiceSubject
from labs.subjects.policies import in_words, who
from labs.subjects.push.policy_review import PolicyDocument, own_policies
from labs.subjects.push.role_policies import RolePolicies, read_role
from labs.subjects.tasks import service_names
from labs.ui import text
from labs.verdict import Verdict

_SERVICE = "ecs-tasks.amazonaws.com"


def roles(subject: ServiceSubject) -> Verdict | None:
    """Two roles that ECS may take; the one may start the task and nothing else, the other may do nothing."""
    bench, reader = subject.bench, subject.bench.reader("iam")
    names = (service_names.execution_role(bench), service_names.task_role(bench))
    found = []
    for name in names:
        role = read_role(reader, name)
        if role is None:
            return subject.say("service.no_role", name=name)
        fault = _trust(subject, name, role.trust)
        if fault is not None:
            return fault
        found.append(role)
    execution, task = found
    return _execution(subject, names[0], execution) or _nothing(subject, names[1], task)


def _trust(subject: ServiceSubject, name: str, trust: PolicyDocument) -> Verdict | None:
    """ECS may take the role, as it asks now, and nobody else may."""
    target, now = subject.bench.target, datetime.now(UTC)
    arn, policy = target.role_arn(name), trust.parsed(PolicyKind.TRUST)
    if not iam.evaluate_trust(assumption(arn, target.account, target.region, now), policy).allowed:
        return subject.say("service.trust", name=name, service=_SERVICE)
    beyond = who.beyond(policy, arn, [Wanted("sts:AssumeRole", principals={"Service": _SERVICE})], now)
    others = [
        f"{each.witness.action} to {who.in_words(each.witness.principal)}{in_words.keys(each.witness)}"
        for each in beyond
        if each.witness is not None
    ]
    if others:
        return subject.say("service.trust_wide", name=name, service=_SERVICE, others=text.series(others))
    return _unclear(subject, name, beyond)


def _execution(subject: ServiceSubject, name: str, role: RolePolicies) -> Verdict | None:
    fault = subject.review(role).first_fault()
    return None if fault is None else subject.say(f"service.{fault.name}", role=name, **fault.values)


def _nothing(subject: ServiceSubject, name: str, role: RolePolicies) -> Verdict | None:
    """No request of the role is ever allowed."""
    target = subject.bench.target
    scene = iam.Scene(account=target.account, region=target.region, now=datetime.now(UTC))
    allowed = iam.analyse(own_policies(role.documents, role.boundary), scene)
    giving = [each.place.policy for each in allowed if each.witness is not None]
    if giving:
        return subject.say("service.task_role_wide", role=name, policies=text.series(list(dict.fromkeys(giving))))
    return _unclear(subject, name, allowed)


def _unclear(subject: ServiceSubject, name: str, found: Sequence[Access]) -> Verdict | None:
    """What nobody can tell is not right."""
    return next((subject.say("service.cannot_tell", role=name, why=in_words.unclear(each)) for each in found), None)
