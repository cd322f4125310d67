"""Stage 07: take back what the lab created, and keep the receipt."""

from labs.lesson.bench import Bench
from labs.lesson.cleaning import clean, receipt_file


def solve(bench: Bench) -> None:
    """Clean without a word for each resource."""
    clean(bench, lambda _line: None)


def reset(bench: Bench) -> None:
    """Forget the receipt. What was removed does not come back: the stages make it anew."""
    receipt_file(bench.home).unlink(missing_ok=True)
