"""The values of a policy decision: who asks, for what, under which policies, and the answer.

Plain frozen data, no I/O. Terms are those of the IAM User Guide, "Policy evaluation logic"
(reference_policies_evaluation-logic).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labs.iam.statement import Statement

ContextValue = str | Sequence[str]


class PrincipalKind(enum.Enum):
    """What kind of identity sends the request."""

    USER = "user"
    ROLE = "role"
    ROLE_SESSION = "role session"
    ROOT = "root"
    SERVICE = "service"
    FEDERATED = "federated"
    ANONYMOUS = "anonymous"


class PolicyKind(enum.Enum):
    """Where a policy is attached; decides its grammar, its part in the decision and AWS's words for it."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    ENDPOINT = "VPC endpoint policy"


class Effect(enum.Enum):
    """What a statement does when it applies."""

    ALLOW = "Allow"
    DENY = "Deny"


class DecisionKind(enum.Enum):
    """The three outcomes; the values are those of SimulatePrincipalPolicy's EvalDecision."""

    ALLOW = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True)
class Principal:
    """The identity behind a request.

    ``arn``: the user, role, session, root or provider ARN; a service's name (``ecs-tasks.amazonaws.com``);
    ``""`` for an anonymous request. ``account``: twelve digits, ``""`` for services and anonymous requests.
    ``role_arn``: the role behind a role session (its path included), or the user behind a
    GetFederationToken session; found from the session's ARN when left empty.
    """

    arn: str
    account: str
    kind: PrincipalKind
    role_arn: str = ""

    @cached_property
    def identity_arn(self) -> str:
        """The ARN that carries the policies: the role or user behind a session, else the ARN itself.

        It is also the value of ``aws:PrincipalArn`` ("for IAM roles, the role's ARN, not the session's").
        """
        if self.role_arn:
            return self.role_arn
        if self.kind is PrincipalKind.ROLE_SESSION:
            parts = self.arn.split(":", 5)
            path = parts[-1].split("/")
            if len(parts) == 6 and len(path) >= 2:
                return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{path[1]}"
        return self.arn

    @property
    def is_federated_user(self) -> bool:
        """Whether it is a GetFederationToken session, which is an AWS principal, and no outside provider."""
        return self.kind is PrincipalKind.FEDERATED and ":federated-user/" in self.arn


@dataclass(frozen=True)
class Request:
    """One call: who, which action (``ecr:PutImage``), on which ARN (``*`` for none), with which condition keys.

    ``context`` maps a condition key, in any case, to its value or values, all strings (binary keys in base64).
    ``resource_account`` is the account that owns the resource; ``""`` means the principal's own.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    resource_account: str = ""


@dataclass(frozen=True)
class Policy:
    """A parsed policy, its patterns compiled. Make one with ``parse_policy``.

    ``version`` is ``2012-10-17`` or ``2008-10-17`` (also when the document names none). ``text`` is the document it was
    read from, "" when that was not text. ``arn``: a managed policy's, "" for one that has none.
    ``has_version``: whether the document names its version.
    """

    kind: PolicyKind
    name: str
    version: str
    statements: tuple[Statement, ...]
    id: str = ""
    text: str = field(default="", repr=False, compare=False)
    arn: str = ""
    has_version: bool = True
    allows: tuple[Statement, ...] = field(init=False, repr=False, compare=False)
    denies: tuple[Statement, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allows", tuple(s for s in self.statements if s.effect is Effect.ALLOW))
        object.__setattr__(self, "denies", tuple(s for s in self.statements if s.effect is Effect.DENY))


@dataclass(frozen=True)
class Policies:
    """Every policy that applies to a request.

    ``identity``: the user's or role's own and its groups'. ``resource``: the resource's policy, or the role's trust
    policy (kind TRUST). ``session``, ``scps``, ``rcps``: empty means there are none, and none does not restrict.
    ``scps`` and ``rcps`` have one entry for each level of the organization, from the root through each OU to the
    account: every level must allow, and one Allow of a level is enough.
    """

    identity: Sequence[Policy] = ()
    resource: Policy | None = None
    boundary: Policy | None = None
    session: Sequence[Policy] = ()
    scps: Sequence[Sequence[Policy]] = ()
    endpoint: Policy | None = None
    rcps: Sequence[Sequence[Policy]] = ()


@dataclass(frozen=True)
class MatchedStatement:
    """The statement that decided: its policy's name and kind, its Sid ("" without one), its index from 0.

    ``statement`` is the statement itself, with what its elements hold as written.
    """

    policy: str
    kind: PolicyKind
    sid: str
    index: int
    statement: Statement | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Decision:
    """The answer. ``words`` is AWS's ending of the error sentence, ``""`` when allowed.

    ``policy_kind`` is the kind of policy that decided; ``statement`` is None for an implicit deny
    and for the root user, who needs no statement.
    """

    allowed: bool
    kind: DecisionKind
    statement: MatchedStatement | None
    words: str
    policy_kind: PolicyKind | None = None
