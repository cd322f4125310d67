"""What a request's condition keys can be: which are always there, which have several values, of which type.

Source: IAM User Guide, reference_policies_condition-keys (each key's "Availability", read in November 2026; types are
``global_keys``'); for the services' own keys, the Service Authorization Reference (``catalogue``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

from labs.iam.analysis import catalogue
from labs.iam.conditions import Condition
from labs.iam.decision import Principal, PrincipalKind
from labs.iam.global_keys import GLOBAL_KEYS
from labs.iam.request_context import principal_keys
from labs.iam.values import read_date

CURRENT_TIME, EPOCH_TIME = "aws:currenttime", "aws:epochtime"
# Each key that is always there, with the words of its "Availability".
_INCLUDED = "This key is always included in the request context"
_EVERY_REQUEST = "This key is included in the request context for all requests, including anonymous requests"
_SIGNED = (
    "This key is included in the request context for all signed requests. Anonymous requests do not include this key"
)
AVAILABILITY = {
    CURRENT_TIME: _INCLUDED,
    EPOCH_TIME: _INCLUDED,
    "aws:requestedregion": _INCLUDED,
    "aws:securetransport": _INCLUDED,
    "aws:useragent": _INCLUDED,
    "aws:principalaccount": _EVERY_REQUEST,
    "aws:principaltype": _EVERY_REQUEST,
    "aws:userid": _EVERY_REQUEST,
    "aws:principalarn": _SIGNED,
    "aws:principalisawsservice": "This key is present in the request context for all signed API requests that use AWS"
    " credentials. Anonymous requests do not include this key",
    # The exceptions (EBS, EventBridge, copies between accounts in EC2 and WorkSpaces ...) are nothing the course uses.
    "aws:resourceaccount": "This key is always included in the request context for most service actions",
}
ALWAYS = frozenset(AVAILABILITY)
# Who has no account in which it is an identity: of such a caller some properties of the principal are not known.
_NO_IDENTITY = (PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE, PrincipalKind.FEDERATED)
_GLOBAL = {key.lower(): kind for key, kind in GLOBAL_KEYS.items()}
_PLACEHOLDER = "111122223333"


@dataclass(frozen=True)
class KeyFacts:
    """What is known of one key. ``kind``: its type, "" when it is not known. ``fixed``: its values, where only one
    answer is possible (``()``: never there). ``likely``: a value to prefer."""

    key: str
    kind: str = ""
    several: bool = True
    optional: bool = True
    fixed: tuple[str, ...] | None = None
    likely: str = "other"


@dataclass(frozen=True)
class Scene:
    """What is known about the requests in question; whatever is not, may be anything.

    ``principal``: who asks; None: some role of ``account`` or, for a resource-based policy, anyone. ``account``,
    ``region``: where the resources of a witness are. ``now``: no request comes earlier (default: the date of the action
    catalogue). ``resource``: the ARN that every request is about, as the role of a trust policy or the repository of a
    repository policy; "" for any. ``fixed``: condition keys that are the same in every request, () for one that none
    has. ``owner``: whose account the resources are in, "" for the caller's; ``someone``: the caller of the witnesses
    when ``principal`` is None. ``single``: keys that every request has, with one value each, as a token's claims.
    ``known``: conditions, each with what it is of every request.
    """

    principal: Principal | None = None
    account: str = ""
    region: str = "us-east-1"
    now: datetime | None = None
    resource: str = ""
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owner: str = ""
    someone: Principal | None = None
    single: frozenset[str] = frozenset()
    known: tuple[tuple[Condition, bool], ...] = ()

    @cached_property
    def asker(self) -> Principal:
        """The principal of the witnesses."""
        account = self.own_account
        placeholder = f"arn:aws:sts::{account}:assumed-role/some-role/session"
        return self.principal or self.someone or Principal(placeholder, account, PrincipalKind.ROLE_SESSION)

    @property
    def own_account(self) -> str:
        """The account, or AWS's example one."""
        return self.account or (self.principal.account if self.principal else "") or _PLACEHOLDER

    @cached_property
    def earliest(self) -> Decimal:
        """The first moment of a request, in seconds since 1970."""
        if self.now is not None:
            moment = self.now if self.now.tzinfo else self.now.replace(tzinfo=UTC)
            return Decimal(int(moment.timestamp()))
        return read_date(catalogue.date()) or Decimal(0)

    @cached_property
    def constant(self) -> dict[str, tuple[str, ...]]:
        """The keys that are the same in every request, their names in lower case; ``()``: never there."""
        found: dict[str, tuple[str, ...]] = {}
        if self.principal is not None:
            found["aws:username"] = ()
            if self.principal.kind in _NO_IDENTITY:
                # "Anonymous requests do not include this key"; nor is a service or a provider's token an identity of
                # an account that a policy could name.
                found |= {"aws:principalarn": (), "aws:principalaccount": ()}
            for name, value in principal_keys(self.principal).items():
                found[name.lower()] = (value,) if isinstance(value, str) else tuple(value)
        if self.owner:
            found["aws:resourceaccount"] = (self.owner,)
        return found | {name.lower(): value for name, value in self.fixed.items()}

    def facts(self, key: str) -> KeyFacts:
        """What is known of a key, its name in lower case."""
        fixed = self.constant.get(key)
        likely = self._likely(key)
        if key.startswith("aws:"):
            kind = _GLOBAL.get(key, "String")
        else:
            service = catalogue.services().get(key.partition(":")[0])
            kind = service.keys.get(key) or service.keys.get(key.partition("/")[0], "") if service else ""
        if key in self._single:
            return KeyFacts(key, kind or "String", False, False, fixed, likely)
        several = not kind or kind.startswith("ArrayOf")
        return KeyFacts(key, kind.removeprefix("ArrayOf"), several, self._optional(key), fixed, likely)

    def _optional(self, key: str) -> bool:
        """Whether a request may come without the key."""
        nobody = self.principal is not None and self.principal.kind in _NO_IDENTITY
        return key not in ALWAYS or (
            nobody and key.startswith(("aws:principal", "aws:user")) and key != "aws:useragent"
        )

    @cached_property
    def _single(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.single)

    def _likely(self, key: str) -> str:
        asker = self.asker
        return {
            "aws:principalarn": asker.identity_arn,
            "aws:principalaccount": asker.account or _PLACEHOLDER,
            "aws:principaltype": "AssumedRole",
            "aws:resourceaccount": self.own_account,
            "aws:requestedregion": self.region,
            "aws:sourceip": "203.0.113.7",
            "aws:username": "someone",
            "aws:userid": "AROAEXAMPLEID:session",
            "aws:useragent": "aws-cli/2",
        }.get(key, "other")
