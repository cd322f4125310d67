"""The typed values of conditions: numbers, dates, booleans, addresses. Each reader gives None for anything else.

Source: IAM User Guide, reference_policies_elements_condition_operators.
"""

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
# The W3C profile of ISO 8601: year, month, day, then hours and minutes with a zone, seconds, a fraction.
_DATE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?([Zz]|[+-]\d{2}:?\d{2})?)?)?)?"
)


def read_number(text: str) -> Decimal | None:
    """An integer or decimal number."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    try:
        return Decimal(text.strip())
    except InvalidOperation:  # pragma: no cover - the pattern admits only what Decimal reads
        return None


def read_date(text: str) -> Decimal | None:
    """A W3C/ISO 8601 date and time (UTC when it names no zone) or Unix time, as seconds since 1970."""
    text = text.strip()
    found = _DATE.fullmatch(text)
    # Four digits alone are a year; any other bare number is Unix time.
    if found is None:
        return Decimal(text) if re.fullmatch(r"\d{1,18}(\.\d+)?", text) else None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
        if zone and zone not in "Zz":
            minutes = int(zone[1:3]) * 60 + int(zone[-2:])
            moment -= timedelta(minutes=minutes if zone[0] == "+" else -minutes)
    except (ValueError, OverflowError):
        return None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return Decimal(seconds) + (Decimal(f"0.{fraction}") if fraction else 0)


def read_bool(text: str) -> bool | None:
    """``true`` or ``false``, in any case."""
    return {"true": True, "false": False}.get(text.strip().lower())


@lru_cache(maxsize=4096)
def read_ip(text: str) -> Address | None:
    """An IPv4 or IPv6 address."""
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def read_network(text: str) -> Network | None:
    """An address range in CIDR form; without a prefix length it is that one address."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
