"""``labs cloud``: serve the local AWS until SIGTERM."""

import argparse
import ipaddress
import json
import re
from pathlib import Path

from labs.cloud.wire.stderr_log import Log
from labs.errors import LabError


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
    if args.check_state:
        return _check_state(args.state.absolute())
    log = Log()
    try:
        _serve(args)
    finally:
        log.close()
    return 0


def _serve(args: argparse.Namespace) -> None:
    # Imports of moto take most of a second: only now, when the arguments are right.
    from labs.cloud.front.assembly import LocalAws
    from labs.cloud.wire import server

    cloud = LocalAws(
        args.state.absolute(), args.account, args.region, referenced_layer_rule=not args.no_referenced_layer_rule
    )
    try:
        port = args.port or cloud.identity.port
        if not args.port and port and not server.is_free(args.host, port):
            raise LabError(
                f"Port {port}, which this state used before and its image names carry, is in use.",
                "stop the program that uses it, or give another with --port (image names then change)",
            )
        listening = server.listen(args.host, port, cloud)
        bound = server.port_of(listening)
        cloud.host = f"{_spelled(args.host)}:{bound}"
        cloud.remember_port(bound)
        line = {
            "endpoint": f"http://{cloud.host}",
            "account": cloud.identity.account,
            "region": cloud.identity.region,
            "access_key_id": cloud.admin.access_key_id,
            "secret_access_key": cloud.admin.secret,
        }

        def ready() -> None:
            cloud.folder.announce(line)
            print(json.dumps(line), flush=True)
            cloud.start()

        server.serve(listening, ready)
    finally:
        cloud.close()


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
        raise LabError(f"{args.port} is no port.", "give a number from 0 to 65535")
    if args.account is not None and not re.fullmatch(r"\d{12}", args.account):
        raise LabError(f"'{args.account}' is no account id.", "give twelve digits, like 111122223333")
    if args.region is not None and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", args.region):
        raise LabError(f"'{args.region}' is no region.", "give one like us-east-1")
    if args.host != "localhost":
        try:
            ipaddress.ip_address(args.host)
        except ValueError as error:
            raise LabError(f"'{args.host}' is no address.", "give one like 127.0.0.1") from error


def _spelled(host: str) -> str:
    """The host as it stands in a URL; "any address" is reached over loopback."""
    if host in ("0.0.0.0", "::", "localhost"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
