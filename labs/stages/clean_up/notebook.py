"""What the notebook of stage 07 adds to ``lab``."""

from pathlib import Path

from labs.lesson.bench import Bench
from labs.stages.clean_up import show
from labs.subjects.tasks import task_runs


def cost(bench: Bench) -> None:
    """What the lab has cost on AWS so far, and what it will cost if it is left until tomorrow morning.

    Example: ``lab.cost()``
    """
    print(show.cost(bench))


def ledger(bench: Bench) -> Path:
    """The file in which everything the lab creates is written down first."""
    return bench.target.ledger.file


VERBS = (cost,)
NAMES = {**task_runs.NAMES, "ledger": ledger}
