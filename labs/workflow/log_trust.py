"""Whether a role's trust policy lets a run's token in, and by which condition not, decided by ``labs.iam``.

Sources: GitHub docs, "OpenID Connect reference" (the forms of ``sub``; immutable ids since 2026-07-15); IAM User Guide,
reference_policies_iam-condition-keys ("Available keys for AWS OIDC federation").
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from labs import iam
from labs.iam import Policies, Policy, PolicyKind, Principal, PrincipalKind, Request, Statement
from labs.workflow.identity import AUDIENCE, ISSUER

GITHUB = ISSUER.removeprefix("https://")
ACTION = "sts:AssumeRoleWithWebIdentity"
_PROVIDER = re.compile(r"arn:[^:]+:iam::(\d{12}):oidc-provider/")
_IDS = re.compile(r"@\d+")


def judged(trust: str | Mapping[str, Any], claims: Mapping[str, str]) -> tuple[bool, tuple[str, ...]]:
    """Whether the token is let in, and why not: sentences.

    ``trust``: the role's trust policy; ``claims``: the token's by their names (``sub``; ``aud`` is GitHub's usual one
    where it is not given). Raises MalformedPolicy for a document that is no trust policy.
    """
    policy = iam.parse_policy(trust, PolicyKind.TRUST)
    account = next(iter(_PROVIDER.findall(json.dumps(trust) if isinstance(trust, Mapping) else trust)), "")
    context = {f"{GITHUB}:{name}": value for name, value in {"aud": AUDIENCE, **claims}.items()}
    provider = f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"
    principal = Principal(provider, account, PrincipalKind.FEDERATED)
    request = Request(principal, ACTION, f"arn:aws:iam::{account}:role/asked", context)
    if iam.evaluate_trust(request, policy, Policies()).allowed:
        return True, ()
    return False, tuple(dict.fromkeys(_reasons(policy, context))) or (
        f"the trust policy has no Allow for {GITHUB} and {ACTION}",
    )


def _reasons(policy: Policy, context: Mapping[str, str]) -> Iterator[str]:
    lowered = {key.lower(): (value,) for key, value in context.items()}
    for statement in policy.statements:
        if not _is_for_github(statement):
            continue
        if policy.denies and statement in policy.denies:
            yield "a Deny statement of the trust policy applies"
        for condition in statement.conditions:
            if condition.holds(lowered):
                continue
            is_claim = condition.key.lower().startswith(f"{GITHUB}:")
            found = context.get(condition.key, next(iter(lowered.get(condition.key.lower(), ())), ""))
            if is_claim and not found:
                yield f"{condition.key} is wanted, and the value of this run is not known here"
            elif found:
                wanted = " or ".join(condition.values)
                yield f"{condition.operator} {condition.key}: the policy has {wanted}, this run's token has {found}"
                if condition.key.lower().endswith(":sub"):
                    yield from _difference(condition.values, found)
            else:
                yield f"the condition on {condition.key} is not met by a token of GitHub"


def _is_for_github(statement: Statement) -> bool:
    named = () if statement.principals is None else statement.principals.written.get("Federated", ())
    return any(name.endswith(f"/{GITHUB}") for name in named)


def _difference(wanted: tuple[str, ...], found: str) -> Iterator[str]:
    """What is different between the subjects, in GitHub's own words for their parts."""
    for each in wanted:
        has_ids, finds_ids = bool(_IDS.search(each.split(":ref:")[0])), bool(_IDS.search(found.split(":ref:")[0]))
        if has_ids != finds_ids:
            form = "immutable form, with ids" if finds_ids else "classic form, without ids"
            yield f"the token's subject is in the {form}; the policy's is in the other"
        parts, own = (_IDS.sub("", text).split(":", 2) for text in (each, found))
        if len(parts) == 3 == len(own):
            if parts[1] != own[1] and "*" not in parts[1]:
                yield f"the policy is for the repository {parts[1]}, the run is of {own[1]}"
            if parts[2] != own[2] and "*" not in parts[2]:
                yield f"the policy is for {_context(parts[2])}, the run is of {_context(own[2])}"


def _context(text: str) -> str:
    if text == "pull_request":
        return "pull requests"
    kind, _, name = text.partition(":")
    if kind == "environment":
        return f"the environment {name}"
    return f"the branch {name.removeprefix('refs/heads/')}" if name.startswith("refs/heads/") else name or text
