"""AWS's policy decisions, as pure functions over plain data: ``parse_policy``, ``evaluate``, ``sentence``, ``lint``.

``analyse``, ``excess`` and ``lacking`` tell what policies may ever allow; they are loaded at first use, since most that
starts the lab never asks. Source: the IAM User Guide; each module names its page.
"""

import importlib
from typing import TYPE_CHECKING, Any

from labs.iam.actions import known_actions
from labs.iam.characters import differs, quoted, visible
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
from labs.iam.findings import LintCode, LintFinding
from labs.iam.lint import lint
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
from labs.iam.shared_providers import unevaluated
from labs.iam.statement import Statement

if TYPE_CHECKING:
    from labs.iam.analysis import (
        Access,
        JudgedCondition,
        Lack,
        Place,
        Scene,
        Truth,
        Wanted,
        analyse,
        excess,
        lacking,
        place_of,
    )

_OF_THE_ANALYSIS = (
    "Access",
    "JudgedCondition",
    "Lack",
    "Place",
    "Scene",
    "Truth",
    "Wanted",
    "analyse",
    "excess",
    "lacking",
    "place_of",
)

__all__ = [
    "Access",
    "Connection",
    "Decision",
    "DecisionKind",
    "Effect",
    "JudgedCondition",
    "Lack",
    "LintCode",
    "LintFinding",
    "MalformedPolicy",
    "MatchedStatement",
    "Place",
    "Policies",
    "Policy",
    "PolicyKind",
    "PolicyTooLong",
    "Principal",
    "PrincipalKind",
    "Request",
    "Scene",
    "Session",
    "Statement",
    "Truth",
    "Wanted",
    "analyse",
    "connection_keys",
    "context_keys",
    "differs",
    "evaluate",
    "evaluate_trust",
    "excess",
    "known_actions",
    "lacking",
    "lint",
    "parse_policy",
    "place_of",
    "principal_keys",
    "quoted",
    "request_context",
    "requested_region",
    "sentence",
    "time_keys",
    "unevaluated",
    "visible",
]


def __getattr__(name: str) -> Any:
    if name in _OF_THE_ANALYSIS:
        return getattr(importlib.import_module("labs.iam.analysis"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
