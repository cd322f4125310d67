"""``labs reach``: whether a network interface reaches a host, hop by hop; on a file, the local AWS or AWS."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labs import network
from labs.account.vpc_reader import Taken, take, vpc_of
from labs.errors import LabError
from labs.failures import explain
from labs.ledger.names import KIT_TAG
from labs.session import local
from labs.session.home import lab_home
from labs.session.target import Target, connect

_EXIT = {True: 0, False: 1, None: 2}


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
        _save(args.save, document)
    for key, why in unread.items():
        print(f"Not read: {key}: {why}")
    if not args.to:
        return 0
    path = _reach(document, args, str(args.snapshot or "The account's answer"))
    print(report(path))
    return _EXIT[path.ok]


def _check(args: argparse.Namespace) -> None:
    if bool(args.source) != bool(args.to):
        raise LabError(
            "A path needs --from and --to.", "labs reach --from eni-... --to api.ecr.us-east-1.amazonaws.com"
        )
    if not args.to and not args.save:
        raise LabError("Nothing to do: neither a path nor a file to save.", "give --from and --to, or --save FILE")
    if args.snapshot and args.save:
        raise LabError("--snapshot reads a file and --save takes a new snapshot.", "leave one of them out")
    if args.source and not args.source.startswith(("eni-", "subnet-")):
        raise LabError(f"'{args.source}' is no network interface or subnet.", "give --from eni-... or subnet-...")
    if (args.group or args.public) and not (args.source or "").startswith("subnet-"):
        raise LabError(
            "--group and --public are for an interface that does not exist yet.",
            "give a subnet with --from, or drop them",
        )


def _document(args: argparse.Namespace) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    if args.snapshot:
        return load(args.snapshot), {}
    with local.borrowed(lab_home()):
        target = connect()
        taken = _take(target, args)
    return taken.document, taken.unread


def _take(target: Target, args: argparse.Namespace) -> Taken:
    ec2 = target.client("ec2")
    vpc = args.vpc or (vpc_of(ec2, args.source) if args.source else _lab_vpc(target, ec2))
    return take(ec2, vpc, target.region)


def _lab_vpc(target: Target, ec2: Any) -> str:
    """The one VPC of this lab."""
    wanted = [{"Name": f"tag:{KIT_TAG}", "Values": [target.prefix]}]
    try:
        found = [str(vpc["VpcId"]) for vpc in ec2.describe_vpcs(Filters=wanted)["Vpcs"]]
    except Exception as error:
        raise explain(error, "looking for the lab's VPC") from error
    if len(found) != 1:
        what = f"This lab has {len(found)} VPCs" if found else "This lab has no VPC"
        raise LabError(f"{what} in {target.region}.", "say which with --vpc vpc-...")
    return found[0]


def load(file: Path) -> Mapping[str, Any]:
    """A snapshot's document. Raises LabError when the file cannot be read or is not JSON."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(f"{file} cannot be read: {error.strerror or error}.", "name a file that --save wrote") from error
    except (ValueError, RecursionError) as error:
        raise LabError(f"{file} is not JSON: {error}.", "name a file that --save wrote") from error
    if not isinstance(document, Mapping):
        raise LabError(f"{file} holds no JSON object.", "name a file that --save wrote")
    return document


def _save(file: Path, document: Mapping[str, Any]) -> None:
    try:
        file.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise LabError(f"{file} cannot be written: {error.strerror or error}.", "name another file") from error
    print(f"Saved {file}.")


def _reach(document: Mapping[str, Any], args: argparse.Namespace, name: str) -> network.Path:
    try:
        snapshot = network.Snapshot.parse(document)
    except network.MalformedSnapshot as error:
        raise LabError(f"{name} is no snapshot: {error}", "name a file that --save wrote") from error
    try:
        wanted = network.Destination.parse(args.to)
        wanted = network.Destination(wanted.host, wanted.port, "udp" if args.udp else "tcp")
    except network.BadDestination as error:
        raise LabError(str(error), "give --to HOST:PORT, for example logs.us-east-1.amazonaws.com:443") from error
    source: str | network.ProposedInterface = args.source
    if args.source.startswith("subnet-"):
        source = network.ProposedInterface(args.source, tuple(args.group), args.public)
    try:
        return network.reach(snapshot, source, wanted)
    except network.UnknownSource as error:
        raise LabError(str(error), "check the id given with --from") from error


def report(path: network.Path) -> str:
    """The path in plain lines: every hop with what decided, then the verdict and the next thing to do."""
    address = f" ({path.address})" if path.address and path.address != path.destination.host else ""
    lines = [f"From {path.source} to {path.destination}{address}", ""]
    for number, hop in enumerate(path.hops, 1):
        lines.append(f"{number:2}. {hop.verdict.value:12} {hop.step.value}")
        decided = ", ".join(part for part in (hop.resource, hop.rule) if part)
        lines.append(f"    {hop.reason}")
        if decided:
            lines.append(f"    decided by: {decided}")
    return "\n".join([*lines, "", *_end(path)])


def _end(path: network.Path) -> list[str]:
    if path.blocked_at is not None:
        mend = path.blocked_at.mend
        lines = [f"BLOCKED at: {path.blocked_at.step.value} ({path.blocked_at.resource})."]
        return [*lines, f"Next: {mend.words}"] if mend is not None else lines
    if path.ok is None:
        return [f"CANNOT CHECK: {', '.join(hop.step.value for hop in path.unchecked)}."]
    lines = ["OPEN."]
    if path.endpoint is not None and path.endpoint.policy:
        lines.append(f"The policy of {path.endpoint.id} decides request by request and was not asked.")
    return lines
