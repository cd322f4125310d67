"""``labs docs``: write the generated parts of docs/, or compare them with what the product says."""

import argparse
import sys

from labs.pages import pages

EXAMPLES = {
    "labs docs build": "after a change of what a page is made from",
    "labs docs check": "which page does not say what the product says",
}
EXITS = {0: "every page says what the product says", 1: "check: one does not"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs docs``."""
    parser.add_argument(
        "what", choices=("build", "check"), metavar="{build,check}", help="write the generated parts, or compare them"
    )


def run(args: argparse.Namespace) -> int:
    """0 when every page is what the product says, 1 when ``check`` finds one that is not."""
    stale = [page for page in pages() if not page.current]
    for page in stale:
        if args.what == "build":
            page.path.write_text(page.built, "utf-8")
            print(f"Written: {page.shown}")
        else:
            print(f"{page.shown} does not say what the product says", file=sys.stderr)
    if stale and args.what == "check":
        print("Next: run labs docs build", file=sys.stderr)
        return 1
    return 0
