"""``labs diagnose``: why a task did not start, a service will not settle, or a definition would not run."""

from __future__ import annotations

import argparse
from typing import Any

from labs.diagnose.account import Clients
from labs.diagnose.case import Place
from labs.diagnose.looking import Where, look
from labs.diagnose.report import report
from labs.target import local
from labs.target.home import lab_home
from labs.target.target import Target, connect


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs diagnose``."""
    parser.add_argument("name", nargs="?", default="", help="a task's id or ARN, a service, or a task definition")
    parser.add_argument("--cluster", default="", help="default: the lab's own")
    parser.add_argument("--subnet", action="append", default=[], metavar="SUBNET", help="where a definition would run")
    parser.add_argument("--group", action="append", default=[], metavar="SG", help="in which security group")


def run(args: argparse.Namespace) -> int:
    """0 when nothing stops the start, 1 when something does, 2 when not everything could be checked."""
    with local.borrowed(lab_home()):
        target = connect()
        where = place_of(target, args.cluster, Place(tuple(args.subnet), tuple(args.group)))
        case, plan, diagnosis = look(clients_of(target), where, args.name)
    print(report(case, plan, diagnosis))
    return 1 if diagnosis.causes else 2 if diagnosis.unchecked else 0


def place_of(target: Target, cluster: str, place: Place) -> Where:
    """Where to look in a target: its own cluster unless another is named."""
    return Where(target.account, target.region, cluster or target.prefix, target.registry, place)


def clients_of(target: Target) -> Clients:
    """boto3 clients of a target, by service and Region."""

    def client(service: str, region: str = "") -> Any:
        return target.client(service, region=region)

    return client
