"""What is wanted, as policies: the same kind of thing as what there is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from labs.iam.analysis.answers import Texts, Wanted
from labs.iam.decision import Policies, Policy, PolicyKind
from labs.iam.parse import parse_policy


def _listed(texts: Texts) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def statement_of(wanted: Wanted) -> dict[str, Any]:
    """One wanted access as a statement of a policy."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": _listed(wanted.actions),
        "Resource": _listed(wanted.resources),
    }
    if wanted.condition:
        statement["Condition"] = {
            operator: {key: _listed(values) for key, values in keys.items()}
            for operator, keys in wanted.condition.items()
        }
    return statement


def policy_of(wanted: Sequence[Wanted]) -> Policy:
    """Wanted access as an identity policy. Raises MalformedPolicy when it could not be written as one."""
    document: Mapping[str, Any] = {"Version": "2012-10-17", "Statement": [statement_of(each) for each in wanted]}
    return parse_policy(json.dumps(document), PolicyKind.IDENTITY, "wanted")


def policies_of(wanted: Policies | Sequence[Wanted]) -> Policies:
    """What is wanted, as the identity policies that would give it."""
    if isinstance(wanted, Policies):
        return wanted
    return Policies(identity=(policy_of(wanted),) if wanted else ())
