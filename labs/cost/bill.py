"""What the lab has cost so far, and what it would cost if it were left: arithmetic over times, facts and prices."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from labs.cost.meters import DEFINITION, ENDPOINT, GATEWAY_ENDPOINT, Meter, Unmetered, meters
from labs.cost.prices import Billed, Price, PriceTable, Rate

OVERNIGHT = timedelta(hours=12)
_MINUTE_S, _HOUR_S = 60.0, 3600.0


@dataclass(frozen=True)
class Period:
    """What was true of a resource from one moment (aware) to another; ``end`` None: still."""

    begin: datetime
    end: datetime | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """One resource over time: kind and id as in the ledger, its periods in order."""

    kind: str
    id: str
    region: str
    periods: tuple[Period, ...]

    @property
    def label(self) -> str:
        """The resource for people; an endpoint with the service it leads to."""
        service = str(self.periods[-1].facts.get("service") or "") if self.periods else ""
        # com.amazonaws.REGION.ecr.api
        short = service.split(".", 3)[-1] if service.startswith("com.amazonaws.") else service
        return f"{self.kind} {self.id}" + (f" ({short})" if short else "")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One resource at one price: USD so far and USD more if it is left; ``units`` run now or ran last."""

    kind: str
    id: str
    label: str
    region: str
    rate: Rate
    price: Price
    units: float
    so_far: float
    more: float


@dataclass(frozen=True)
class Unpriced:
    """A resource that costs something the bill cannot say, or costs by what it holds."""

    kind: str
    id: str
    why: str


@dataclass(frozen=True)
class Bill:
    """Lines with a price, and what has none. USD, list price, no tax, no free tier."""

    lines: tuple[Line, ...]
    unpriced: tuple[Unpriced, ...]
    notes: tuple[str, ...]
    at: datetime
    ahead: timedelta
    table: str

    @property
    def so_far(self) -> float:
        """USD until now, of what has a price."""
        return sum(line.so_far for line in self.lines)

    @property
    def more(self) -> float:
        """USD in the time ahead, of what is still there and has a price."""
        return sum(line.more for line in self.lines)

    def total_line(self) -> str:
        """The sum in one line, with what it leaves out and how old the prices are."""
        without = f", without {len(self.unpriced)} of unknown price" if self.unpriced else ""
        return f"about {self.so_far:.2f} USD{without} ({self.dated()})"

    def dated(self) -> str:
        """From when and where the prices are."""
        if not self.lines:
            return f"no resource with a price in {self.table}"
        places = sorted({line.region for line in self.lines})
        days = sorted({line.price.read.isoformat() if line.price.read else "" for line in self.lines})
        known = [day for day in days if day]
        read = f"read {known[0]}" + (f" to {known[-1]}" if len(known) > 1 else "") if known else "undated"
        return f"prices of {', '.join(places)}, {read}{' and undated' if known and '' in days else ''}"

    def __str__(self) -> str:
        hours = self.ahead.total_seconds() / _HOUR_S
        lines = [f"Cost on AWS in USD, by {self.table}: list prices, without tax, at most"]
        rows = [("", "so far", f"{hours:g} h more", "price")]
        for line in self.lines:
            rows.append((line.label, f"{line.so_far:.4f}", f"{line.more:.4f}", _priced(line)))
        rows.append(("total", f"{self.so_far:.2f}", f"{self.more:.2f}", f"at {self.at:%Y-%m-%d %H:%M} UTC"))
        width = max(len(row[0]) for row in rows)
        lines += [f"  {what:<{width}}  {sum_:>8}  {more:>9}  {price}".rstrip() for what, sum_, more, price in rows]
        if self.unpriced:
            lines.append("Not in the total, because no price is known:")
            lines += [f"  {each.kind} {each.id}: {each.why}" for each in self.unpriced]
        if self.notes:
            lines.append("Not in the total, because the ledger does not know the amount:")
            lines += [f"  {note}" for note in self.notes]
        return "\n".join(lines)


def _priced(line: Line) -> str:
    read = f"read {line.price.read.isoformat()}" if line.price.read else "undated"
    return f"{line.units:g} x {line.price.usd:g} per {line.rate.unit}, {line.region}, {read}"


