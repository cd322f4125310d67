"""The stages as a table for whoever plans a day with them, from each stage's own data."""

from collections.abc import Iterable, Sequence

from labs.lesson.stage import stages


def course(_words: Sequence[str]) -> str:
    """What the trainee does in each stage and what its check proves, as a table."""
    rows = [(each.notebook, str(each.minutes), each.does, each.proves) for each in stages()]
    return _table(("notebook", "minutes", "you do", "the check proves"), rows)


def outline(_words: Sequence[str]) -> str:
    """What the trainee does in each stage and how long it takes, as a table beside the notebooks that it links."""
    rows = [(f"[{each.notebook}]({each.notebook}.ipynb)", each.does, str(each.minutes)) for each in stages()]
    return _table(("notebook", "what you do", "minutes"), rows)


def listed(_words: Sequence[str]) -> str:
    """Notebook, title, minutes and cost of each stage, and the sum of the minutes, as a table."""
    rows = [(each.notebook, each.title, f"{each.minutes} min", each.cost) for each in stages()]
    rows.append(("all", "", f"{sum(each.minutes for each in stages())} min", ""))
    return _table(("notebook", "title", "time", "cost"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join((_row(head), "|" + "---|" * len(head), *map(_row, rows)))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
