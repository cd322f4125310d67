"""``labs reset STAGE``: undo a stage and those that build on it, and begin its notebook anew."""

import argparse
import sys

from labs.desk import afresh
from labs.errors import LabError
from labs.lesson.bench import open_bench
from labs.lesson.progress import Progress
from labs.lesson.stage import Stage, stage, stages
from labs.session.home import lab_home

EXAMPLES = {
    "labs reset push-fixed": "undo 03, and what builds on it; asks first",
    "labs reset --all --yes": "back to the beginning of the course",
}
EXITS = {0: "undone", 1: "you said no: nothing was undone", 2: "it could not be undone"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs reset``."""
    names = ", ".join(each.name for each in stages())
    parser.add_argument("stage", metavar="STAGE", nargs="?", help=f"one of: {names}")
    parser.add_argument("--all", action="store_true", help="every stage")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Say what would be undone, ask, and print what was."""
    wanted = _wanted(args.stage, args.all)
    if not args.yes:
        print(afresh.plan(wanted, Progress.at(lab_home())), flush=True)
        if not sys.stdin.isatty():
            words = "--all" if args.all else wanted[0].name
            raise LabError(
                "Nothing was undone: nobody can be asked here.", f"run: labs reset {words} --yes", id="reset-not-asked"
            )
        if not _agreed():
            print("Nothing was undone.")
            return 1
    print(afresh.told(afresh.begin_again(wanted, open_bench())))
    return 0


def _wanted(name: str | None, everything: bool) -> tuple[Stage, ...]:
    if everything and name is None:
        return stages()
    if name is None or everything:
        raise LabError(
            "A reset is of one stage, or of all.", "run: labs reset STAGE, or labs reset --all", id="reset-of-what"
        )
    return (stage(name),)


def _agreed() -> bool:
    try:
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False