def estimate(usages: Sequence[Usage], table: PriceTable, now: datetime, ahead: timedelta = OVERNIGHT) -> Bill:
    """The bill at ``now`` and for the time ``ahead``, if everything that is there stays as it is."""
    definitions = {usage.id: usage.periods[-1].facts for usage in usages if usage.kind == DEFINITION and usage.periods}
    lines: list[Line] = []
    unpriced: list[Unpriced] = []
    for usage in usages:
        try:
            runs = _runs(usage, definitions)
        except Unmetered as error:
            unpriced.append(Unpriced(usage.kind, usage.id, str(error)))
            continue
        for rate_name in dict.fromkeys(run.meter.rate for run in runs):
            rate, price = _look_up(table, rate_name, usage.region)
            if rate is None or price is None:
                unpriced.append(Unpriced(usage.kind, usage.id, f"no price for {rate_name} in {usage.region}"))
                continue
            of_rate = [run for run in runs if run.meter.rate == rate_name]
            lines.append(_line(usage, rate, price, of_rate, now, ahead))
        why = _unknown(usage, table) if not runs else ""
        if why:
            unpriced.append(Unpriced(usage.kind, usage.id, why))
    kinds = dict.fromkeys(usage.kind for usage in usages if not _is_gateway(usage))
    notes = tuple(f"{kind}: {table.stored[kind]}" for kind in kinds if kind in table.stored)
    return Bill(tuple(lines), tuple(unpriced), notes, now, ahead, table.name)


@dataclass
class _Run:
    """A meter that runs without a break."""

    meter: Meter
    begin: datetime
    end: datetime | None


def _runs(usage: Usage, definitions: Mapping[str, Mapping[str, Any]]) -> list[_Run]:
    """The meters of a resource over its life; a change that leaves a meter alone does not end its run."""
    runs: list[_Run] = []
    for period in usage.periods:
        for meter in meters(usage.kind, period.facts, definitions):
            same = next((run for run in runs if run.meter == meter and run.end == period.begin), None)
            if same:
                same.end = period.end
            else:
                runs.append(_Run(meter, period.begin, period.end))
    return [run for run in runs if run.meter.quantity]


def _line(usage: Usage, rate: Rate, price: Price, runs: Iterable[_Run], now: datetime, ahead: timedelta) -> Line:
    runs = list(runs)
    so_far = sum(price.usd * run.meter.quantity * _hours(rate, run.begin, run.end or now) for run in runs)
    still = [run for run in runs if run.end is None]
    later = sum(
        price.usd * run.meter.quantity * (_hours(rate, run.begin, now + ahead) - _hours(rate, run.begin, now))
        for run in still
    )
    units = sum(run.meter.quantity for run in still or runs[-1:])
    return Line(
        kind=usage.kind,
        id=usage.id,
        label=usage.label,
        region=usage.region,
        rate=rate,
        price=price,
        units=units,
        so_far=so_far,
        more=later,
    )


def _hours(rate: Rate, begin: datetime, end: datetime) -> float:
    """Hours that are charged between two moments."""
    seconds = max(0.0, (end - begin).total_seconds())
    if rate.billed is Billed.STARTED_HOUR:
        return float(max(1, math.ceil(seconds / _HOUR_S)))
    return max(_MINUTE_S, seconds) / _HOUR_S


def _look_up(table: PriceTable, rate: str, region: str) -> tuple[Rate | None, Price | None]:
    found = table.rates.get(rate)
    return found, found.prices.get(region) if found else None


def _is_gateway(usage: Usage) -> bool:
    facts = usage.periods[-1].facts if usage.periods else {}
    return usage.kind == ENDPOINT and bool(facts) and facts.get("type", "Gateway") == "Gateway"


def _unknown(usage: Usage, table: PriceTable) -> str:
    """Why a resource without a meter is not simply free; empty when it is."""
    kind = GATEWAY_ENDPOINT if _is_gateway(usage) else usage.kind
    metered = kind in (ENDPOINT, "ecs service", "ecs task")
    known = kind in table.free or kind in table.stored or metered
    return "" if known else "no price in the table"
