"""The question and the answer: from which interface to where, and the path hop by hop."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.network.spans import is_address
from labs.network.vpc import Endpoint


class UnknownSource(ValueError):
    """The source is not in the snapshot, though the list that should name it was read."""


class BadDestination(ValueError):
    """A destination that cannot be read: no host, no port, or a protocol other than tcp and udp."""


@dataclass(frozen=True)
class ProposedInterface:
    """An interface that does not exist yet, such as that of a task to be run.

    ``groups`` empty: the VPC's default group, as EC2 takes it. ``public``: it will get a public IPv4 address.
    """

    subnet: str
    groups: tuple[str, ...] = ()
    public: bool = False


@dataclass(frozen=True)
class Destination:
    """``host``: a name or an address. ``protocol``: ``tcp`` or ``udp``."""

    host: str
    port: int = 443
    protocol: str = "tcp"

    def __post_init__(self) -> None:
        if not self.host or any(letter.isspace() or letter == "/" for letter in self.host):
            raise BadDestination(f"'{self.host}' is not a host name or an IP address.")
        if not 1 <= self.port <= 65535:
            raise BadDestination(f"Port {self.port} is not between 1 and 65535.")
        if self.protocol not in ("tcp", "udp"):
            raise BadDestination(f"The protocol is '{self.protocol}'; it can be tcp or udp.")

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Read ``HOST:PORT``, ``[IPV6]:PORT`` or ``HOST`` (port 443). Raises BadDestination."""
        if is_address(text):
            return cls(text)
        host, colon, port = text.rpartition(":")
        if not colon:
            return cls(text)
        host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not port.isascii() or not port.isdigit():
            raise BadDestination(f"'{text}' is not HOST:PORT: the port is a number.")
        if ":" in host and not is_address(host):
            raise BadDestination(f"'{text}' is not HOST:PORT; write an IPv6 address as [ADDRESS]:PORT.")
        return cls(host, int(port[:6]))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.protocol == "tcp" else f"{host}:{self.port}/{self.protocol}"


class HopVerdict(enum.Enum):
    """What is known of one hop."""

    OPEN = "OPEN"
    BLOCKED = "BLOCKED"
    CANNOT_CHECK = "CANNOT CHECK"


class PathStep(enum.Enum):
    """The steps of a path, in the order in which they are taken."""

    SOURCE = "source interface"
    DNS = "DNS"
    GROUPS_OUT = "source security groups, outbound"
    ACL_OUT = "source network ACL, outbound"
    ROUTE = "route"
    GATEWAY = "gateway"
    NAT_ACL = "NAT gateway's network ACL"
    NAT_ROUTE = "NAT gateway's route"
    ENDPOINT = "endpoint"
    DESTINATION = "destination interface"
    ACL_IN = "destination network ACL, inbound"
    GROUPS_IN = "destination security groups, inbound"
    RETURN_ACL = "network ACL, return traffic"
    POLICY = "endpoint policy"


@dataclass(frozen=True)
class Fix:
    """The smallest change that would open a hop: an operation of EC2 (of ECS for ``run_task``), by its boto3 name.

    ``parameters`` are those of the call, ``words`` say the same to a person.
    """

    operation: str
    parameters: Mapping[str, Any] = field(hash=False)
    words: str = ""


@dataclass(frozen=True)
class Hop:
    """One hop. ``resource``: the id of what decided; ``rule``: its rule, exactly; ``reason``: why, in one sentence.

    ``fix`` is set for a BLOCKED hop where one call can open it, and for one that cannot be checked where one call makes
    the question go away.
    """

    step: PathStep
    verdict: HopVerdict
    resource: str
    rule: str
    reason: str
    fix: Fix | None = None

    def __str__(self) -> str:
        return f"{self.verdict.value}: {self.step.value}: {self.reason}"


@dataclass(frozen=True)
class Path:
    """The answer. ``ok``: True open, False blocked, None when a hop could not be checked and none is blocked.

    ``hops`` end at the first that is BLOCKED, which is ``blocked_at``. ``address`` is the address that was tried: a
    network interface's, the first of a block of S3's, or one that stands for AWS's public addresses (RFC 5737). A name
    with several addresses needs them all, since clients take any; the hops are those of the worst. ``endpoint``: the
    VPC endpoint on the way.
    """

    ok: bool | None
    hops: tuple[Hop, ...]
    blocked_at: Hop | None
    source: str
    destination: Destination
    address: str = ""
    endpoint: Endpoint | None = None

    @property
    def unchecked(self) -> tuple[Hop, ...]:
        """The hops that could not be checked."""
        return tuple(hop for hop in self.hops if hop.verdict is HopVerdict.CANNOT_CHECK)


@dataclass(frozen=True)
class PolicyAnswer:
    """What an endpoint's policy says of the caller's request; ``allowed`` None when that could not be decided.

    ``words``: why, as one sentence; ``rule``: the statement that decided.
    """

    allowed: bool | None
    words: str = ""
    rule: str = ""
    fix: Fix | None = None


DecideEndpoint = Callable[[Endpoint], PolicyAnswer]
