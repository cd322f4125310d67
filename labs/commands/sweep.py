"""``labs sweep``: list, or delete, what labs of any owner have forgotten in this account and region."""

import argparse
from datetime import UTC, datetime

from labs.errors import LabError
from labs.ledger import sweep
from labs.ledger.names import stamp
from labs.ledger.receipt import Outcome
from labs.printable import printable
from labs.session import TargetName, local
from labs.session.home import lab_home
from labs.session.target import Target, connect

EXAMPLES = {
    "labs sweep": "list; nothing is deleted",
    "labs sweep --delete": "delete what has expired, and only that",
}
EXITS = {
    0: "nothing that has expired is left, or only listed",
    1: "something is left or could not be read",
    2: "it could not begin",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs sweep``."""
    parser.add_argument("--delete", action="store_true", help="delete what is listed as expired, whoever made it")
    parser.add_argument("--account", default="", metavar="ID", help="confirm the AWS account; --delete asks for it")


def run(args: argparse.Namespace) -> int:
    """0 when nothing expired is left or nothing was to be deleted, 1 when something is left."""
    with local.borrowed(lab_home()):
        target = connect()
        if args.account:
            target.confirm(args.account)
        now = datetime.now(UTC)
        found = sweep.search(target)
        _show(target, found, now)
        expired = found.expired(now)
        if not args.delete:
            if expired:
                print("Next: labs sweep --delete removes what has expired, and only that")
            return 0
        if target.name is TargetName.AWS and not args.account:
            raise LabError(
                f"This deletes {len(expired)} resources of any owner in account {target.account}, "
                f"region {target.region}. Nothing was deleted.",
                f"if that is right: labs sweep --delete --account {target.account}",
                id="sweep-needs-account",
            )
        items = sweep.delete(target, expired, now)
    left = [item for item in items if item.outcome is Outcome.LEFT]
    print(f"Swept account {target.account}, region {target.region}: gone {len(items) - len(left)}, left {len(left)}")
    return 1 if left or found.unread else 0


def _show(target: Target, found: sweep.Search, now: datetime) -> None:
    print(f"In account {target.account}, region {target.region} (other regions are not looked at):")
    for each in sorted(found.found, key=lambda one: (not one.expired(now), one.lab, one.owner)):
        expires = stamp(each.expires) if each.expires else "no expires-at"
        state = "expired" if each.expired(now) else "stays"
        whose = printable(f"{each.id}  (lab {each.lab}, owner {each.owner or '-'}, {expires})")
        print(f"  {state:<8}  {each.kind:<27}  {whose}")
    if not found.found:
        print("  nothing carries the kit's tag")
    for item in found.unread:
        print(printable(item))
