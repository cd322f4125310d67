"""Stage 00 as the solution does it: read the account's number and give it back."""

from labs.lesson import runner
from labs.lesson.bench import Bench


def solve(bench: Bench) -> None:
    """Give the account's number. On real AWS only the trainee may confirm: LabError says how."""
    bench.target.require_confirmed()
    runner.confirm(bench.target, bench.target.account)


def reset(bench: Bench) -> None:
    """Nothing was created; the account stays confirmed, so that a reset never asks for it again."""
