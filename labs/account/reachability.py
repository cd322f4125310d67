"""Whether a network interface reaches a host: over a snapshot from the account, or one that was saved."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labs import network
from labs.account.vpc_reader import Taken, take, vpc_of
from labs.errors import LabError
from labs.failures import explain
from labs.iam.json_faults import json_fault
from labs.iam.positions import line_and_column
from labs.ledger.names import KIT_TAG
from labs.printable import printable
from labs.session.target import Target
from labs.ui import text

# Bytes: the largest VPC that EC2 lets an account have is a few MiB.
_MOST = 64 << 20
_SAVED = "name a file that --save wrote"


def snapshot_of(target: Target, vpc: str = "", source: str = "") -> Taken:
    """A snapshot of ``vpc``, else of the one that ``source`` is in, else of the lab's own."""
    ec2 = target.client("ec2")
    return take(ec2, vpc or (vpc_of(ec2, source) if source else _lab_vpc(target, ec2)), target.region)


def _lab_vpc(target: Target, ec2: Any) -> str:
    """The one VPC of this lab."""
    wanted = [{"Name": f"tag:{KIT_TAG}", "Values": [target.prefix]}]
    try:
        found = [str(vpc["VpcId"]) for vpc in ec2.describe_vpcs(Filters=wanted)["Vpcs"]]
    except Exception as error:
        raise explain(error, "looking for the lab's VPC") from error
    if len(found) != 1:
        what = f"This lab has {len(found)} VPCs" if found else "This lab has no VPC"
        raise LabError(f"{what} in {target.region}.", "say which with --vpc vpc-...", id="not-one-lab-vpc")
    return found[0]


def load(file: Path) -> Mapping[str, Any]:
    """A snapshot's document. Raises LabError when the file cannot be read or is not JSON."""
    try:
        document = json.loads(_text(file))
    except OSError as error:
        why = error.strerror or error
        raise LabError(f"{file} cannot be read: {why}.", _SAVED, id="snapshot-not-read") from error
    except (ValueError, RecursionError) as error:
        what = f"{file} is not JSON: {error}."
        if isinstance(error, json.JSONDecodeError):
            fault = json_fault(error.doc)
            line, column = line_and_column(error.doc, fault.offset)
            what = f"{file} is not JSON, at line {line}, column {column}: {fault.words}."
        raise LabError(what, _SAVED, id="snapshot-not-json") from error
    if not isinstance(document, Mapping):
        raise LabError(f"{file} does not hold a JSON object.", _SAVED, id="snapshot-not-object")
    return document


def _text(file: Path) -> str:
    """LabError for what is no ordinary file (a device has no end, a FIFO waits), and for one too large."""
    # Without O_NONBLOCK a FIFO would wait for its other end.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise LabError(f"{file} is no ordinary file.", _SAVED, id="snapshot-no-file")
        data = opened.read(_MOST + 1)
    if len(data) > _MOST:
        raise LabError(f"{file} is larger than {_MOST >> 20} MiB.", _SAVED, id="snapshot-too-large")
    return data.decode("utf-8")


def save(file: Path, document: Mapping[str, Any]) -> None:
    """Write a snapshot's document to a file; LabError when it cannot be written."""
    try:
        file.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        why = error.strerror or error
        raise LabError(f"{file} cannot be written: {why}.", "name another file", id="snapshot-not-written") from error


def way(
    document: Mapping[str, Any],
    source: str | network.ProposedInterface,
    destination: str,
    *,
    protocol: str = "tcp",
    name: str = "The account's answer",
) -> network.Path:
    """The path from ``source`` to ``destination`` (``HOST:PORT``); LabError for what cannot be asked.

    ``name`` is the document's, for messages.
    """
    try:
        snapshot = network.Snapshot.parse(document)
    except network.MalformedSnapshot as error:
        raise LabError(f"{name} is not a snapshot: {error}", _SAVED, id="not-a-snapshot") from error
    try:
        wanted = network.Destination.parse(destination)
    except network.BadDestination as error:
        raise LabError(
            str(error), "give --to HOST:PORT, for example logs.us-east-1.amazonaws.com:443", id="bad-destination"
        ) from error
    try:
        return network.reach(snapshot, source, network.Destination(wanted.host, wanted.port, protocol))
    except network.UnknownSource as error:
        raise LabError(str(error), "check the id given with --from", id="unknown-source") from error


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
    return "\n".join(printable(line) for line in [*lines, "", *_end(path)])


def _end(path: network.Path) -> list[str]:
    if path.blocked_at is not None:
        fix = path.blocked_at.fix
        lines = [f"BLOCKED at: {path.blocked_at.step.value} ({path.blocked_at.resource})."]
        return [*lines, text.following(fix.words)] if fix is not None else lines
    if path.ok is None:
        lines = [f"CANNOT CHECK: {', '.join(hop.step.value for hop in path.unchecked)}."]
        return lines + [text.following(hop.fix.words) for hop in path.unchecked if hop.fix is not None][:1]
    lines = ["OPEN."]
    if path.endpoint is not None and path.endpoint.policy:
        lines.append(f"The policy of {path.endpoint.id} decides request by request and was not asked.")
    return lines
