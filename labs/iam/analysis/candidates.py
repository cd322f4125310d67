"""Values that try every case of a comparison with numbers, dates, addresses, booleans: the boundaries and between.

A comparison's answer changes at the values it names and nowhere else, so a list that has each of them, something
between any two, and something beyond either end has a value for every combination of answers.
"""

import base64
import ipaddress
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from labs.iam.values import Address, Network

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = Decimal(-62135596800), Decimal(253402300799)


def points(named: Iterable[Decimal]) -> list[Decimal]:
    """The numbers themselves, whole numbers beside them, what lies between, and beyond both ends."""
    rising = sorted(set(named))
    if not rising:
        return [Decimal(1)]
    found = [rising[0] - 1, rising[-1] + 1, *rising]
    for low, high in itertools.pairwise(rising):
        whole = (low + 1).to_integral_value(rounding="ROUND_FLOOR")
        found.append(whole if low < whole < high else (low + high) / 2)
    return found


def numbers(named: Iterable[Decimal]) -> list[str]:
    """Texts of ``points``."""
    return [format(each, "f") for each in points(named)]


def date_text(seconds: Decimal) -> str:
    """A moment as AWS writes it, ``2026-11-23T09:00:00Z``."""
    whole = int(seconds.to_integral_value(rounding="ROUND_FLOOR"))
    text = (_EPOCH + timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    fraction = seconds - whole
    return text + (format(fraction, "f")[1:] if fraction else "") + "Z"


def dates(named: Iterable[Decimal]) -> list[str]:
    """Texts of ``points`` in time, as far as years have four digits."""
    return [date_text(each) for each in points(named) if _FIRST <= each <= _LAST]


def addresses(named: Iterable[Network]) -> Iterator[str]:
    """An address inside and outside of every combination of ranges that there is."""
    networks = set(named)
    yield "203.0.113.7"
    yield "198.51.100.7"
    for network in networks:
        yield str(network.network_address + (1 if network.num_addresses > 2 else 0))
    everything: list[Network] = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    for network in (*networks, *everything):
        first: Address = network.network_address
        yield str(first)
        last = network.broadcast_address
        if int(last) + 1 < 2**network.max_prefixlen:
            yield str(last + 1)


def binaries(named: Iterable[bytes]) -> list[str]:
    """The values themselves, and one that is none of them."""
    listed = list(named)
    other = b"other" * (1 + max(map(len, listed), default=0))
    return [base64.b64encode(each).decode() for each in (*listed, other)]
