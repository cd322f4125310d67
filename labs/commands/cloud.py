"""``labs cloud``: serve the local AWS until SIGTERM."""

import argparse
import ipaddress
import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from labs.cloud.wire.stderr_log import Log
from labs.errors import LabError

EXAMPLES = {
    "labs cloud --state /tmp/aws": "one JSON line when ready; Ctrl-C ends it",
    "labs cloud --state /tmp/aws --check-state": "read it all, set aside what is broken",
}
EXITS = {
    0: "it was stopped (--check-state: all is whole)",
    1: "--check-state: something was set aside",
    2: "it cannot start",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the black-box contract."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port; 0 takes the one used before with this state, or a free one"
    )
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="folder that keeps everything")
    parser.add_argument("--account", help="twelve digits (default: 111122223333)")
    parser.add_argument("--region", help="home region, where ECR is (default: us-east-1)")
    parser.add_argument(
        "--check-state",
        action="store_true",
        help="do not serve: read everything in the folder, name what is broken and set it aside",
    )
    parser.add_argument(
        "--no-referenced-layer-rule",
        action="store_true",
        help="HEAD of a layer that an image refers to needs no ecr:GetDownloadUrlForLayer",
    )


def run(args: argparse.Namespace) -> int:
    """Serve; print one JSON line when ready. Raises LabError for what stands in the way."""
    _check(args)
    state = args.state.absolute()
    if args.check_state:
        return _check_state(state)

    def ready(facts: Mapping[str, str]) -> None:
        print(json.dumps(facts), flush=True)
        if sys.stderr.isatty():
            env = f'eval "$(labs env --state {shlex.quote(str(state))})"'
            print(
                f"It serves until Ctrl-C, and its state stays.\nNext: in another shell, {env}",
                file=sys.stderr,
            )

    log = Log()
    try:
        # Imports moto, which takes most of a second: only now, when the arguments are right.
        from labs.cloud.front.serving import serve

        serve(
            state,
            host=args.host,
            port=args.port,
            account=args.account,
            region=args.region,
            referenced_layer_rule=not args.no_referenced_layer_rule,
            ready=ready,
        )
    finally:
        log.close()
    return 0


def _check_state(path: Path) -> int:
    """0 when all is whole, 1 when something was set aside."""
    from labs.cloud.state.inspection import inspect

    report = inspect(path)
    for finding in report.findings:
        print(f"{finding.what}: {finding.done}.")
    print(f"{'The rest' if report.findings else 'All'} of {path} is whole: {report.whole}.")
    return 1 if report.findings else 0


def _check(args: argparse.Namespace) -> None:
    if not 0 <= args.port <= 65535:
        raise LabError(f"{args.port} is not a port number.", "give a number from 0 to 65535", id="not-a-port-number")
    if args.account is not None and not re.fullmatch(r"\d{12}", args.account):
        raise LabError(
            f"'{args.account}' is not an account id.", "give twelve digits, like 111122223333", id="not-an-account-id"
        )
    if args.region is not None and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", args.region):
        raise LabError(f"'{args.region}' is not a region.", "give one like us-east-1", id="not-a-region")
    if args.host != "localhost":
        try:
            ipaddress.ip_address(args.host)
        except ValueError as error:
            raise LabError(
                f"'{args.host}' is not an address.", "give one like 127.0.0.1", id="not-an-address"
            ) from error
