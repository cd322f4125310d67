"""The one change that fixes a refused call, in words; and the rule that refused it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labs import iam
from labs.iam import DecisionKind, PolicyKind

if TYPE_CHECKING:
    from labs.fargate.questions import AwsCall


def rule_of(decision: iam.Decision, endpoint: iam.Policy | None) -> str:
    """Which rule decided: the statement of a Deny; for an implicit deny the kind of policy that has no Allow."""
    statement = decision.statement
    if statement is not None:
        named = f"statement {statement.sid}" if statement.sid else f"statement {statement.index + 1}"
        return f"{named} of the {statement.kind.value} {statement.policy}".rstrip()
    if decision.policy_kind is PolicyKind.ENDPOINT and endpoint is not None:
        return f"no Allow in the policy of the endpoint {endpoint.name}"
    return f"no Allow in any {decision.policy_kind.value}" if decision.policy_kind else ""


def fix_permission(call: AwsCall, decision: iam.Decision, endpoint: iam.Policy | None) -> str:
    """What to change, where: one policy, one action, one resource."""
    role = call.principal.role_arn.rsplit("/", 1)[-1]
    if decision.kind is DecisionKind.EXPLICIT_DENY:
        return f"Remove or narrow {rule_of(decision, endpoint)}: it denies {call.action} on {call.resource}."
    where = {
        PolicyKind.IDENTITY: f"a policy of the role {role}",
        PolicyKind.ENDPOINT: f"the policy of the endpoint {endpoint.name if endpoint else ''}".rstrip(),
        PolicyKind.BOUNDARY: f"the permissions boundary of the role {role}",
        PolicyKind.RESOURCE: f"the policy of {call.resource}",
        PolicyKind.SCP: "the organization's service control policy",
    }.get(decision.policy_kind or PolicyKind.IDENTITY, "the policy that limits the role")
    return f"Allow {call.action} on {call.resource} in {where}."
