"""Who may use what a resource-based policy guards, beyond those wanted: a role, a repository."""

from collections.abc import Sequence
from datetime import datetime

from labs import iam
from labs.iam import Access, Policies, Policy, Principal, PrincipalKind, Wanted

# What comes with assuming a role: it is asked for in the same call (STS API reference, AssumeRole).
ASSUMING = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def beyond(policy: Policy, resource: str, wanted: Sequence[Wanted], now: datetime) -> tuple[Access, ...]:
    """The access to ``resource``, an ARN, that its policy gives and that is not wanted; empty: certainly none.

    ``now`` is aware: no request comes earlier.
    """
    _, _, _, region, account, _ = resource.split(":", 5)
    scene = iam.Scene(account=account, region=region, now=now, resource=resource)
    return iam.excess(Policies(resource=policy), wanted, scene)


def of_account(account: str, actions: Sequence[str]) -> Wanted:
    """These actions for whoever is in the account."""
    return Wanted(actions, condition={"StringEquals": {"aws:PrincipalAccount": account}}, principals="*")


def in_words(principal: Principal) -> str:
    """The principal as people name it."""
    if principal.kind is PrincipalKind.ANONYMOUS:
        return "everybody, without a signature,"
    return principal.identity_arn
