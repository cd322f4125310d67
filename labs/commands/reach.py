"""``labs reach``: whether a network interface reaches a host, hop by hop; on a file, the local AWS or AWS."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labs import network
from labs.account import reachability
from labs.errors import LabError
from labs.printable import printable
from labs.session import local
from labs.session.home import lab_home
from labs.session.target import connect

_EXIT = {True: 0, False: 1, None: 2}
EXAMPLES = {
    "labs reach --from eni-1a2b --to api.ecr.us-east-1.amazonaws.com": "does a task reach ECR?",
    "labs reach --from subnet-1a2b --group sg-1a2b --to 10.0.0.9:443": "an interface to be made",
    "labs reach --save vpc.json": "keep the lab's VPC as it is now",
    "labs reach --snapshot vpc.json --from eni-1a2b --to 10.0.0.9:443": "without an account",
}
EXITS = {0: "open, or the snapshot was saved", 1: "blocked", 2: "it cannot be checked"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs reach``."""
    parser.add_argument(
        "--snapshot", type=Path, metavar="FILE", help="read this snapshot instead of asking the account"
    )
    parser.add_argument("--from", dest="source", metavar="ENI", help="the interface, or the subnet of one to be made")
    parser.add_argument("--to", metavar="HOST:PORT", help="a host name or IP address, and a port (443 when left out)")
    parser.add_argument("--udp", action="store_true", help="the packet is UDP, not TCP")
    parser.add_argument("--group", action="append", default=[], metavar="SG", help="with a subnet: a security group")
    parser.add_argument("--public", action="store_true", help="with a subnet: it gets a public IPv4 address")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write a snapshot of the VPC to this file")
    parser.add_argument("--vpc", default="", metavar="VPC", help="with --save: which VPC")


def run(args: argparse.Namespace) -> int:
    """0 when the path is open (or the snapshot saved), 1 when it is blocked, 2 when it cannot be checked."""
    _check(args)
    document, unread = _document(args)
    if args.save:
        reachability.save(args.save, document)
        print(f"Saved {args.save}.")
    for key, why in unread.items():
        print(printable(f"Not read: {key}: {why}"))
    if not args.to:
        return 0
    source: str | network.ProposedInterface = args.source
    if args.source.startswith("subnet-"):
        source = network.ProposedInterface(args.source, tuple(args.group), args.public)
    protocol = "udp" if args.udp else "tcp"
    name = str(args.snapshot or "The account's answer")
    path = reachability.way(document, source, args.to, protocol=protocol, name=name)
    print(reachability.report(path))
    return _EXIT[path.ok]


def _check(args: argparse.Namespace) -> None:
    if bool(args.source) != bool(args.to):
        raise LabError(
            "A path needs --from and --to.",
            "labs reach --from eni-... --to api.ecr.us-east-1.amazonaws.com",
            id="reach-half-a-path",
        )
    if not args.to and not args.save:
        raise LabError(
            "Nothing to do: neither a path nor a file to save.",
            "give --from and --to, or --save FILE",
            id="reach-nothing-to-do",
        )
    if args.snapshot and args.save:
        raise LabError(
            "--snapshot reads a file and --save takes a new snapshot.",
            "leave one of them out",
            id="reach-read-and-save",
        )
    if args.source and not args.source.startswith(("eni-", "subnet-")):
        raise LabError(
            f"'{args.source}' is not a network interface or subnet.",
            "give --from eni-... or subnet-...",
            id="reach-wrong-source",
        )
    if (args.group or args.public) and not (args.source or "").startswith("subnet-"):
        raise LabError(
            "--group and --public are for an interface that does not exist yet.",
            "give a subnet with --from, or drop them",
            id="reach-subnet-needed",
        )


def _document(args: argparse.Namespace) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    if args.snapshot:
        return reachability.load(args.snapshot), {}
    with local.borrowed(lab_home()):
        taken = reachability.snapshot_of(connect(), args.vpc, args.source or "")
    return taken.document, taken.unread
