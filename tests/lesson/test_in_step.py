"""Which of a stage's notebooks is not what its solution generates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labs.lesson import notebooks
from labs.lesson.stage import stages

pytestmark = pytest.mark.unit
SUBJECT = stages()[0]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one stage's notebooks, in step."""
    monkeypatch.setattr(notebooks, "checkout", lambda: tmp_path)
    answer = nbformat.v4.new_code_cell("right", id="answer", execution_count=1)
    answer.metadata = {"tags": ["answer"], "placeholder": "# here"}
    answer.outputs = [nbformat.v4.new_output("stream", text="done\n")]
    solved = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title", id="title"), answer])
    notebooks.write(notebooks.path_of(SUBJECT, notebooks.SOLVED), solved)
    notebooks.build(SUBJECT)
    return tmp_path


def change(folder: str, how: Callable[[Any], None]) -> None:
    path = notebooks.path_of(SUBJECT, folder)
    notebook = notebooks.read(path)
    how(notebook.cells)
    notebooks.write(path, notebook)


def ran(cells: list[Any]) -> None:
    cells[1].outputs, cells[1].execution_count = [nbformat.v4.new_output("stream", text="ran\n")], 1


def answered(cells: list[Any]) -> None:
    cells[1].source = "right"


def shortened(cells: list[Any]) -> None:
    del cells[0]


def test_what_was_just_built_is_in_step_and_has_no_output(folders: Path) -> None:
    assert notebooks.out_of_step(SUBJECT) == ()
    cell = notebooks.read(notebooks.path_of(SUBJECT, notebooks.TRAINEE)).cells[1]
    assert (cell.source, cell.outputs, cell.execution_count, dict(cell.metadata)) == (
        "# here", [], None, {"tags": ["answer"]})  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "how", "found"),
    [
        (notebooks.TRAINEE, ran, (notebooks.TRAINEE,)),
        (notebooks.TRAINEE, answered, (notebooks.TRAINEE,)),
        (notebooks.TRAINEE, shortened, (notebooks.TRAINEE,)),
        (notebooks.UNSOLVED, ran, ()),
        (notebooks.UNSOLVED, answered, (notebooks.UNSOLVED,)),
        (notebooks.UNSOLVED, shortened, (notebooks.UNSOLVED,)),
        (notebooks.SOLVED, shortened, (notebooks.TRAINEE, notebooks.UNSOLVED)),
    ],
)
def test_what_differs_is_named(folders: Path, folder: str, how: Callable[[Any], None], found: tuple[str, ...]) -> None:
    change(folder, how)
    assert notebooks.out_of_step(SUBJECT) == found


@pytest.mark.parametrize("folder", [notebooks.TRAINEE, notebooks.UNSOLVED])
def test_one_that_is_missing_is_named(folders: Path, folder: str) -> None:
    notebooks.path_of(SUBJECT, folder).unlink()
    assert notebooks.out_of_step(SUBJECT) == (folder,)
    notebooks.build(SUBJECT)
    assert notebooks.out_of_step(SUBJECT) == ()


def test_building_anew_keeps_the_unsolved_runs_outputs_where_the_cell_is_the_same(folders: Path) -> None:
    change(notebooks.UNSOLVED, ran)
    notebooks.build(SUBJECT)
    assert notebooks.read(notebooks.path_of(SUBJECT, notebooks.UNSOLVED)).cells[1].outputs[0].text == "ran\n"
    solved = notebooks.path_of(SUBJECT, notebooks.SOLVED)
    solved.write_text(solved.read_text().replace("# here", "# there"))
    notebooks.build(SUBJECT)
    assert notebooks.read(notebooks.path_of(SUBJECT, notebooks.UNSOLVED)).cells[1].outputs == []
