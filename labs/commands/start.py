"""``labs start`` (``make lab``): the local AWS and JupyterLab, until Ctrl-C; then everything it started is stopped."""

import argparse
from pathlib import Path

from labs.desk import copies
from labs.desk.place import opened_first
from labs.session import jupyterlab

EXAMPLES = {
    "labs start": "as make lab does",
    "labs start --no-browser --port 8890": "print the URL only, on a port of your choice",
}
EXITS = {0: "everything was stopped", 2: "it cannot start"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs start``."""
    default = f"JupyterLab's port (default: free from {jupyterlab.FIRST_PORT} up)"
    parser.add_argument("--port", type=int, default=0, help=default)
    parser.add_argument("--no-browser", action="store_true", help="print the URL only (also: LAB_NO_BROWSER=1)")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, SIGTERM or "Shut Down" in JupyterLab; 0 when everything was stopped."""
    jupyterlab.serve(args.port, browser=not args.no_browser, lay_out=_lay_out)
    return 0


def _lay_out(home: Path) -> str:
    """The desk as the course has it now, and what is worth saying of that; the notebook to open."""
    for line in copies.told(copies.lay_out(home)):
        print(line, flush=True)
    return opened_first(home)
