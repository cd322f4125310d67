"""What is wanted, as policies: the same kind of thing as what there is."""

import json
from collections.abc import Sequence
from typing import Any

from labs.iam.analysis.answers import Texts, Wanted
from labs.iam.decision import Policies, Policy, PolicyKind
from labs.iam.parse import parse_policy


def _listed(texts: Texts) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def statement_of(wanted: Wanted, kind: PolicyKind) -> dict[str, Any]:
    """One wanted access as a statement of a policy of some kind."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": _listed(wanted.actions)}
    if kind is not PolicyKind.TRUST:
        statement["Resource"] = _listed(wanted.resources)
    if kind is not PolicyKind.IDENTITY:
        statement["Principal"] = wanted.principals or "*"
    if wanted.condition:
        statement["Condition"] = {
            operator: {key: _listed(values) for key, values in keys.items()}
            for operator, keys in wanted.condition.items()
        }
    return statement


def policy_of(wanted: Sequence[Wanted], kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    """Wanted access as a policy. Raises MalformedPolicy when it could not be written as one."""
    if not wanted:
        return Policy(kind, "wanted", "2012-10-17", ())
    statements = [statement_of(each, kind) for each in wanted]
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": statements}), kind, "wanted")


def policies_of(wanted: Policies | Sequence[Wanted], like: Policies) -> Policies:
    """What is wanted, as the policy that would give it: a resource's or an endpoint's where ``like`` is that alone."""
    if isinstance(wanted, Policies):
        return wanted
    if like.identity or not (like.resource or like.endpoint):
        return Policies(identity=(policy_of(wanted),) if wanted else ())
    if like.endpoint is not None:
        return Policies(endpoint=policy_of(wanted, PolicyKind.ENDPOINT))
    return Policies(resource=policy_of(wanted, like.resource.kind if like.resource else PolicyKind.RESOURCE))
