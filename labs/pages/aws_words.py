"""The texts of AWS as lists for a reader, from the catalogue."""

from collections import Counter
from collections.abc import Sequence

from labs.aws_texts import Mark, Text, texts


def listed(words: Sequence[str]) -> str:
    """The texts of one file of the catalogue. ``words``: the file, then the groups wanted (none: all).

    A group is the first part of an id: ``eni`` of ``eni.no_address``.
    """
    file, *groups = words
    chosen = [text for text in texts(file).values() if not groups or text.id.split(".")[0] in groups]
    return "\n".join(_entry(text) for text in chosen)


def counted(words: Sequence[str]) -> str:
    """How many texts there are by mark, as a table. ``words``: the files, a column each."""
    columns = {file: Counter(text.mark for text in texts(file).values()) for file in words}
    rows = [(mark.value, [columns[file][mark] for file in words]) for mark in Mark]
    rows.append(("all", [columns[file].total() for file in words]))
    return "\n".join(
        (
            f"| mark | {' | '.join(f'`{file}`' for file in words)} | all |",
            "|---" * (len(words) + 2) + "|",
            *(f"| {name} | {' | '.join(map(str, row))} | {sum(row)} |" for name, row in rows if sum(row)),
        )
    )


def _entry(text: Text) -> str:
    lines = [f"- **`{text.id}`**: {text.case}", f"  - {_error(text)}{_code(text.words)}"]
    if text.older:
        lines.append(f"  - older: {_code(text.older)}")
    lines.append(f"  - {text.mark.value} {text.evidence}")
    if text.test:
        lines.append(f"  - test: `{text.test}`")
    return "\n".join(lines)


def _error(text: Text) -> str:
    """The code and the status of an error, before its words."""
    if not text.code:
        return ""
    return f"{text.code}, {text.status}: " if text.status else f"{text.code}: "


def _code(words: str) -> str:
    """Words as code: between two backticks where they hold one."""
    return f"`` {words} ``" if "`" in words else f"`{words}`"
