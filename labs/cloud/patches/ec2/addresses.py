"""Private addresses in a subnet's range, and public ones that belong to nobody.

VPC user guide, "Subnet CIDR blocks": the first four addresses and the last one of a subnet are reserved.
"""

import ipaddress
from collections.abc import Collection
from typing import Any

from labs.cloud.patches.ec2 import ec2_errors, lifetimes

_RESERVED_FIRST, _RESERVED_LAST = 4, 1
_TRIES = 64
# RFC 5737: addresses for documentation. AWS would give one of its own.
_PUBLIC = (ipaddress.ip_network("198.51.100.0/24"), ipaddress.ip_network("203.0.113.0/24"))


def taken(backend: Any, subnet: Any) -> set[str]:
    """Every address of a subnet that is in use or reserved by the account."""
    found = set(subnet._subnet_ips) | {str(address) for address in subnet._reserved_ips}
    for interface in lifetimes.living(backend.enis.values()):
        if interface.subnet.id == subnet.id:
            found.update(item["PrivateIpAddress"] for item in interface.private_ip_addresses)
    return found


def free(subnet: Any, used: Collection[str]) -> str:
    """An address that nobody has, drawn from the call's generator. Raises when the subnet is full."""
    from moto.moto_api._internal import mock_random

    first = int(subnet.cidr.network_address) + _RESERVED_FIRST
    count = subnet.cidr.num_addresses - _RESERVED_FIRST - _RESERVED_LAST
    kind = type(subnet.cidr.network_address)
    for _ in range(_TRIES):
        address = str(kind(first + mock_random.randrange(count)))
        if address not in used:
            return address
    left = [text for number in range(count) if (text := str(kind(first + number))) not in used]
    if not left:
        raise ec2_errors.refused("address.none_free")
    return str(mock_random.choice(left))


def inside(subnet: Any, address: str) -> bool:
    """Whether an address is one of the subnet's, reserved or not."""
    try:
        return ipaddress.ip_address(address) in subnet.cidr
    except ValueError:
        return False


def check(backend: Any, subnet: Any, address: str) -> None:
    """An address that the caller asks for. Raises the refusal."""
    if not inside(subnet, address):
        raise ec2_errors.refused("address.outside")
    place = int(ipaddress.ip_address(address)) - int(subnet.cidr.network_address)
    if place < _RESERVED_FIRST or place >= subnet.cidr.num_addresses - _RESERVED_LAST:
        raise ec2_errors.refused("address.reserved", address=address)
    if address in taken(backend, subnet):
        raise ec2_errors.refused("address.taken")


def public(backend: Any) -> str:
    """A public address for documentation that no interface and no Elastic IP address of the account has."""
    from moto.moto_api._internal import mock_random

    used = {str(held.public_ip) for held in backend.addresses}
    used |= {str(interface.public_ip) for interface in lifetimes.living(backend.enis.values()) if interface.public_ip}
    every = [str(address) for network in _PUBLIC for address in network.hosts() if str(address) not in used]
    if not every:
        raise ec2_errors.refused("address.limit")
    return str(mock_random.choice(every))


def private_name(address: str, region: str) -> str:
    """The host name of a private IPv4 address (EC2 user guide, "IP name")."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def public_name(address: str, region: str) -> str:
    """The host name of a public IPv4 address (VPC user guide, "DNS attributes for your VPC")."""
    domain = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{domain}.amazonaws.com"
