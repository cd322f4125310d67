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
from labs.iam.sentences import sentence
from labs.iam.statement import Statement

__all__ = [
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
    "Statement",
    "context_keys",
    "evaluate",
    "evaluate_trust",
    "known_actions",
    "lint",
    "parse_policy",
    "sentence",
]
