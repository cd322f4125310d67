"""How a step asks: can the task reach a host, may a role make a call. Each answer is a check with its evidence."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labs import iam
from labs.aws_texts import Wording
from labs.fargate.advice import fix_permission, rule_of
from labs.fargate.layer_download import AGENT
from labs.fargate.refusals import REFUSALS
from labs.fargate.route import HostRoute, Router
from labs.fargate.sources import CannotRead, Context, Permissions
from labs.fargate.steps import Check, CheckKind, ContainerEnd, StepVerdict, Stop, StopCode
from labs.fargate.task import TaskSpec
from labs.fargate.texts import TEXTS


@dataclass(frozen=True)
class AwsCall:
    """One API call of a start: who, what, on what, through which route; and what the task says when it is refused."""

    action: str
    resource: str
    text_id: str
    principal: iam.Principal
    route: HostRoute | None = None
    context: Context | None = None
    # "" for the resource's own Region, or the task's where the resource has none.
    region: str = ""
    # Whether a service makes the call for the caller, as Secrets Manager does a decryption.
    forwarded: bool = False
    # GetAuthorizationToken "cannot carry" the keys of the VPC and its endpoint (ECR User Guide, vpc-endpoints).
    knows_endpoint: bool = True


@dataclass(frozen=True)
class Asking:
    """One start being asked about. ``request_id`` is made from the task's id, so that the same start says the same."""

    task: TaskSpec
    router: Router
    permissions: Permissions
    wording: Wording = Wording.NEWER

    def stop(self, text_id: str, values: Mapping[str, str], names: Sequence[str] = ()) -> Stop:
        """The stop a text stands for. ``names``: the containers whose own reason is the text too."""
        text = TEXTS.get(text_id) or REFUSALS[text_id]
        reason = text.render({"request_id": _request_id(self.task.task_id + text_id), **values}, self.wording)
        ends = {name: ContainerEnd(reason=reason) for name in names}
        return Stop(text_id, StopCode.FAILED_TO_START, reason, text.mark, ends)

    def reaches(
        self, host: str, text_id: str, values: Mapping[str, str], names: Sequence[str] = ()
    ) -> tuple[Check, HostRoute]:
        """Whether the task's interface reaches ``host`` on 443, and by which route; a failure stops the task."""
        check, route = self.goes_to(host)
        if check.verdict is StepVerdict.FAILED:
            stop = self.stop(text_id, {**values, "host": host, "dial": route.dial}, names)
            check = replace(check, stop=stop)
        return check, route

    def goes_to(self, host: str, port: int = 443) -> tuple[Check, HostRoute]:
        """The same, for what does not stop a task."""
        about = f"the task reaches {host}:{port}"
        route = self.router.to(host, port)
        path, blocked = route.path, route.path.blocked_at
        verdict = {True: StepVerdict.DONE, False: StepVerdict.FAILED, None: StepVerdict.CANNOT_CHECK}[path.ok]
        fix = rule = ""
        if blocked is not None:
            fix = blocked.fix.words if blocked.fix else f"Look at {blocked.resource}: {blocked.reason}"
            rule = blocked.rule
        elif verdict is StepVerdict.CANNOT_CHECK:
            fix = next((hop.fix.words for hop in path.unchecked if hop.fix), "")
        return Check(CheckKind.NETWORK, verdict, about, route.words, fix, path, rule=rule), route

    def allowed(self, call: AwsCall, values: Mapping[str, str], names: Sequence[str] = ()) -> Check:
        """Whether the call is allowed; a refusal stops the task."""
        check = self.permitted(call)
        if check.verdict is StepVerdict.FAILED:
            check = replace(check, stop=self.stop(call.text_id, {"sentence": check.found, **values}, names))
        return check

    def permitted(self, call: AwsCall) -> Check:
        """The same, for what does not stop a task."""
        role = call.principal.role_arn.rsplit("/", 1)[-1]
        about = f"{role} may call {call.action} on {call.resource}"
        endpoint = call.route.policy if call.route else None
        if call.route is not None and call.route.policy_error:
            return Check(CheckKind.PERMISSION, StepVerdict.CANNOT_CHECK, about, call.route.policy_error)
        context = self._context(call)
        try:
            decision = self.permissions.decide(call.principal, call.action, call.resource, context, endpoint)
        except CannotRead as error:
            return Check(CheckKind.PERMISSION, StepVerdict.CANNOT_CHECK, about, str(error))
        if decision.allowed:
            return Check(CheckKind.PERMISSION, StepVerdict.DONE, about, "allowed", decision=decision)
        said = iam.sentence(iam.Request(call.principal, call.action, call.resource), decision)
        fix, rule = fix_permission(call, decision, endpoint), rule_of(decision, endpoint)
        return Check(CheckKind.PERMISSION, StepVerdict.FAILED, about, said, fix, decision=decision, rule=rule)

    def _context(self, call: AwsCall) -> Context:
        region = call.region or "".join(call.resource.split(":", 5)[3:4]) or self.task.region
        connection = connection_of(region, call.route)
        if not call.knows_endpoint:
            connection = replace(connection, endpoint="", vpc="")
        keys = iam.connection_keys(replace(connection, forwarded=call.forwarded))
        return {**keys, **iam.time_keys(self.permissions.now), **(call.context or {})}


def connection_of(region: str, route: HostRoute | None) -> iam.Connection:
    """How a call of a start comes to AWS: through an endpoint, from a NAT gateway's address, or nobody knows."""
    known = iam.Connection(region, user_agent=AGENT)
    if route is None:
        return known
    return replace(known, source_ip=route.source_ip, endpoint=route.endpoint, vpc=route.vpc)


def _request_id(seed: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16]))
