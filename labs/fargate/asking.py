"""How a step asks: can the task reach a host, may a role make a call. Each answer is a check with its evidence."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labs import iam
from labs.fargate.advice import mend_permission, rule_of
from labs.fargate.model import TaskSpec
from labs.fargate.refusals import REFUSALS
from labs.fargate.route import Route, Router
from labs.fargate.sources import CannotRead, Context, Permissions
from labs.fargate.steps import Check, CheckKind, ContainerEnd, StepVerdict, Stop
from labs.fargate.texts import TEXTS, StopCode, Wording


@dataclass(frozen=True)
class Call:
    """One API call of a start: who, what, on what, through which route; and what the task says when it is refused."""

    action: str
    resource: str
    text_id: str
    principal: iam.Principal
    route: Route | None = None
    context: Context | None = None
    # GetAuthorizationToken "cannot carry" the keys of the VPC and its endpoint (ECR User Guide, vpc-endpoints).
    knows_endpoint: bool = True


@dataclass(frozen=True)
class Asking:
    """One start being asked about. ``request_id`` is made from the task's id, so that the same start says the same."""

    task: TaskSpec
    router: Router
    permissions: Permissions
    wording: Wording = Wording.NEWER

    def stop(
        self,
        text_id: str,
        values: Mapping[str, str],
        code: StopCode = StopCode.FAILED_TO_START,
        containers: Mapping[str, ContainerEnd] | None = None,
    ) -> Stop:
        """The stop a text stands for."""
        text = TEXTS.get(text_id) or REFUSALS[text_id]
        reason = text.render({"request_id": _request_id(self.task.task_id + text_id), **values}, self.wording)
        return Stop(text_id, code, reason, text.mark, containers or {})

    def reaches(self, host: str, stop: Callable[[Route], Stop]) -> tuple[Check, Route]:
        """Whether the task's interface reaches ``host`` on 443, and by which route."""
        about = f"the task reaches {host}:443"
        route = self.router.to(host)
        path = route.path
        if path.ok:
            return Check(CheckKind.NETWORK, StepVerdict.DONE, about, route.words, path=path), route
        blocked = path.blocked_at
        found, mend, rule = route.words, "", ""
        if blocked is not None:
            mend, rule = blocked.mend, blocked.rule
        verdict = StepVerdict.CANNOT_CHECK if path.ok is None else StepVerdict.FAILED
        stopped = None if path.ok is None else stop(route)
        return Check(CheckKind.NETWORK, verdict, about, found, mend, path, stop=stopped, rule=rule), route

    def allowed(self, call: Call, values: Mapping[str, str], containers: tuple[str, ...] = ()) -> Check:
        """Whether the call is allowed. ``containers``: those whose own reason is the text too."""
        role = call.principal.role_arn.rsplit("/", 1)[-1]
        about = f"{role} may call {call.action} on {call.resource}"
        endpoint = call.route.policy if call.route else None
        try:
            if call.route is not None and call.route.policy_error:
                raise CannotRead(call.route.policy_error)
            context = self._context(call)
            decision = self.permissions.decide(call.principal, call.action, call.resource, context, endpoint)
        except CannotRead as error:
            return Check(CheckKind.PERMISSION, StepVerdict.CANNOT_CHECK, about, str(error))
        if decision.allowed:
            return Check(CheckKind.PERMISSION, StepVerdict.DONE, about, "allowed", decision=decision)
        request = iam.Request(call.principal, call.action, call.resource)
        said = iam.sentence(request, decision)
        stop = self.stop(call.text_id, {"sentence": said, **values})
        ends = {name: ContainerEnd(reason=stop.reason) for name in containers}
        stop = Stop(stop.text_id, stop.code, stop.reason, stop.mark, ends)
        mend = mend_permission(call, decision, endpoint)
        rule = rule_of(decision, endpoint)
        return Check(CheckKind.PERMISSION, StepVerdict.FAILED, about, said, mend, None, decision, stop, rule)

    def _context(self, call: Call) -> Context:
        context: dict[str, iam.model.ContextValue] = {"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}
        context["aws:RequestedRegion"] = self.task.region
        if call.route is not None and call.route.endpoint and call.knows_endpoint:
            context["aws:SourceVpce"] = call.route.endpoint
            context["aws:SourceVpc"] = call.route.vpc
        return {**context, **(call.context or {})}


def _request_id(seed: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16]))
