"""``labs facts``: what the course says about AWS, each with its source and the day on which it was read."""

import argparse
from datetime import UTC, datetime

from labs.pages import facts
from labs.ui import text

EXAMPLES = {
    "labs facts": "every fact, its evidence and where it is used",
    "labs facts --stale 6": "what was read more than six months ago",
}
EXITS = {0: "listed; nothing is stale", 1: "--stale: something wants to be read again", 2: "docs/facts.toml is wrong"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs facts``."""
    parser.add_argument(
        "--stale",
        type=_months,
        metavar="MONTHS",
        help="only what was read more than so many months ago, or on no day known, prices too",
    )


def run(args: argparse.Namespace) -> int:
    """1 when ``--stale`` finds something, else 0."""
    every = (*facts.facts(), *facts.price_facts())
    if args.stale is None:
        print("\n".join(_lines(each) for each in every))
        return 0
    old = facts.stale(args.stale, datetime.now(UTC).date(), every)
    print("\n".join(_lines(each) for each in old) or f"Nothing was read more than {args.stale} months ago.")
    if old:
        print(text.following(f"read {len(old)} of {len(every)} again, and write the new day into {facts.PLACE}"))
    return 1 if old else 0


def _lines(fact: facts.Fact) -> str:
    day = str(fact.read or "no day known")
    return "\n".join(
        (
            f"{day:12}  {fact.mark.value:10}  {fact.id}",
            text.hanging("  ", fact.sentence),
            text.hanging("  source: ", fact.source),
            text.hanging("  used in: ", ", ".join(facts.places(fact)) or "nothing"),
        )
    )


def _months(given: str) -> int:
    """A whole number of months, 0 or more; argparse says what is wrong."""
    if not given.isascii() or not given.isdigit() or len(given) > 4:
        raise argparse.ArgumentTypeError(f"'{given[:20]}' is not a number of months, such as 6")
    return int(given)
