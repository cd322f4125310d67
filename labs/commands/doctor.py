"""``labs doctor``: what this machine has and what to fix. Exit code 0 if the lab can run as things are, else 1."""

import argparse
import json
import os
from dataclasses import asdict

from labs.engine.doctor import DoctorLine, DoctorStatus, can_run, examine, table
from labs.errors import LabError

EXAMPLES = {
    "labs doctor": "one line for each thing the lab needs",
    "LAB_TARGET=aws labs doctor": "your AWS account as well, before the day",
    "labs doctor --json": "the same for a program",
}
EXITS = {0: "the lab can run on this machine", 1: "it cannot yet; the lines marked fix say why"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def _local_aws() -> list[DoctorLine]:
    """A line about the local AWS where one runs and does not answer."""
    # It brings boto3, which --help need not wait for.
    from labs.session import local
    from labs.session.home import lab_home

    try:
        local.find_cloud(lab_home())
    except LabError as error:
        return [DoctorLine("local AWS", DoctorStatus.FIX, error.what, error.next_step)]
    return []


def _account() -> list[DoctorLine]:
    """What the account has that the course needs; without one, what was not looked at."""
    from labs.desk import readiness
    from labs.session import TargetName
    from labs.session.target import connect, target_name

    try:
        name = target_name(os.environ)
    except LabError as error:
        return [DoctorLine("LAB_TARGET", DoctorStatus.FIX, error.what, error.next_step, True)]
    if name is TargetName.LOCAL:
        return readiness.not_looked_at(name)
    try:
        return readiness.examine(connect(), os.environ)
    except LabError as error:
        return readiness.not_looked_at(name, error)


def run(args: argparse.Namespace) -> int:
    """Print the findings, one a line, and whether the lab can run."""
    findings = [*examine(), *_local_aws(), *_account()]
    runs = can_run(findings)
    if args.json:
        print(json.dumps({"can_run": runs, "findings": [asdict(finding) for finding in findings]}, indent=1))
    else:
        print(table(findings))
        print("The lab can run on this machine." if runs else "The lab cannot run yet: fix the first line marked fix.")
    return 0 if runs else 1
