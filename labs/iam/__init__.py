"""AWS's policy decisions, as pure functions over plain data: ``parse_policy``, ``evaluate``, ``sentence``, ``lint``.

Source of the rules: the IAM User Guide; each module names its page.
"""

from labs.iam.actions import known_actions
from labs.iam.context_keys import context_keys
from labs.iam.decision import (
    Decision,
    DecisionKind,
    Effect,
    MatchedStatement,
    Policies,
    Policy,
    PolicyKind,
    Principal,
    PrincipalKind,
    Request,
)
from labs.iam.evaluate import evaluate, evaluate_trust
from labs.iam.lint import LintCode, LintFinding, lint
from labs.iam.parse import MalformedPolicy, PolicyTooLong, parse_policy
from labs.iam.request_context import (
    Connection,
    Session,
    connection_keys,
    principal_keys,
    request_context,
    requested_region,
    time_keys,
)
from labs.iam.sentences import sentence
from labs.iam.statement import Statement

__all__ = [
    "Connection",
    "Decision",
    "DecisionKind",
    "Effect",
    "LintCode",
    "LintFinding",
    "MalformedPolicy",
    "MatchedStatement",
    "Policies",
    "Policy",
    "PolicyKind",
    "PolicyTooLong",
    "Principal",
    "PrincipalKind",
    "Request",
    "Session",
    "Statement",
    "connection_keys",
    "context_keys",
    "evaluate",
    "evaluate_trust",
    "known_actions",
    "lint",
    "parse_policy",
    "principal_keys",
    "request_context",
    "requested_region",
    "sentence",
    "time_keys",
]
