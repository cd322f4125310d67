"""The files an author writes for a stage, read strictly: what is wrong in them is said with the file and the line.

``stage.toml`` is the schema below; the other files of a stage are looked at by ``stage_review``.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from labs.errors import LabError

ROOT = Path(__file__).parents[2]
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TWICE = re.compile(r"Cannot declare \('([^']+)',\) twice|Cannot overwrite a value")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NOTEBOOK = re.compile(r"[^/\\]+")

# Key of stage.toml: its type, and an example to show where it is missing.
REQUIRED: Mapping[str, tuple[type, str]] = {
    "order": (int, "6"),
    "title": (str, '"Tags: a tag that stays"'),
    "notebook": (str, '"06-tags"'),
    "minutes": (int, "20"),
    "cost": (str, '"nothing"'),
    "does": (str, '"make a log group that forgets"'),
    "proves": (str, '"the group is there, and has a retention"'),
    "needs": (list, '["start"]'),
    "creates": (list, '["a log group"]'),
    "prediction": (dict, "a table [prediction]"),
}
OPTIONAL: Mapping[str, type] = {"name": str, "lasting": bool, "local_only": bool}
PREDICTION: Mapping[str, type] = {"question": str, "right": str, "why": str, "options": dict}
# Key: what its value must be, and how that is said.
_VALUES: Mapping[str, tuple[Callable[[Any], object], str]] = {
    "order": (lambda value: 0 <= value < 100, "a number from 0 to 99"),
    "minutes": (lambda value: value > 0, "more than 0"),
    "name": (NAME.fullmatch, "lower-case letters and digits, with hyphens between words"),
    "notebook": (_NOTEBOOK.fullmatch, "its number and a name, without a folder"),
}
_KINDS = {int: "a whole number", str: "a text", list: "a list of texts", dict: "a table", bool: "true or false"}


def place(path: Path, line: int = 0) -> str:
    """A file, and a line in it if one is given, as an editor opens it: ``labs/stages/tags/stage.toml:7``."""
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return f"{shown}:{line}" if line else str(shown)


def line_with(path: Path, pattern: str, after: int = 0) -> int:
    """The number of the first line after a line that a pattern matches from its beginning; 1 when none does."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if number > after and re.match(pattern, line.strip()):
            return number
    return 1


def line_of_table(path: Path, name: str) -> int:
    """Where ``[name]`` stands, quoted or not."""
    return line_with(path, rf"\[\s*[\"']?{re.escape(name)}[\"']?\s*\]")


def line_of_key(path: Path, key: str, table: str = "") -> int:
    """Where ``key = ...`` stands, in that table if one is named."""
    return line_with(path, rf"[\"']?{re.escape(key)}[\"']?\s*=|\[.*\b{re.escape(key)}\]", _start(path, table))


def _start(path: Path, table: str) -> int:
    return line_of_table(path, table) if table else 0


def missing(path: Path) -> LabError:
    """A file that every stage has is not there."""
    return LabError(
        f"{place(path)} is missing.",
        "write it; docs/authoring.md shows one, and labs stage new NAME writes them all",
        id="stage-file-missing",
    )


