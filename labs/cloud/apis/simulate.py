"""iam:SimulatePrincipalPolicy and iam:SimulateCustomPolicy, answered by the evaluator that decides.

Source: IAM API reference, SimulatePrincipalPolicy, SimulateCustomPolicy, EvaluationResult.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from labs import iam
from labs.cloud.contract import AwsError
from labs.cloud.identities import Identities

OPERATIONS = frozenset({"SimulatePrincipalPolicy", "SimulateCustomPolicy"})
_TYPES = {
    iam.PolicyKind.IDENTITY: "IAM Policy",
    iam.PolicyKind.RESOURCE: "Resource Policy",
    iam.PolicyKind.BOUNDARY: "Permissions Boundary Policy",
}


class Simulator:
    """``call`` answers with the output members of the operation."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def call(self, account: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Raises AwsError for a source that does not exist, no actions, or a malformed policy."""
        actions = _strings(params.get("ActionNames"))
        if not actions:
            raise AwsError(
                "ValidationError",
                "1 validation error detected: Value null at 'actionNames' failed to satisfy constraint: "
                "Member must not be null",
            )
        extra = _policies(params.get("PolicyInputList"), iam.PolicyKind.IDENTITY, "PolicyInputList")
        boundaries = _policies(
            params.get("PermissionsBoundaryPolicyInputList"), iam.PolicyKind.BOUNDARY, "PermissionsBoundary"
        )
        resource = _policies([params.get("ResourcePolicy")], iam.PolicyKind.RESOURCE, "ResourcePolicy")
        if operation == "SimulatePrincipalPolicy":
            principal, held = self._source(account, str(params.get("PolicySourceArn", "")))
            identity: Sequence[iam.Policy] = (*held.identity, *extra)
            boundary = boundaries[0] if boundaries else held.boundary
        else:
            principal = _principal(str(params.get("CallerArn") or f"arn:aws:iam::{account}:user/simulated"), account)
            identity, boundary = extra, boundaries[0] if boundaries else None
        policies = iam.Policies(identity=identity, boundary=boundary, resource=resource[0] if resource else None)
        context = _context(params.get("ContextEntries"))
        owner = str(params.get("ResourceOwner") or "").rsplit(":", 2)
        resource_account = owner[1] if len(owner) == 3 else ""
        results = [
            _result(iam.Request(principal, action, target, context, resource_account), policies)
            for action in actions
            for target in _strings(params.get("ResourceArns")) or ["*"]
        ]
        return _page(results, params)

    def _source(self, account: str, arn: str) -> tuple[iam.Principal, Any]:
        entity = self._identities.by_arn(arn)
        if entity is None:
            raise AwsError("NoSuchEntity", f"The entity {arn[:200]} cannot be found. (simulated wording)", 404)
        return iam.Principal(entity.arn, entity.account, entity.kind), self._identities.held(entity.arn)


def _result(request: iam.Request, policies: iam.Policies) -> dict[str, Any]:
    decision = iam.evaluate(request, policies)
    matched = []
    if decision.statement is not None:
        matched.append(
            {
                "SourcePolicyId": decision.statement.policy,
                "SourcePolicyType": _TYPES.get(decision.statement.kind, "IAM Policy"),
            }
        )
    result: dict[str, Any] = {
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": decision.kind.value,
        "MatchedStatements": matched,
        "MissingContextValues": [],
    }
    if policies.boundary is not None:
        alone = iam.evaluate(request, iam.Policies(identity=(policies.boundary,)))
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": alone.allowed}
    return result


def _page(results: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any]:
    size = params.get("MaxItems") if isinstance(params.get("MaxItems"), int) else 100
    marker = str(params.get("Marker") or "0")
    if not marker.isascii() or not marker.isdigit():
        raise AwsError("InvalidInput", "Invalid Marker. (simulated wording)")
    start = int(marker)
    end = start + max(1, min(int(size or 100), 1000))
    page: dict[str, Any] = {"EvaluationResults": results[start:end], "IsTruncated": end < len(results)}
    if end < len(results):
        page["Marker"] = str(end)
    return page


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _policies(texts: Any, kind: iam.PolicyKind, name: str) -> list[iam.Policy]:
    try:
        return [
            iam.parse_policy(text, kind, f"{name}.{number}")
            for number, text in enumerate(texts or (), 1)
            if isinstance(text, str) and text
        ]
    except iam.MalformedPolicy as error:
        raise AwsError("InvalidInput", str(error)) from error


def _principal(arn: str, account: str) -> iam.Principal:
    kind = iam.PrincipalKind.USER
    if ":assumed-role/" in arn:
        kind = iam.PrincipalKind.ROLE_SESSION
    elif ":role/" in arn:
        kind = iam.PrincipalKind.ROLE
    elif arn.endswith(":root"):
        kind = iam.PrincipalKind.ROOT
    return iam.Principal(arn, account, kind)


def _context(entries: Any) -> dict[str, list[str]]:
    context = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and entry.get("ContextKeyName"):
            context[str(entry["ContextKeyName"])] = _strings(entry.get("ContextKeyValues"))
    return context
