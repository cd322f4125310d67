"""IAM's simulators, answered by the evaluator that decides, and the lists of context keys to give them.

Source: IAM API reference, SimulatePrincipalPolicy, SimulateCustomPolicy, EvaluationResult,
GetContextKeysForPrincipalPolicy; answers of the field for the ids of policies and the places of statements.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from labs import iam
from labs.cloud.apis.documents import explained
from labs.cloud.apis.sts_errors import refused
from labs.cloud.authorisation import resource_templates
from labs.cloud.contract import AwsError
from labs.cloud.identity.identities import Held, Identities
from labs.cloud.protocols.paging import PageForm, Pages
from labs.iam.positions import line_and_column, statement_span

_KEYS = {"GetContextKeysForCustomPolicy", "GetContextKeysForPrincipalPolicy"}
OPERATIONS = frozenset({"SimulatePrincipalPolicy", "SimulateCustomPolicy", *_KEYS})
_TYPES = {
    iam.PolicyKind.IDENTITY: "IAM Policy",
    iam.PolicyKind.RESOURCE: "Resource Policy",
    iam.PolicyKind.BOUNDARY: "Permissions Boundary Policy",
}
_PLACE = re.compile(r"\\\$\\\{\w+\\\}")
_PAGE_FORM = PageForm(
    "iam",
    bad_token=lambda: AwsError("InvalidInput", "Invalid Marker. (simulated wording)"),
    token_member="Marker",
    size_member="MaxItems",
)
# Decisions in one page, and resources in one call: what is answered within a second or two.
_DECISIONS, _RESOURCES = 5_000, 5_000
# Keys that every simulated request has of itself.
_GIVEN = {
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principaltype",
    "aws:resourceaccount",
}


@dataclass(frozen=True)
class _Simulation:
    """What every action and resource of one call is judged with."""

    principal: iam.Principal
    policies: iam.Policies
    sources: tuple[str, ...]
    context: Mapping[str, list[str]]
    resource_account: str

    def judge(self, action: str, resource: str) -> tuple[iam.Decision, dict[str, Any]]:
        """The decision, and the members that it has in common wherever it stands in the answer."""
        request = iam.Request(self.principal, action, resource, self.context, self.resource_account)
        decision = iam.evaluate(request, self.policies)
        members: dict[str, Any] = {
            "MatchedStatements": [self._matched(decision.statement)] if decision.statement is not None else [],
            "MissingContextValues": self._missing(),
        }
        if self.policies.boundary is not None:
            alone = iam.evaluate(request, iam.Policies(identity=(self.policies.boundary,)))
            members["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": alone.allowed}
        return decision, members

    def _matched(self, matched: iam.MatchedStatement) -> dict[str, Any]:
        found: dict[str, Any] = {
            "SourcePolicyId": matched.policy,
            "SourcePolicyType": _TYPES.get(matched.kind, "IAM Policy"),
        }
        policies = [*self.policies.identity, *filter(None, (self.policies.resource, self.policies.boundary))]
        for policy, source in zip_longest(policies, self.sources):
            if policy is None or not any(statement is matched.statement for statement in policy.statements):
                continue
            found["SourcePolicyId"] = source or policy.name
            if policy.text:
                places = [line_and_column(policy.text, at) for at in statement_span(policy.text, matched.index)]
                found["StartPosition"], found["EndPosition"] = ({"Line": at[0], "Column": at[1]} for at in places)
            break
        return found

    def _missing(self) -> list[str]:
        """Keys that the policies look at and nobody gave."""
        given = {*_GIVEN, *(key.lower() for key in self.context)}
        if self.principal.kind is iam.PrincipalKind.USER:
            given.add("aws:username")
        policies = [*self.policies.identity, *filter(None, (self.policies.resource, self.policies.boundary))]
        wanted = {key.lower(): key for policy in policies for key in iam.context_keys(policy)}
        return [key for folded, key in wanted.items() if folded not in given]


class Simulator:
    """``call`` answers with the output members of the operation."""

    def __init__(self, identities: Identities, pages: Pages) -> None:
        self._identities = identities
        self._pages = pages

    def call(self, account: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Raises AwsError for a source that does not exist, no actions, or a malformed policy."""
        extra = _policies(params.get("PolicyInputList"), iam.PolicyKind.IDENTITY, "PolicyInputList")
        principal, held = self._caller(account, operation, params)
        if operation in _KEYS:
            keys = {key.lower(): key for policy in (*held.identity, *extra) for key in iam.context_keys(policy)}
            return {"ContextKeyNames": sorted(keys.values())}
        actions = _strings(params.get("ActionNames"))
        if not actions:
            raise AwsError(
                "ValidationError",
                "1 validation error detected: Value null at 'actionNames' failed to satisfy constraint: "
                "Member must not be null",
            )
        boundaries = _policies(
            params.get("PermissionsBoundaryPolicyInputList"), iam.PolicyKind.BOUNDARY, "PermissionsBoundary"
        )
        resource = _policies([params.get("ResourcePolicy")], iam.PolicyKind.RESOURCE, "ResourcePolicy")
        owner = str(params.get("ResourceOwner") or "").rsplit(":", 2)
        simulation = _Simulation(
            principal=principal,
            policies=iam.Policies(
                identity=(*held.identity, *extra),
                boundary=boundaries[0] if boundaries else held.boundary,
                resource=resource[0] if resource else None,
            ),
            sources=held.sources,
            context=_context(params.get("ContextEntries")),
            resource_account=owner[1] if len(owner) == 3 else "",
        )
        arns = _strings(params.get("ResourceArns"))
        _check_sizes(actions, arns)
        return self._page(operation, simulation, actions, [] if arns == ["*"] else arns, params)

    def _page(
        self, operation: str, simulation: _Simulation, actions: list[str], arns: list[str], params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One page: the results are in the order of the call's actions, so a place is a number.

        "IAM might return fewer than the MaxItems number of results, even when there are more" (IAM API reference): a
        page ends after so many decisions, for all of them at once would take minutes.
        """
        size = params.get("MaxItems") if isinstance(params.get("MaxItems"), int) else 100
        [start] = self._pages.place(_PAGE_FORM, operation, params) or [0]
        most = min(max(1, min(int(size or 100), 1000)), max(1, _DECISIONS // max(1, len(arns))))
        end = start + most
        results = [_result(simulation, action, arns) for action in actions[start:end]]
        page: dict[str, Any] = {"EvaluationResults": results, "IsTruncated": end < len(actions)}
        if end < len(actions):
            page["Marker"] = self._pages.token(_PAGE_FORM, operation, params, [end])
        return page

    def _caller(self, account: str, operation: str, params: Mapping[str, Any]) -> tuple[iam.Principal, Held]:
        """Whom the call is about, and what is attached to it: nothing for a custom policy."""
        caller = str(params.get("CallerArn") or "")
        if operation in ("SimulateCustomPolicy", "GetContextKeysForCustomPolicy"):
            return _principal(caller or f"arn:aws:iam::{account}:user/simulated", account), Held()
        arn = str(params.get("PolicySourceArn", ""))
        entity = self._identities.by_arn(arn)
        if entity is None:
            raise AwsError("NoSuchEntity", f"The entity {arn[:200]} cannot be found. (simulated wording)", 404)
        source = iam.Principal(entity.arn, entity.account, entity.kind)
        return _principal(caller, account) if caller else source, self._identities.held(entity.arn)


def _check_sizes(actions: list[str], arns: list[str]) -> None:
    """The lengths that the API reference documents; of how many resources a call may name it says nothing."""
    if any(not 3 <= len(action) <= 128 for action in actions):
        raise refused("simulate.action")
    if any(not 1 <= len(arn) <= 2048 for arn in arns):
        raise refused("simulate.resource")
    if len(arns) > _RESOURCES:
        raise refused("simulate.resources", most=_RESOURCES)


def _result(simulation: _Simulation, action: str, arns: Sequence[str]) -> dict[str, Any]:
    """One action: on "*", or on each of some resources, with the whole in front."""
    if not arns:
        decision, members = simulation.judge(action, "*")
        return {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": decision.kind.value, **members}
    judged = [(arn, *simulation.judge(action, arn)) for arn in arns]
    first = judged[0]
    kinds = {decision.kind for _, decision, _ in judged}
    ordered = (iam.DecisionKind.EXPLICIT_DENY, iam.DecisionKind.ALLOW, iam.DecisionKind.IMPLICIT_DENY)
    whole = next(kind for kind in ordered if kind in kinds)
    return {
        "EvalActionName": action,
        # "This is not a specific customer-provided resource ARN."
        "EvalResourceName": _template(action, first[0]),
        "EvalDecision": whole.value,
        "MatchedStatements": first[2]["MatchedStatements"] if len(judged) == 1 else [],
        "MissingContextValues": [],
        "ResourceSpecificResults": [
            {"EvalResourceName": arn, "EvalResourceDecision": decision.kind.value, **members}
            for arn, decision, members in judged
        ],
    }


def _template(action: str, arn: str) -> str:
    """The form of ARN that the resource has among those of the action; "*" where none fits."""
    for form in resource_templates(action):
        if re.fullmatch(_PLACE.sub("[^ ]*", re.escape(form)), arn):
            return form
    return "*"


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
        raise AwsError("InvalidInput", explained(error)) from error


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
