"""The bill of one lab: the ledger's times and facts, put against the price table."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from labs.cost import OVERNIGHT, Bill, Period, PriceTable, Usage, builtin, estimate, parse
from labs.errors import LabError
from labs.failures import RAISED
from labs.ledger import kinds
from labs.ledger.lab_account import LabAccount
from labs.ledger.ledger import Entry, Ledger, State


def bill(
    target: LabAccount, env: Mapping[str, str] | None = None, now: datetime | None = None, ahead: timedelta = OVERNIGHT
) -> Bill:
    """Cost so far and ``ahead`` (12 hours), item by item, of what this lab has created since its last receipt.

    On the local AWS it is what AWS would charge. LabError when LAB_PRICES names no price table.
    """
    table = prices(os.environ if env is None else env)
    _note_what_ended(target)
    return _estimate(target.ledger, table, now, ahead)


def bill_by_ledger(ledger: Ledger, env: Mapping[str, str], now: datetime | None = None) -> Bill:
    """The same from the ledger alone, without a call: what ended by itself since counts as running, so "at most"."""
    return _estimate(ledger, prices(env), now, OVERNIGHT)


def _estimate(ledger: Ledger, table: PriceTable, now: datetime | None, ahead: timedelta) -> Bill:
    made = [entry for entry in ledger.entries() if entry.was_created]
    return estimate([usage(entry) for entry in made], table, now or datetime.now(UTC), ahead)


def prices(env: Mapping[str, str]) -> PriceTable:
    """The price table: the file that LAB_PRICES names, else the kit's own. LabError when it is none."""
    named = env.get("LAB_PRICES", "")
    if not named:
        return builtin()
    file = Path(named).expanduser()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise LabError(
            f"LAB_PRICES names {file}, which cannot be read: {reason}",
            "correct the path, or unset LAB_PRICES",
            id="price-table-unreadable",
        ) from error
    return parse(text, str(file))


def usage(entry: Entry) -> Usage:
    """A ledger entry as the bill sees it: one period for each set of facts."""
    begin = entry.created_at or entry.intended_at
    if begin is None:
        return Usage(entry.kind, entry.id, entry.region, ())
    end = entry.gone_at
    facts = entry.facts
    # The facts were written down with the intention, a moment before the resource began.
    starts = [max(begin, each.since) if i else begin for i, each in enumerate(facts)] or [begin]
    values = [each.values for each in facts] or [{}]
    ends = [*starts[1:], end]
    periods = tuple(Period(*each) for each in zip(starts, ends, values, strict=True))
    return Usage(entry.kind, entry.id, entry.region, periods)


def _note_what_ended(target: LabAccount) -> None:
    """What ended by itself (a task) costs nothing more: the account says since when."""
    for entry in target.ledger.entries():
        kind = kinds.known().named(entry.kind)
        if kind is None or kind.ended is None or entry.state is not State.CREATED:
            continue
        try:
            at = kind.ended(target.client(kind.service, region=entry.region), entry.id)
        except RAISED:
            # Then it counts as running: the bill says "at most".
            continue
        if at is not None:
            target.ledger.gone(entry.n, "stopped by itself", at.astimezone(UTC))