def read_toml(path: Path) -> dict[str, Any]:
    """The file's content. LabError with the line when it is missing, is not TOML, or writes a name twice."""
    try:
        # Some editors on Windows begin a UTF-8 file with a byte order mark, which TOML does not know.
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise missing(path) from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, str(error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise LabError(
            f"{place(path, line)}: this is not UTF-8.", "save the file as UTF-8", id="stage-file-not-utf8"
        ) from error
    except OSError as error:
        raise LabError(
            f"{place(path)} cannot be read: {error.strerror}.",
            "make it a file that you may read",
            id="stage-file-unreadable",
        ) from error


def _not_toml(path: Path, words: str) -> LabError:
    at = _AT.search(words)
    line = int(at[1]) if at and at[1] else len(path.read_text("utf-8").splitlines())
    what = _AT.sub("", words)
    twice = _TWICE.match(what)
    if twice:
        name = twice[1] or path.read_text("utf-8").splitlines()[line - 1].partition("=")[0].strip()
        first = line_of_table(path, name) if twice[1] else line_of_key(path, name)
        return LabError(
            f"{place(path, line)}: {name} is written twice in this file.",
            f"give it another name, or delete one of the two (the first is on line {first})",
            id="name-twice-in-a-file",
        )
    return LabError(f"{place(path, line)}: this is not TOML: {what}.", "correct that line", id="stage-file-not-toml")


def read_stage(path: Path) -> dict[str, Any]:
    """A ``stage.toml`` without a mistake. LabError is the first mistake in it."""
    raw = read_toml(path)
    for error in mistakes(path, raw):
        raise error
    return raw


def mistakes(path: Path, raw: Mapping[str, Any]) -> Iterator[LabError]:
    """What is wrong in a ``stage.toml``: unknown and missing keys, wrong types, a prediction without its answer."""
    known = {**{key: kind for key, (kind, _) in REQUIRED.items()}, **OPTIONAL}
    yield from _keys(path, raw, known)
    for key, (_, example) in REQUIRED.items():
        if key not in raw:
            yield LabError(
                f"{place(path, 1)}: the stage has no '{key}'.", f"add: {key} = {example}", id="stage-key-missing"
            )
    prediction = raw.get("prediction")
    if isinstance(prediction, dict):
        yield from _prediction(path, prediction)
    order, notebook = raw.get("order"), raw.get("notebook")
    for key, (fits, words) in _VALUES.items():
        if type(raw.get(key)) is known[key] and not fits(raw[key]):
            yield LabError(
                f"{place(path, line_of_key(path, key))}: '{key}' must be {words}.",
                "correct that line",
                id="stage-value-out-of-range",
            )
    if isinstance(order, int) and isinstance(notebook, str) and not notebook.startswith(f"{order:02}-"):
        where = place(path, line_of_key(path, "notebook"))
        wanted = f"{order:02}-{notebook.partition('-')[2] or notebook}"
        yield LabError(
            f"{where}: the notebook of a stage with order {order} is called {order:02}-...",
            f'write: notebook = "{wanted}", and rename the file in solutions/',
            id="notebook-not-in-order",
        )


def _keys(path: Path, raw: Mapping[str, Any], known: Mapping[str, type], table: str = "") -> Iterator[LabError]:
    for key, value in raw.items():
        where = place(path, line_of_key(path, key, table))
        if key not in known:
            yield LabError(
                f"{where}: '{key}' is not a key of {table or 'a stage'}.",
                f"use one of: {', '.join(known)}",
                id="stage-key-unknown",
            )
        elif type(value) is not known[key] or (isinstance(value, list) and not all(map(_is_text, value))):
            yield LabError(
                f"{where}: '{key}' must be {_KINDS[known[key]]}.", "correct that line", id="stage-key-of-another-type"
            )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _prediction(path: Path, prediction: Mapping[str, Any]) -> Iterator[LabError]:
    yield from _keys(path, prediction, PREDICTION, "prediction")
    for key in PREDICTION:
        if key not in prediction:
            where = place(path, line_of_table(path, "prediction"))
            yield LabError(f"{where}: the prediction has no '{key}'.", f"add '{key}'", id="prediction-key-missing")
    options, right = prediction.get("options"), prediction.get("right")
    for key, meaning in options.items() if isinstance(options, dict) else ():
        if not _is_text(meaning):
            yield LabError(
                f"{place(path, line_of_key(path, key, 'prediction.options'))}: what '{key}' means must be a text.",
                "correct that line",
                id="prediction-option-not-a-text",
            )
    if isinstance(options, dict) and isinstance(right, str) and right not in options:
        where = place(path, line_of_key(path, "right", "prediction"))
        yield LabError(
            f"{where}: the right answer '{right}' is not one of the prediction's options.",
            f"use one of: {', '.join(options)}",
            id="prediction-without-its-answer",
        )
