"""AWS's decision: explicit denies first, then what must allow, in the documented order.

Source: IAM User Guide, reference_policies_evaluation-logic ("Determining whether a request is allowed or denied within
an account"), reference_policies_evaluation-logic-cross-account ("the request is allowed only if both evaluations return
a decision of Allow"), access_policies_boundaries; Amazon VPC guide, vpc-endpoints-access.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from labs.iam.control_policies import rcps_bind, scps_bind
from labs.iam.decision import (
    Decision,
    DecisionKind,
    MatchedStatement,
    Policies,
    Policy,
    PolicyKind,
    PrincipalKind,
    Request,
)
from labs.iam.principals import Grant
from labs.iam.sentences import explicit_deny, implicit_deny
from labs.iam.statement import Asked, Statement

Found = tuple[Policy, Statement]

# These belong to no account.
_OUTSIDE = (PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS)


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide one request. Never raises; the same policies in another order give the same ``allowed``."""
    asked = Asked(request)
    principal = request.principal
    denied = _first_deny(asked, policies)
    if denied is not None:
        kind = denied[0].kind
        words = explicit_deny(kind, denied[0].arn)
        return Decision(False, DecisionKind.EXPLICIT_DENY, _matched(denied), words, kind)
    if policies.rcps and rcps_bind(request) and not _every_level_allows(policies.rcps, asked):
        return _implicit(PolicyKind.RCP, request.action)
    if policies.scps and scps_bind(principal) and not _every_level_allows(policies.scps, asked):
        return _implicit(PolicyKind.SCP, request.action)
    if policies.endpoint is not None and _grant(policies.endpoint, asked)[0] is Grant.NONE:
        return _implicit(PolicyKind.ENDPOINT, request.action)
    if request.resource_account and principal.account and request.resource_account != principal.account:
        return _across_accounts(asked, policies)
    return _within_account(asked, policies)


def evaluate_trust(request: Request, trust: Policy, policies: Policies | None = None) -> Decision:
    """Decide ``sts:AssumeRole`` and its like on a role: the trust policy must allow the caller.

    In one account a trust policy that names the caller (or everyone) is enough; one that names the account leaves it to
    the caller's own ``policies``. Across accounts both must allow. ``request.resource`` is the role's ARN.
    """
    own = policies or Policies()
    return evaluate(request, Policies(own.identity, trust, own.boundary, own.session, own.scps, own.endpoint, own.rcps))


def _within_account(asked: Asked, policies: Policies) -> Decision:
    request, principal = asked.request, asked.principal
    grant, by = (Grant.NONE, None) if policies.resource is None else _grant(policies.resource, asked)
    if grant is Grant.DIRECT:
        return _allowed(by)
    if policies.resource is not None and grant is Grant.NONE and _must_name_principal(policies.resource, asked):
        return _implicit(policies.resource.kind, request.action)
    if principal.kind in _OUTSIDE or (principal.kind is PrincipalKind.FEDERATED and not principal.is_federated_user):
        return _implicit(PolicyKind.RESOURCE if policies.resource is None else policies.resource.kind, request.action)
    if grant is Grant.IDENTITY:
        return _limit(asked, policies) or _allowed(by)
    return _of_identity(asked, policies)


def _across_accounts(asked: Asked, policies: Policies) -> Decision:
    own = _of_identity(asked, policies)
    if not own.allowed:
        return own
    if policies.resource is None:
        return _implicit(PolicyKind.RESOURCE, asked.request.action)
    grant, by = _grant(policies.resource, asked)
    return _implicit(policies.resource.kind, asked.request.action) if grant is Grant.NONE else _allowed(by)


def _of_identity(asked: Asked, policies: Policies) -> Decision:
    """What the principal's own side allows: identity policies, limited by boundary and session policies."""
    if asked.principal.kind is PrincipalKind.ROOT:
        # "All requests are implicitly denied with the exception of the account root user, which has full access".
        return _limit(asked, policies) or _allowed(None)
    allow = _allow(policies.identity, asked)
    if allow is None:
        return _implicit(PolicyKind.IDENTITY, asked.request.action)
    return _limit(asked, policies) or _allowed(allow)


def _limit(asked: Asked, policies: Policies) -> Decision | None:
    """The refusal of the permissions boundary or the session policies, None when they let the request pass."""
    if policies.boundary is not None and _allow((policies.boundary,), asked) is None:
        return _implicit(PolicyKind.BOUNDARY, asked.request.action)
    # A GetFederationToken session without a policy has none of its user's permissions.
    limited = policies.session or asked.principal.is_federated_user
    if limited and _allow(policies.session, asked) is None:
        return _implicit(PolicyKind.SESSION, asked.request.action)
    return None


def _must_name_principal(policy: Policy, asked: Asked) -> bool:
    """Trust policies and KMS key policies "must explicitly allow access for principals"."""
    return policy.kind is PolicyKind.TRUST or asked.action.startswith("kms:")


def _first_deny(asked: Asked, policies: Policies) -> Found | None:
    principal = asked.principal
    bounded = policies.boundary is not None
    groups: Iterable[Sequence[Policy | None]] = (
        *(policies.scps if policies.scps and scps_bind(principal) else ()),
        *(policies.rcps if policies.rcps and rcps_bind(asked.request) else ()),
        (policies.endpoint, policies.resource),
        policies.identity,
        (policies.boundary,),
        policies.session,
    )
    for group in groups:
        for policy in group:
            if policy is None or not policy.denies:
                continue
            for statement in policy.denies:
                if statement.applies(asked) and statement.grant(principal, bounded) is not Grant.NONE:
                    return policy, statement
    return None


def _every_level_allows(levels: Sequence[Sequence[Policy]], asked: Asked) -> bool:
    """Whether there is "an explicit Allow statement at every level from the root through each OU in the direct path".

    AWS Organizations user guide, "SCP evaluation".
    """
    return all(_allow(level, asked) is not None for level in levels)


def _allow(policies: Sequence[Policy], asked: Asked) -> Found | None:
    """The first statement that allows, in policies that have no Principal."""
    for policy in policies:
        for statement in policy.allows:
            if statement.applies(asked):
                return policy, statement
    return None


def _grant(policy: Policy, asked: Asked) -> tuple[Grant, Found | None]:
    """The most direct grant among the policy's Allow statements that apply."""
    best, by = Grant.NONE, None
    for statement in policy.allows:
        grant = statement.grant(asked.principal)
        if grant > best and statement.applies(asked):
            best, by = grant, (policy, statement)
    return best, by


def _matched(found: Found) -> MatchedStatement:
    policy, statement = found
    return MatchedStatement(policy.name, policy.kind, statement.sid, statement.index, statement)


def _allowed(found: Found | None) -> Decision:
    if found is None:
        return Decision(True, DecisionKind.ALLOW, None, "")
    return Decision(True, DecisionKind.ALLOW, _matched(found), "", found[0].kind)


@lru_cache(maxsize=4096)
def _implicit(kind: PolicyKind, action: str) -> Decision:
    return Decision(False, DecisionKind.IMPLICIT_DENY, None, implicit_deny(kind, action), kind)
