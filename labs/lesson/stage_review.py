"""A stage folder looked over as a whole, for its author: everything that is wrong, each with file and line."""

import ast
import inspect
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from labs.errors import LabError
from labs.ledger import kinds
from labs.lesson import additions, notebooks
from labs.lesson.bench import VARIABLES
from labs.lesson.message_file import hint_mistakes, hints_against_messages, message_mistakes
from labs.lesson.stage import COMMON, Stage, Wrong, stages
from labs.lesson.stage_file import line_of_key, line_of_table, line_with, missing, place, read_toml
from labs.session.home import checkout
from labs.verdict import Catalogue, Status

# What an action that only reads begins with.
READS = ("Get", "List", "Describe", "BatchGet", "BatchCheck", "Lookup", "Filter")
# Module: what it must define.
_MODULES = {"check": ("check",), "solve": ("solve", "reset"), "wrong": ("WRONG",)}
_FILES = ("check.py", "solve.py", "wrong.py", "messages.en.toml", "hints.en.toml", "policies/check.json")


def problems(subject: Stage, reserved: Collection[str] = ()) -> Iterator[LabError]:
    """Everything that is wrong with a stage; nothing when it is whole. Mistakes in its ``stage.toml`` come earlier.

    ``reserved``: the names that ``lab`` has in every notebook, and a stage cannot have.
    """
    gone = [subject.folder / each for each in _FILES if not (subject.folder / each).exists()]
    yield from map(missing, gone)
    yield from _needs(subject)
    if not gone:
        for look in (_words, _said, _modules):
            try:
                yield from look(subject)
            except LabError as error:  # what makes the rest unreadable
                yield error
        yield from _published(subject.folder / "policies" / "check.json")
    yield from _additions(subject, reserved)
    yield from _kinds(subject)
    yield from _notebook(subject)


def _needs(subject: Stage) -> Iterator[LabError]:
    before = {each.name for each in stages() if each.order < subject.order}
    for name in subject.needs:
        if name not in before:
            yield LabError(
                f"{place(subject.toml, line_of_key(subject.toml, 'needs'))}: '{name}' is not a stage before this one.",
                f"use any of: {', '.join(sorted(before)) or 'none'}",
                id="stage-needs-unknown",
            )


def _words(subject: Stage) -> Iterator[LabError]:
    """Messages, hints and wrong answers fit together."""
    messages, hints = subject.folder / "messages.en.toml", subject.folder / "hints.en.toml"
    others = [each.folder / messages.name for each in stages() if each.name != subject.name]
    found = list(message_mistakes((COMMON, *(each for each in others if each.exists()), messages)))
    yield from found
    if found:
        return
    yield from _wrong(subject)
    own = Catalogue.load(messages).messages
    raw = read_toml(hints)
    found = list(hint_mistakes(hints, raw))
    yield from found
    if not found:
        yield from hints_against_messages(hints, raw, messages, {name: each.status for name, each in own.items()})
    if not any(each.status is Status.PASS for each in own.values()):
        yield LabError(
            f"{place(messages)} has no message with the status PASS.", "write one", id="stage-without-pass-message"
        )


def _said(subject: Stage) -> Iterator[LabError]:
    """Each message that the stage's code says by its id is written down somewhere."""
    files = [COMMON, subject.folder / "messages.en.toml", *(each.folder / "messages.en.toml" for each in stages())]
    known = {message_id for each in files if each.exists() for message_id in read_toml(each)}
    for path in sorted(subject.folder.glob("*.py")):
        for line, message_id in _ids_said(path):
            if message_id not in known:
                yield LabError(
                    f"{place(path, line)}: there is no message {message_id}.",
                    f"write it in {place(subject.folder / 'messages.en.toml')}",
                    id="said-without-message",
                )


def _ids_said(path: Path) -> Iterator[tuple[int, str]]:
    """Line and id of each ``say("id", ...)``; nothing where Python cannot read the file, which is told elsewhere."""
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except SyntaxError:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="say"), args=[ast.Constant(value=str(message_id)), *_]):
                yield node.lineno, message_id


def _modules(subject: Stage) -> Iterator[LabError]:
    for name, wanted in _MODULES.items():
        path = subject.folder / f"{name}.py"
        module = subject.module(name)
        for each in wanted:
            if not hasattr(module, each):
                yield LabError(f"{place(path, 1)}: there is no '{each}'.", "write it", id="stage-module-incomplete")


