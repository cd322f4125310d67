"""The causes of a failed workflow run as a table for a reader, with the words by which each is known."""

from collections.abc import Sequence

from labs.workflow.log_causes import Cause, causes


def table(words: Sequence[str]) -> str:
    """The causes whose ids begin with one of the groups; ``words``: the groups (none: all)."""
    rows = [_row(each) for each in causes() if not words or each.id.split(".")[0] in words]
    return "\n".join(("| cause | known by | evidence |", "|---|---|---|", *rows))


def _row(cause: Cause) -> str:
    said = "<br>".join(f"`` {_cell(each.says.replace(':words}', '}'))} ``" for each in cause.words)
    known = said or "`login.none`, and a login to another host before it"
    marks = "<br>".join(f"{each.mark} {_cell(each.source)}" for each in cause.words)
    sort = " (explains only)" if cause.level == "warning" else " (repeats what others say)" if cause.generic else ""
    return f"| `{cause.id}`{sort}: {_cell(cause.cause)} | {known} | {marks} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text.replace("|", "\\|")
