"""What the parts of the local AWS share: who calls, how a call is refused, who decides, who writes it down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from labs import iam

Context = Mapping[str, str | Sequence[str]]

# Returns the present time: aware, UTC. Everything that stores or compares times takes one of these.
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Caller:
    """An authenticated caller: its signature or its registry token was verified.

    ``session_policies`` holds the policies passed to AssumeRole (empty: none were passed); ``connection`` how the
    request came; ``identity_keys`` the condition keys of the principal and its session (``iam.principal_keys``).
    """

    principal: iam.Principal
    access_key_id: str
    session_policies: tuple[iam.Policy, ...] = ()
    connection: iam.Connection = field(default_factory=iam.Connection)
    identity_keys: Context = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The twelve digits of the caller's own account."""
        return self.principal.account

    @property
    def source_ip(self) -> str:
        """The address that the request came from."""
        return self.connection.source_ip

    @property
    def user_agent(self) -> str:
        """What the client calls itself."""
        return self.connection.user_agent

    @property
    def context(self) -> Context:
        """The condition keys of the principal and of the connection; the time is added with the decision."""
        return {**self.identity_keys, **iam.connection_keys(self.connection)}


class AwsError(Exception):
    """An AWS error: its code, its message and the HTTP status; the protocol's envelope is made at the edge."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Access(Protocol):
    """Decides with the policies that are in the IAM store at the moment of the call."""

    def decide(
        self,
        caller: Caller,
        action: str,
        resource: str,
        context: Context = ...,
        resource_policy: iam.Policy | None = None,
    ) -> iam.Decision:
        """Evaluate identity, group, boundary, session and resource policies for one action on one ARN."""
        ...

    def sentence(self, caller: Caller, action: str, resource: str, decision: iam.Decision) -> str:
        """AWS's sentence for a refusal: "User: ARN is not authorized to perform: ACTION on resource: ..."."""
        ...

    def alive(self, caller: Caller) -> bool:
        """Whether the user or role still exists and the key is still active."""
        ...


@dataclass(frozen=True)
class TrailEvent:
    """One call as CloudTrail records it. ``caller`` is None when nobody could be identified.

    ``request`` and ``response`` hold plain JSON values without secrets; ``resources`` are ARNs. ``service_details``:
    what AWS itself did, so that nobody called.
    """

    caller: Caller | None
    event_source: str
    event_name: str
    region: str
    request: Mapping[str, Any]
    resources: tuple[str, ...] = ()
    error_code: str = ""
    error_message: str = ""
    read_only: bool = False
    response: Mapping[str, Any] | None = None
    service_details: Mapping[str, Any] | None = None


class Trail(Protocol):
    """Where calls are written down, allowed or refused."""

    def record(self, event: TrailEvent) -> None:
        """Keep one event; it is durable when this returns."""
        ...
