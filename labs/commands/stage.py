"""``labs stage``: write a new stage that works, or look a stage's folder over."""

import argparse
import sys

from labs import lab
from labs.errors import LabError
from labs.lesson import scaffold
from labs.lesson.stage import stage, stages
from labs.lesson.stage_file import place
from labs.lesson.stage_review import problems

EXAMPLES = {
    "labs stage new tag-rules": "a folder and a notebook that can be solved, to be changed",
    "labs stage check tag-rules": "what is wrong in its files, with the line to change",
    "labs stage check": "the same of every stage",
}
EXITS = {0: "done, or nothing is wrong", 1: "check: something is wrong", 2: "new: the name cannot be had"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs stage``."""
    parser.add_argument(
        "what", choices=("new", "check"), metavar="{new,check}", help="write a new stage, or look stages over"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="new: its name; check: stages (default: all)")
    parser.add_argument("--order", type=int, metavar="N", help="new: its number (default: the next free one)")


def run(args: argparse.Namespace) -> int:
    """0 when the stage was written, or nothing is wrong; 1 when something is."""
    return _new(args.names, args.order) if args.what == "new" else _check(args.names)


def _new(names: list[str], order: int | None) -> int:
    if len(names) != 1:
        raise LabError("A new stage has one name.", "run: labs stage new tag-rules", id="stage-new-one-name")
    name = names[0]
    made = scaffold.new(name, order)
    print(f"Written: {place(made.folder)}/, and {made.notebook}.ipynb in solutions/ and notebooks/")
    print("It works as it is: unsolved NOT YET, solved PASS, two wrong answers. Change it file by file:")
    print("  stage.toml        title, minutes, cost, the prediction")
    print("  check.py          what is proved, gate by gate; it only reads, as policies/check.json allows")
    print("  solve.py          how it is done and undone; wrong.py: how people get it wrong")
    print("  messages, hints   what the check says, and five hints for each message")
    print("  notebook.py       what it adds to lab; delete it if that is nothing")
    print(f"Next: labs notebooks execute {made.notebook}, then labs stage check {name}, and docs/authoring.md")
    return 0


def _check(names: list[str]) -> int:
    chosen = [stage(name) for name in names] or list(stages())
    found = [problem for each in chosen for problem in problems(each, lab.EVERYWHERE)]
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"Nothing is wrong with {', '.join(each.name for each in chosen)}.")
    return 1 if found else 0
