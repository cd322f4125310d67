"""``labs base``: put the base image of the sample app into the local registry, once."""

import argparse
import os

from labs.engine import find
from labs.engine.base import PUBLIC_IMAGE, BaseKind, BaseSource, put_base
from labs.session import connect

EXAMPLES = {
    "labs base": "the best source that can be reached",
    "labs base --from-archive python.tar": "without a network",
}
EXITS = {0: "the base image is there", 2: "no source could give it"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options: at most one source."""
    parser.epilog = "Without an option: a registry, then Debian packages, or the minimal one with the embedded engine."
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--from-registry",
        metavar="IMAGE",
        nargs="?",
        const=PUBLIC_IMAGE,
        help=f"copy an image (default {PUBLIC_IMAGE})",
    )
    source.add_argument("--from-archive", metavar="FILE", help="take it from an OCI archive (no network needed)")
    source.add_argument("--from-debian", action="store_true", help="make it from Debian packages (needs mmdebstrap)")
    source.add_argument("--minimal", action="store_true", help="the embedded engine's own; nothing is downloaded")


def run(args: argparse.Namespace) -> int:
    """Print one line: what was put, or what is already there."""
    target = connect()
    if target.name == "aws":
        print(f"On AWS the base image is {os.environ.get('LAB_PYTHON_IMAGE') or PUBLIC_IMAGE}; nothing is pushed.")
        return 0
    put_base(target, _source(args), find().name == "docker", say=print)
    return 0


def _source(args: argparse.Namespace) -> BaseSource | None:
    if args.from_registry:
        return BaseSource(BaseKind.REGISTRY, args.from_registry)
    if args.from_archive:
        return BaseSource(BaseKind.ARCHIVE, args.from_archive)
    if args.from_debian:
        return BaseSource(BaseKind.DEBIAN)
    return BaseSource(BaseKind.MINIMAL) if args.minimal else None
