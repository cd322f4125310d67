"""``labs clean``: take back what the lab created, and print the receipt."""

import argparse
import os

from labs import engine as engines
from labs.errors import LabError
from labs.ledger import cleanup, costing
from labs.ledger.receipt import Receipt
from labs.lesson import cleaning
from labs.lesson.bench import Bench
from labs.session import local
from labs.session.home import lab_home
from labs.session.target import Target, connect

EXAMPLES = {
    "labs clean --dry-run": "see what would go, and what it has cost",
    "labs clean": "remove it; again goes on where it stopped",
    "labs clean --account 111122223333": "on real AWS, the first time",
}
EXITS = {0: "nothing is left", 1: "something is left; the receipt says what and why", 2: "it could not begin"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs clean``."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed; remove nothing")
    parser.add_argument("--account", default="", metavar="ID", help="confirm this AWS account (once, on real AWS)")


def run(args: argparse.Namespace) -> int:
    """0 when nothing is left, 1 when something is."""
    with local.borrowed(lab_home()):
        target = connect()
        if args.account:
            target.confirm(args.account)
        return _preview(target) if args.dry_run else _clean(target)


def _preview(target: Target) -> int:
    items = cleanup.preview(target)
    print(f"In account {target.account}, region {target.region}, target {target.name}:")
    print("\n".join(map(str, items)) or "  nothing to remove")
    print(costing.bill(target))
    return 0


def _cleaned(target: Target) -> tuple[Receipt, str]:
    """As lab.clean(): the receipt, and what to say of the progress, where that could not be looked at."""
    try:
        engine = engines.find()
    except LabError as error:
        # What costs goes whether or not an image can be built here today.
        return cleaning.clean_account(target), f"Your progress was left as it is: {error.what}"
    return cleaning.clean(Bench(target, engine, os.environ, target.client)), ""


def _clean(target: Target) -> int:
    unreadable = target.ledger.unreadable()
    if unreadable:
        print(f"{unreadable} lines of {target.ledger.file} cannot be read; the account is searched by tag as well.")
    try:
        receipt, kept = _cleaned(target)
    except KeyboardInterrupt:
        print("Interrupted. Nothing is lost: run `labs clean` again and it goes on from here.")
        raise
    print(receipt)
    if kept:
        print(kept)
    return 1 if receipt.left else 0
