"""``labs watch``: what JupyterLab's course panel asks; one JSON object a line in, one out, until the input ends."""

import argparse
import os
from pathlib import Path

from labs.files import make_folder

EXAMPLES = {
    """echo '{"n": 1}' | labs watch""": "the view of the course, as JSON",
}
EXITS = {0: "the input has ended"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs watch``: none."""
    parser.epilog = "JupyterLab starts it by itself. It looks at the stage in hand, and starts no local AWS."


def run(_args: argparse.Namespace) -> int:
    """Answer until the input ends."""
    from labs.desk import watching

    named = os.environ.get("LAB_HOME")
    if named:
        home = make_folder(Path(named).expanduser().absolute())
    else:
        # It brings boto3, which the first answer does not need.
        from labs.session.home import lab_home

        home = lab_home()
    watching.main(home)
    return 0
