"""The notebook that opens where JupyterLab remembers no tab: that of the stage in hand."""

from pathlib import Path

import pytest

from labs.desk import copies
from labs.desk.place import opened_first
from labs.lesson.progress import Progress, StageProgress
from labs.lesson.stage import stages

pytestmark = pytest.mark.unit
DONE = StageProgress(begun="2026-11-23T09:00:00+00:00", passed="2026-11-23T09:10:00+00:00")
BEGUN = StageProgress(begun="2026-11-23T10:00:00+00:00")
LATER = StageProgress(begun="2026-11-23T11:00:00+00:00")
ALL = {each.name: DONE for each in stages()}


@pytest.mark.parametrize(
    ("progress", "notebook"),
    [
        ({}, "00-start"),
        ({"start": BEGUN}, "00-start"),
        ({"start": DONE}, "01-build"),
        ({"start": DONE, "build": BEGUN}, "01-build"),
        ({"start": DONE, "build": BEGUN, "push-denied": LATER}, "02-push-denied"),
        (ALL, "07-clean-up"),
    ],
)
def test_it_is_the_one_begun_last_and_not_passed_or_the_first_not_passed(
    tmp_path: Path, progress: dict[str, StageProgress], notebook: str
) -> None:
    copies.lay_out(tmp_path)
    for name, each in progress.items():
        Progress(tmp_path / "progress.json").put(name, each)
    assert opened_first(tmp_path) == f"notebooks/{notebook}.ipynb"


def test_a_damaged_progress_file_keeps_nobody_from_opening_the_lab(tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text("no JSON")
    assert opened_first(tmp_path) == "notebooks/00-start.ipynb"


def test_a_notebook_that_is_not_on_the_desk_is_not_opened(tmp_path: Path) -> None:
    Progress(tmp_path / "progress.json").put("start", DONE)
    assert opened_first(tmp_path) == "notebooks/00-start.ipynb"
