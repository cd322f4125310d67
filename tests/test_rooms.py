"""What stages and subjects bring is imported by name; a mistake in it is said with its file and line."""

from pathlib import Path

import pytest

from labs import rooms, stages
from labs.errors import LabError
from labs.ledger import kinds
from labs.lesson.stage import Stage


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A stage folder beside the real ones, of another name in each test: Python remembers what it imported."""
    folder = tmp_path / "labs" / "stages" / f"broken_{abs(hash(request.node.name))}"
    folder.mkdir(parents=True)
    monkeypatch.setattr(rooms, "_ROOT", tmp_path)
    monkeypatch.setattr(stages, "__path__", [*stages.__path__, str(folder.parent)])
    return folder


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\nraise RuntimeError('boom')\n", 2, "RuntimeError: boom"),
        ("import nothing_of_that_name\n", 1, "ModuleNotFoundError"),
        ("x = 1\n\ndef (\n", 3, "SyntaxError"),
        ("x = 1 / 0\n", 1, "ZeroDivisionError"),
    ],
)
@pytest.mark.parametrize("name", ["check", "notebook", "kinds"])
def test_whatever_an_import_raises_is_one_sentence(room: Path, name: str, text: str, line: int, words: str) -> None:
    (room / f"{name}.py").write_text(text)
    with pytest.raises(LabError) as raised:
        rooms.module_of(f"stages.{room.name}", name)
    assert raised.value.what.startswith(f"labs/stages/{room.name}/{name}.py:{line}: {words}")
    assert raised.value.id == "stage-module-broken"


def test_a_mistake_in_a_file_that_is_imported_on_the_way_is_named_there(room: Path) -> None:
    (room / "check.py").write_text("import labs\nraise ValueError('here')\n")
    (room / "notebook.py").write_text(f"from labs.stages.{room.name} import check\n")
    with pytest.raises(LabError, match=rf"labs/stages/{room.name}/check\.py:2: ValueError: here"):
        rooms.module_of(f"stages.{room.name}", "notebook")


def test_kinds_of_another_type_are_named(room: Path) -> None:
    (room / "kinds.py").write_text("KINDS = ('a log group',)\n")
    with pytest.raises(LabError) as raised:
        kinds.known.__wrapped__()
    assert raised.value.what == f"labs/stages/{room.name}/kinds.py: KINDS is not a tuple of kinds of resources."


def test_a_module_that_is_not_there_is_missing(room: Path) -> None:
    some = Stage.__new__(Stage)
    object.__setattr__(some, "folder", room)
    with pytest.raises(LabError, match=r"check\.py is missing"):
        some.module("check")
