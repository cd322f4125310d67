"""Addresses and CIDR blocks as spans of numbers, and the other end of a packet as a rule sees it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

# Stand for addresses that are not in the snapshot; both ranges are for documentation (RFC 5737).
AWS_ADDRESS = "203.0.113.10"
INTERNET_ADDRESS = "198.51.100.10"


@dataclass(frozen=True, slots=True)
class Span:
    """The addresses ``first`` to ``last``, both included: one address or one CIDR block, of IP ``version`` 4 or 6.

    ``length`` is the prefix length; ``public`` is False for private, link-local and other special addresses.
    """

    text: str
    version: int
    first: int
    last: int
    length: int
    public: bool

    def holds(self, other: Span) -> bool | None:
        """Whether all of ``other`` is inside: True, False for none of it, None for a part."""
        if self.version != other.version or other.last < self.first or self.last < other.first:
            return False
        return True if self.first <= other.first and other.last <= self.last else None

    @property
    def single(self) -> bool:
        """Whether it is one address."""
        return self.first == self.last

    @property
    def cidr(self) -> str:
        """The CIDR form, ``10.0.0.5/32`` for one address."""
        return self.text if "/" in self.text else f"{self.text}/{self.length}"

    @property
    def address(self) -> str:
        """The address, or the first usable one of a block."""
        if self.single:
            return self.text.partition("/")[0]
        number = self.first + 1
        return str(ipaddress.IPv4Address(number) if self.version == 4 else ipaddress.IPv6Address(number))


@lru_cache(maxsize=65536)
def span(text: str) -> Span:
    """Read an address or CIDR block; host bits are dropped as EC2 drops them. ValueError when it is neither."""
    network = ipaddress.ip_network(text, strict=False)
    first = int(network.network_address)
    shown = text if "/" not in text else str(network)
    return Span(
        shown, network.version, first, first + network.num_addresses - 1, network.prefixlen, not network.is_private
    )


def is_address(text: str) -> bool:
    """Whether ``text`` is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Peer:
    """The other end of a packet: its addresses and what security group rules may call it by.

    ``groups``: its security groups, None when not known. ``service``: the AWS service it belongs to, as in
    ``com.amazonaws.us-east-1.s3``, "" for none. ``stand_in``: the real address is some public one that is not known.
    """

    span: Span
    groups: frozenset[str] | None = frozenset()
    service: str = ""
    stand_in: bool = False

    def within(self, block: Span) -> bool | None:
        """Whether the peer is in ``block``; None when only a part is, or it may be."""
        found = block.holds(self.span)
        if found is False and self.stand_in and block.public and block.version == self.span.version:
            return None
        return found
