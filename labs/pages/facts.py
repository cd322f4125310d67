"""What the course says about AWS that may change: ``docs/facts.toml``, read and checked.

The notebooks' tables "How sure are we?" are made from it, and ``labs facts`` lists it by age. The prices have their
own table (``labs.cost.prices``) and are listed with the facts.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from labs.cost import prices
from labs.errors import LabError
from labs.session.home import checkout

PLACE = "docs/facts.toml"
_TEXTS = ("sentence", "source", "mark")
_KEYS = {*_TEXTS, "read", "evidence", "table", "used"}


class FactMark(Enum):
    """What a fact rests on."""

    DOC = "[doc]"
    FIELD = "[field]"
    SRC = "[src]"
    INFERRED = "[inferred]"
    MEASURED = "[measured]"


@dataclass(frozen=True)
class Use:
    """A file of the repository, and the words there that state the fact."""

    place: str
    words: str


@dataclass(frozen=True)
class Fact:
    """One fact. ``evidence`` and ``table`` are "" for a fact that stands in no table; ``read`` None: day not known."""

    id: str
    sentence: str
    source: str
    mark: FactMark
    read: date | None
    evidence: str = ""
    table: str = ""
    used: tuple[Use, ...] = ()

    def is_older(self, months: int, today: date) -> bool:
        """Whether it was last read more than so many months before ``today``, or nobody knows when."""
        if self.read is None:
            return True
        passed = (today.year - self.read.year) * 12 + today.month - self.read.month
        return passed > months or (passed == months and today.day > self.read.day)


def facts() -> tuple[Fact, ...]:
    """Every fact, as ``docs/facts.toml`` has them. LabError names the entry that is not one."""
    return tuple(_fact(id, entry) for id, entry in _document().items() if id != "aside")


def set_aside() -> Mapping[str, Mapping[str, str]]:
    """Values of AWS's enums that the kit deals with in no way, each with the reason; by ``SERVICE.ENUM``."""
    found: Mapping[str, Mapping[str, str]] = _document().get("aside", {})
    return found


def price_facts() -> tuple[Fact, ...]:
    """The prices as facts; None in ``read`` where whoever read one wrote no day down."""
    table = prices.builtin()
    return tuple(
        Fact(
            f"price.{name}.{region}",
            f"{price.usd} USD per {rate.unit} in {region}",
            "AWS's price list as read by others",
            FactMark.FIELD,
            price.read,
            used=(Use("labs/cost/prices.toml", ""),),
        )
        for name, rate in table.rates.items()
        for region, price in rate.prices.items()
    )


def stale(months: int, today: date, among: Iterable[Fact]) -> tuple[Fact, ...]:
    """Those that want to be read again, the oldest first."""
    return tuple(
        sorted((each for each in among if each.is_older(months, today)), key=lambda each: str(each.read or ""))
    )


def table(words: Sequence[str]) -> str:
    """The rows of one notebook's table. ``words``: the notebook."""
    [notebook] = words
    rows = [f"| {each.sentence} | {each.evidence} |" for each in facts() if each.table == notebook]
    return "\n".join(("| claim | evidence |", "| --- | --- |", *rows))


def _document() -> Mapping[str, Any]:
    path = checkout() / PLACE
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LabError(f"There is no {PLACE}.", "run this in a clone of the repository", id="no-facts") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LabError(f"{PLACE} cannot be read: {error}", "fix it there", id="facts-unreadable") from error


def _fact(id: str, entry: Any) -> Fact:
    if not isinstance(entry, dict):
        raise _malformed(id, "is not a table")
    unknown = ", ".join(sorted(entry.keys() - _KEYS))
    if unknown:
        raise _malformed(id, f"has keys that mean nothing: {unknown}")
    missing = [key for key in _TEXTS if not isinstance(entry.get(key), str) or not entry[key]]
    if missing or type(entry.get("read")) is not date:
        raise _malformed(id, f"lacks {', '.join(missing) or 'read, a day'}")
    if bool(entry.get("table")) != bool(entry.get("evidence")):
        raise _malformed(id, "needs both a table and its evidence, or neither")
    try:
        mark = FactMark(entry["mark"])
    except ValueError as error:
        words = ", ".join(each.value for each in FactMark)
        raise _malformed(id, f"has the mark {entry['mark']}, and not one of {words}") from error
    try:
        used = tuple(Use(each["place"], each["words"]) for each in entry.get("used", ()))
    except (TypeError, KeyError) as error:
        raise _malformed(id, "has a use without place or words") from error
    texts = (entry["sentence"], entry["source"], mark, entry["read"])
    return Fact(id, *texts, entry.get("evidence", ""), entry.get("table", ""), used)


def _malformed(id: str, why: str) -> LabError:
    return LabError(f"{PLACE}: {id} {why}.", "read the first lines of that file", id="fact-malformed")


def places(fact: Fact) -> list[str]:
    """Where a fact is used, each file once: the notebook of its table, then the others."""
    found = [f"solutions/{fact.table}.ipynb"] if fact.table else []
    return list(dict.fromkeys([*found, *(each.place for each in fact.used)]))
