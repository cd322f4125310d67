"""Resource-based policies: whom do they let in? Asked for every principal that they tell apart.

A policy's Principal names people one by one or by account, or everyone; so these are enough: each that is named, some
role of each account that is named, some role of no account that is named, and somebody anonymous, a service and an
identity provider that are not named; a condition on the caller's own ARN or account names people as well. What an
unnamed role is called is left open, but it is nobody's name who was named.

The caller's own policies are not known: once it is asked with none (whom the policy lets in by itself), once with
policies that allow everything (whom it lets in if their own account does).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from labs.iam.analysis.answers import Access, Lack
from labs.iam.analysis.budget import Budget
from labs.iam.analysis.callers import called, principal_of, spared_by
from labs.iam.analysis.comparison import Comparison
from labs.iam.analysis.lacks import Lacks
from labs.iam.analysis.request_keys import Scene
from labs.iam.conditions import Condition
from labs.iam.decision import Policies, Policy, PolicyKind, Principal, PrincipalKind
from labs.iam.parse import parse_policy
from labs.iam.statement import Statement

_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_ARN, _PRINCIPAL_ACCOUNT = "aws:PrincipalArn", "aws:PrincipalAccount"
_STRANGE_ACCOUNTS = ("999988887777", "888877776666", "777766665555")
_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_OWN = parse_policy({"Version": "2012-10-17", "Statement": [_ALL]}, PolicyKind.IDENTITY, "of the caller")
_ANY_RESOURCE = parse_policy(
    {"Version": "2012-10-17", "Statement": [{**_ALL, "Principal": "*"}]}, PolicyKind.RESOURCE, "of the resource"
)


def is_asked(policies: Policies, scene: Scene) -> bool:
    """Whether the question is whom a resource-based policy lets in: no caller is given, nor policies of one."""
    own = policies.identity or policies.boundary or policies.session
    return scene.principal is None and not own and bool(policies.resource or policies.endpoint)


def beyond(policies: Policies, wanted: Policies, scene: Scene, budget: Budget | None = None) -> list[Access]:
    """What each statement gives to somebody beyond what is wanted; the widest kind of caller is the witness."""
    found: dict[tuple[int, tuple[str, ...]], Access] = {}
    budget = budget or Budget()
    for place, own in itertools.product(_scenes(policies, wanted, scene), ((), (_OWN,))):
        comparison = Comparison(_with(policies, own), _with(wanted, own), place, _kind(policies), budget)
        for access in comparison.beyond():
            known = found.setdefault((access.place.index, access.actions), access)
            if known.witness is None and access.witness is not None:
                found[access.place.index, access.actions] = access
        if budget.spent and found:
            # What is not decided has been said to be so; the others would say no more.
            break
    return sorted(found.values(), key=lambda access: access.place.index)


def short(policies: Policies, wanted: Policies, scene: Scene, budget: Budget | None = None) -> list[Lack]:
    """What somebody whose own policies allow everything lacks of what is wanted."""
    found: dict[tuple[tuple[str, ...], str], Lack] = {}
    budget = budget or Budget()
    for place in _scenes(policies, wanted, scene):
        for lack in Lacks(_with(policies, (_OWN,)), _with(wanted, (_OWN,)), place, budget).found():
            found.setdefault((lack.actions, lack.resource), lack)
        if budget.spent:
            break
    return list(found.values())


def _kind(policies: Policies) -> PolicyKind:
    policy = policies.endpoint or policies.resource
    assert policy is not None
    return policy.kind


def _with(policies: Policies, own: tuple[Policy, ...]) -> Policies:
    if policies.endpoint is not None and policies.resource is None:
        # An endpoint only lets pass: what lies behind it is taken to allow everything.
        return replace(policies, identity=(_OWN,), resource=_ANY_RESOURCE)
    return replace(policies, identity=own)


def _scenes(policies: Policies, wanted: Policies, scene: Scene) -> Iterator[Scene]:
    """The scene with each caller that the policies tell apart, strangers first."""
    own = scene.own_account
    owner = own if policies.endpoint is None else ""
    named = [("AWS", arn) for arn in _said(policies, wanted, of=_ARN) if "*" not in arn and "?" not in arn]
    entries = list(dict.fromkeys((*_entries(policies, wanted), *named)))
    accounts = dict.fromkeys(
        (
            *(found.group(1) for _, entry in entries if (found := _ACCOUNT.fullmatch(entry))),
            *(each for each in _said(policies, wanted, of=_PRINCIPAL_ACCOUNT) if re.fullmatch(r"\d{12}", each)),
        )
    )
    strange = next(each for each in _STRANGE_ACCOUNTS if each not in accounts and each != own)
    told_apart = tuple(dict.fromkeys((own, *accounts)))
    for account in (strange, *told_apart):
        some_role = f"arn:aws:sts::{account}:assumed-role/some-role/session"
        someone = Principal(some_role, account, PrincipalKind.ROLE_SESSION)
        keys = {} if account == strange else {_PRINCIPAL_ACCOUNT: (account,)}
        known = tuple(_of_someone(policies, wanted, "" if account == strange else account, told_apart, entries))
        yield replace(scene, someone=someone, owner=owner, fixed={**scene.fixed, **keys}, known=known)
    others = [
        Principal("", "", PrincipalKind.ANONYMOUS),
        Principal("some-service.amazonaws.com", "", PrincipalKind.SERVICE),
        Principal(f"arn:aws:iam::{own}:oidc-provider/identity.example.com", own, PrincipalKind.FEDERATED),
        *(each for kind, entry in entries if (each := principal_of(kind, entry)) is not None),
        # A root user can assume no role.
        *(each for _, arn in named if _kind(policies) is not PolicyKind.TRUST and (each := called(arn)) is not None),
        *(each for entry in _spared(policies, wanted) if (each := spared_by(entry)) is not None),
    ]
    for principal in dict.fromkeys(others):
        yield replace(scene, principal=principal, owner=owner)


def _of_someone(
    policies: Policies, wanted: Policies, account: str, accounts: tuple[str, ...], entries: list[tuple[str, str]]
) -> Iterator[tuple[Condition, bool]]:
    """What is known of somebody of an account (``""``: of none of these), who is nobody that an entry names.

    Only where a condition asks for it; else it may stay unsaid.
    """
    asked = _said(policies, wanted, of=_ARN)
    if asked:
        inside = [f"arn:*:*::{each}:*" for each in ((account,) if account else accounts)]
        yield Condition("ArnLike", _ARN, inside, False), bool(account)
        people = [entry for kind, entry in entries if kind == "AWS" and entry.count(":") >= 5]
        if people:
            yield Condition("ArnEquals", _ARN, people, False), False
    if not account and _said(policies, wanted, of=_PRINCIPAL_ACCOUNT):
        yield Condition("StringEquals", _PRINCIPAL_ACCOUNT, accounts, False), False


def _said(*several: Policies, of: str) -> list[str]:
    """The values that conditions compare a key with."""
    return [
        value
        for statement in _statements(*several)
        for condition in statement.conditions
        if condition.key.lower() == of.lower()
        for value in condition.values
    ]


def _spared(*several: Policies) -> Iterator[str]:
    """The AWS entries of NotPrincipal elements."""
    for statement in _statements(*several):
        if statement.principals is not None and statement.not_principal:
            yield from statement.principals.written.get("AWS", ())


def _entries(*several: Policies) -> Iterator[tuple[str, str]]:
    """What stands in the Principal elements: (AWS, Service or Federated; the entry)."""
    for statement in _statements(*several):
        if statement.principals is not None:
            for kind, entries in statement.principals.written.items():
                yield from ((kind, entry) for entry in entries)


def _statements(*several: Policies) -> Iterator[Statement]:
    for policies in several:
        for policy in (policies.resource, policies.endpoint):
            yield from policy.statements if policy else ()
