"""``labs confirm ACCOUNT``: on real AWS nothing is created before its account was confirmed by its number, once."""

import argparse

from labs.lesson import runner
from labs.session.target import connect

EXAMPLES = {
    "labs confirm": "say which account it is, and as whom",
    "labs confirm 111122223333": "the lab may create there, and take it back",
}
EXITS = {0: "the account is confirmed", 1: "it is not", 2: "it is another account, or none answers"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The account's number, or nothing."""
    parser.add_argument("account", metavar="ACCOUNT", nargs="?", default="", help="the number of the AWS account")


def run(args: argparse.Namespace) -> int:
    """0 when the account is confirmed, 1 when it is only asked."""
    target = connect()
    if args.account:
        runner.confirm(target, args.account)
    where = f"account {target.account}, region {target.region}, as {target.identity}"
    if target.confirmed:
        print(f"Confirmed: {where}.")
        return 0
    print(f"Not confirmed: {where}.\nNext: if that is right, labs confirm {target.account}")
    return 1
