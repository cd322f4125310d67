"""``labs diagnose``: why a task did not start, a service will not settle, or a definition would not run."""

from __future__ import annotations

import argparse

from labs.account import POLICY
from labs.account.case import Place
from labs.account.report import report
from labs.account.survey import clients_of, look, where
from labs.errors import LabError
from labs.session import local
from labs.session.home import lab_home
from labs.session.target import connect

_EPILOG = """\
Without a name it looks at the service of the cluster that is not steady, else at the newest task. It only reads.
LAB_TARGET=aws asks your account, with your usual credentials; without it the lab's local AWS is asked.
"""
EXAMPLES = {
    "labs diagnose": "what most needs a look in the lab's cluster",
    "labs diagnose my-service --cluster lab": "one service",
    "labs diagnose my-family:3 --subnet subnet-...": "a definition, before it runs",
    "LAB_TARGET=aws labs diagnose TASK-ARN": "a task in your AWS account",
}
EXITS = {0: "nothing is wrong", 1: "causes were found", 2: "something could not be checked or asked"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs diagnose``."""
    parser.epilog = _EPILOG
    what = "a task's id or ARN, a service's name or ARN, or a task definition's family, family:revision or ARN"
    parser.add_argument("name", nargs="?", default="", metavar="TASK|SERVICE|DEFINITION", help=what)
    parser.add_argument(
        "--cluster", default="", help="the cluster's name or ARN (default: that of an ARN, else the lab's own)"
    )
    parser.add_argument(
        "--subnet", action="append", default=[], metavar="SUBNET", help="where a definition would run; may be repeated"
    )
    parser.add_argument(
        "--group", action="append", default=[], metavar="SG", help="in which security group; also for a stopped task"
    )
    parser.add_argument("--public", action="store_true", help="a definition would run with a public address")
    parser.add_argument("--exec", action="store_true", dest="shell", help="also say whether ECS Exec would work")
    parser.add_argument("--policy", action="store_true", help="print the IAM policy of all that is read, and end")


def run(args: argparse.Namespace) -> int:
    """0 when nothing is wrong, 1 when causes were found, 2 when not everything could be checked."""
    if args.policy:
        print(POLICY.read_text("utf-8"), end="")
        return 0
    _check(args)
    with local.borrowed(lab_home()):
        target = connect()
        place = Place(tuple(args.subnet), tuple(args.group) or None, args.public)
        looked = look(clients_of(target), where(target, args.cluster, place, args.shell), args.name)
    print(report(looked))
    return 1 if looked.diagnosis.causes else 2 if looked.diagnosis.unchecked else 0


def _check(args: argparse.Namespace) -> None:
    for option, prefix, ids in (("--subnet", "subnet-", args.subnet), ("--group", "sg-", args.group)):
        for id in ids:
            if not id.startswith(prefix):
                raise LabError(
                    f"'{id}' is not an id for {option}.", f"give {option} {prefix}...", id="wrong-kind-of-id"
                )
    if not args.name and (args.subnet or args.group or args.public):
        raise LabError(
            "--subnet, --group and --public need a name.",
            "say which task or task definition",
            id="diagnose-place-without-name",
        )
