"""The ``Principal`` element: whom a resource policy names, and how directly.

Source: IAM User Guide, reference_policies_elements_principal, reference_policies_elements_notprincipal, and
reference_policies_evaluation-logic ("Resource-based policies and implicit denies in other policy types").
"""

import enum
import re
from collections.abc import Iterable, Mapping

from labs.iam.decision import Principal, PrincipalKind

_ROOT = re.compile(r"arn:[^:]+:iam::(\d{12}):root")
_ACCOUNT = re.compile(r"\d{12}")
EVERYONE = "*"


class Grant(enum.IntEnum):
    """How a policy names a principal; a higher one is limited by fewer other policies."""

    NONE = 0
    # The account: it delegates to the account's own policies.
    ACCOUNT = 1
    # The role or user behind a session: the boundary and the session policies still limit it.
    IDENTITY = 2
    # The very principal that asks, or everyone: no implicit deny of another policy limits it.
    DIRECT = 3


class Principals:
    """A compiled ``Principal`` map: type (AWS, Service, Federated, CanonicalUser) to its entries.

    ``"Principal": "*"`` is written as the type ``*``.
    """

    __slots__ = ("_accounts", "_arns", "_aws_everyone", "_everyone", "_federated", "_services", "written")

    def __init__(self, written: Mapping[str, Iterable[str]]) -> None:
        self.written = {kind: tuple(entries) for kind, entries in written.items()}
        aws = self.written.get("AWS", ())
        self._everyone = EVERYONE in self.written
        self._aws_everyone = EVERYONE in aws
        roots = [found.group(1) for entry in aws if (found := _ROOT.fullmatch(entry))]
        self._accounts = frozenset(roots + [entry for entry in aws if _ACCOUNT.fullmatch(entry)])
        self._arns = frozenset(aws)
        self._services = frozenset(entry.lower() for entry in self.written.get("Service", ()))
        self._federated = frozenset(self.written.get("Federated", ()))

    def grant(self, principal: Principal) -> Grant:
        """How directly the entries name ``principal``."""
        if self._everyone:
            return Grant.DIRECT
        if principal.kind is PrincipalKind.SERVICE:
            return Grant.DIRECT if principal.arn.lower() in self._services else Grant.NONE
        if principal.kind is PrincipalKind.FEDERATED and not principal.is_federated_user:
            return Grant.DIRECT if principal.arn in self._federated else Grant.NONE
        if self._aws_everyone:
            return Grant.DIRECT
        if principal.kind is PrincipalKind.ANONYMOUS:
            return Grant.NONE
        return self._grant_to_identity(principal)

    def _grant_to_identity(self, principal: Principal) -> Grant:
        # A role only ever asks through a session, so naming it never frees it from boundary and session policies.
        direct = Grant.IDENTITY if principal.kind is PrincipalKind.ROLE else Grant.DIRECT
        if principal.kind is not PrincipalKind.ROOT and principal.arn in self._arns:
            return direct
        if principal.identity_arn != principal.arn and principal.identity_arn in self._arns:
            return Grant.IDENTITY
        return Grant.ACCOUNT if principal.account in self._accounts else Grant.NONE

    def names_exactly(self, principal: Principal) -> bool:
        """Whether the very principal is listed; its role or its account alone does not count.

        This is what spares a principal from a Deny with NotPrincipal.
        """
        if principal.kind is PrincipalKind.ROOT:
            return self.grant(principal) is not Grant.NONE
        if principal.kind is PrincipalKind.ROLE:
            return self.grant(principal) >= Grant.IDENTITY
        return self.grant(principal) is Grant.DIRECT
