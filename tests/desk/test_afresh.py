"""What beginning a stage again would undo, in words: the stages that were begun, and nothing that was not."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from labs.desk import afresh
from labs.desk.afresh import Again
from labs.lesson.progress import Progress, StageProgress
from labs.lesson.stage import stage, stages

pytestmark = pytest.mark.unit
BEGUN = StageProgress(begun="2026-11-23T10:00:00+00:00")
PASSED = StageProgress(begun="2026-11-23T09:00:00+00:00", passed="2026-11-23T09:10:00+00:00")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "This undoes 01-build.\nWhat it made goes"),
        ({"start": PASSED, "build": PASSED}, "This undoes 01-build.\nWhat it made goes"),
        (
            {"build": PASSED, "push-denied": PASSED, "push-fixed": BEGUN},
            "This undoes 01-build, and what builds on it: 02-push-denied (passed) and 03-push-fixed (begun).\n",
        ),
    ],
)
def test_it_names_what_else_goes(tmp_path: Path, known: Mapping[str, StageProgress], said: str) -> None:
    progress = Progress(tmp_path / "progress.json")
    for name, each in known.items():
        progress.put(name, each)
    found = afresh.plan((stage("build"),), progress)
    assert found.startswith(said)
    assert "01-build.ipynb begins anew; what you wrote there is kept beside it." in found


def test_of_all_stages_each_is_named_once(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    progress.put("build", PASSED)
    found = afresh.plan(stages(), progress)
    assert all(found.count(each.notebook) == 1 for each in stages())
    assert "what builds on it" not in found


def test_where_no_notebook_was_renewed_nothing_is_said_of_one() -> None:
    assert afresh.told(Again(("push-fixed", "build"), ())) == "Undone: push-fixed and build."


def test_where_the_old_notebook_is_and_how_to_see_the_new_one_is_told() -> None:
    kept = (("01-build.ipynb", Path("desk/notebooks/01-build-2026-11-23.ipynb")),)
    assert afresh.told(Again(("build",), kept)) == (
        "Undone: build.\n"
        "01-build.ipynb begins anew; what you had saved is kept as 01-build-2026-11-23.ipynb.\n"
        "A page that is open shows the old one until you choose File, Reload Notebook from Disk."
    )