def _wrong(subject: Stage) -> Iterator[LabError]:
    """Each wrong answer names a message of its stage, and each message has a wrong answer."""
    messages, source = subject.folder / "messages.en.toml", subject.folder / "wrong.py"
    own = Catalogue.load(messages).messages
    wrong = getattr(subject.module("wrong"), "WRONG", ())
    if not isinstance(wrong, tuple) or not all(isinstance(each, Wrong) for each in wrong):
        line = line_with(source, "WRONG")
        yield LabError(
            f"{place(source, line)}: WRONG is not a tuple of Wrong(...).",
            'write: WRONG = (Wrong("the mistake", "message.id", function),)',
            id="wrong-answers-of-another-type",
        )
        return
    produced = {each.message_id for each in wrong}
    for message_id in sorted(produced - set(own)):
        line = line_with(source, rf".*[\"']{message_id}[\"']")
        yield LabError(
            f"{place(source, line)}: there is no message {message_id}.",
            f"write it in {place(messages)}",
            id="wrong-without-message",
        )
    for message_id, message in own.items():
        if message.status is not Status.PASS and message_id not in produced:
            yield LabError(
                f"{place(messages, line_of_table(messages, message_id))}: no wrong answer gives {message_id}.",
                f"add a Wrong(...) to {place(source)}, or delete the message",
                id="message-without-wrong",
            )


def _published(path: Path) -> Iterator[LabError]:
    """``check.json`` names what the check reads: action by action, and nothing that changes anything."""
    try:
        statements = json.loads(path.read_text("utf-8"))["Statement"]
        actions = [action for each in statements for action in _listed(each["Action"])]
    except (ValueError, KeyError, TypeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        yield LabError(
            f"{place(path, line)}: this is not an IAM policy: {error}.",
            "correct that line",
            id="check-policy-malformed",
        )
        return
    for action in actions:
        service, _, operation = action.partition(":")
        if "*" in action or not operation.startswith(READS):
            line = line_with(path, rf".*\"{service}:{operation.replace('*', '[*]')}\"")
            yield LabError(
                f"{place(path, line)}: {action} is not one action that only reads.",
                f"name each action by itself; one that reads begins with {', '.join(READS)}",
                id="check-policy-not-reading",
            )


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value]


def _additions(subject: Stage, reserved: Collection[str]) -> Iterator[LabError]:
    """What it adds to ``lab``: each verb explained with an example, and no name that means two things."""
    path = subject.folder / "notebook.py"
    if not path.exists():
        return
    try:
        own = additions.additions_of(subject)
    except LabError as error:
        yield error
        return
    for name, verb in own.verbs.items():
        if f"``lab.{name}(" not in (inspect.getdoc(verb) or ""):
            line = line_with(path, rf"def {name}\(")
            yield LabError(
                f"{place(path, line)}: lab.{name} is not explained.",
                f"end its docstring with: Example: ``lab.{name}(...)``",
                id="verb-without-example",
            )
    for name in [*own.verbs, *own.names]:
        if name in reserved:
            yield _taken(path, name, "every notebook")
    for name in own.variables:
        if name in VARIABLES:
            yield _taken(path, name, "every shell cell")
    for other in stages():
        if other.name == subject.name or not (other.folder / "notebook.py").exists():
            continue
        theirs = additions.additions_of(other)
        mine = {**own.verbs, **own.names, **own.variables}
        for name, thing in {**theirs.verbs, **theirs.names, **theirs.variables}.items():
            if name in mine and mine[name] is not thing:
                yield _taken(path, name, other.name)


def _kinds(subject: Stage) -> Iterator[LabError]:
    """Its kinds of resources go together with everybody else's."""
    if (subject.folder / "kinds.py").exists():
        try:
            kinds.known()
        except LabError as error:
            yield error


def _taken(path: Path, name: str, by: str) -> LabError:
    line = line_with(path, rf".*\b{name}\b")
    return LabError(
        f"{place(path, line)}: '{name}' already means something else in {by}.",
        "give it another name",
        id="lab-name-taken",
    )


def _notebook(subject: Stage) -> Iterator[LabError]:
    """The solved notebook is there, begins its stage and checks it; the trainee's is there, too."""
    if not (checkout() / notebooks.SOLVED).is_dir():
        return
    line = line_of_key(subject.toml, "notebook")
    for folder, how in (
        (notebooks.SOLVED, "write it"),
        (notebooks.TRAINEE, "run: labs notebooks build"),
        (notebooks.UNSOLVED, "run: labs notebooks execute"),
    ):
        path = notebooks.path_of(subject, folder)
        if not path.exists():
            yield LabError(
                f"{place(subject.toml, line)}: {folder}/{path.name} is missing.", how, id="stage-notebook-missing"
            )
            return
    cells = notebooks.read(notebooks.path_of(subject, notebooks.SOLVED)).cells
    shown = f"{notebooks.SOLVED}/{subject.notebook}.ipynb"
    sources = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
    for cell in cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", []) and not cell.metadata.get(notebooks.UNCOMPARED):
            yield LabError(
                f"{shown}: the output of the cell {cell.id} is not compared, and nothing says why.",
                f'add to its metadata: "{notebooks.UNCOMPARED}": "the reason"',
                id="notebook-cell-without-reason",
            )
    if f'lab.begin("{subject.name}")' not in "\n".join(sources.values()):
        yield LabError(
            f'{shown}: no cell says lab.begin("{subject.name}").',
            "make it the first code cell",
            id="notebook-without-begin",
        )
    if "lab.check()" not in sources.get("check", ""):
        yield LabError(
            f"{shown}: no cell with the id 'check' says lab.check().", "add one at the end", id="notebook-without-check"
        )
