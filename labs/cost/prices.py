"""The price table: read from TOML, checked, looked up by rate and region."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import Any

from labs.errors import LabError


class Billed(StrEnum):
    """How time is counted."""

    STARTED_HOUR = "started hour"
    SECOND = "second"


@dataclass(frozen=True)
class Price:
    """USD for one unit, and the day it was read; None where that was not written down."""

    usd: float
    read: date | None = None


@dataclass(frozen=True)
class Rate:
    """One thing that is charged for: its unit in words, how time is counted, its price by region."""

    name: str
    unit: str
    billed: Billed
    prices: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True)
class PriceTable:
    """``rates`` by name; ``free`` and ``stored`` say in words, by kind, what has no price by the hour."""

    name: str
    rates: Mapping[str, Rate]
    free: Mapping[str, str]
    stored: Mapping[str, str]


def builtin() -> PriceTable:
    """The kit's own table."""
    return parse(files("labs.cost").joinpath("prices.toml").read_text(encoding="utf-8"), "the kit's price table")


def parse(text: str, name: str) -> PriceTable:
    """A table from TOML; LabError naming ``name`` and the place when it is not one."""
    try:
        data = tomllib.loads(text)
        if data.get("currency") != "USD":
            raise ValueError("currency must be 'USD'")
        rates = {key: _rate(key, value) for key, value in _table(data, "rate").items()}
        return PriceTable(name, rates, _words(data, "free"), _words(data, "stored"))
    except (ValueError, TypeError) as error:
        raise LabError(
            f"{name} is not a price table: {error}",
            "compare it with labs/cost/prices.toml, or unset LAB_PRICES",
            id="not-a-price-table",
        ) from error


def _rate(name: str, row: Any) -> Rate:
    where = f"rate.{name}"
    if not isinstance(row, dict) or not isinstance(row.get("unit"), str):
        raise ValueError(f"{where} has no unit")
    try:
        billed = Billed(row.get("billed", ""))
    except ValueError:
        raise ValueError(f"{where}: billed is {row.get('billed')!r}, not 'started hour' or 'second'") from None
    return Rate(
        name, row["unit"], billed, {region: _price(where, region, cell) for region, cell in _table(row, "usd").items()}
    )


def _price(where: str, region: str, cell: Any) -> Price:
    usd = cell.get("usd") if isinstance(cell, dict) else None
    if isinstance(usd, bool) or not isinstance(usd, int | float) or not 0 <= usd < 1e6:
        raise ValueError(f"{where}.usd.{region} has no price in USD")
    read = cell.get("read")
    if read is not None and not isinstance(read, date):
        raise ValueError(f"{where}.usd.{region}: read is not a date like 2026-08-20")
    return Price(float(usd), read)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key, {})
    if not isinstance(found, dict):
        raise ValueError(f"{key} is not a table")
    return found


def _words(data: Mapping[str, Any], key: str) -> dict[str, str]:
    return {kind: str(words) for kind, words in _table(data, key).items()}
