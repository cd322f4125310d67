"""The page that is opened: where the trainee left off, if JupyterLab remembers a file that is still there."""

import json
from pathlib import Path
from typing import Any

import pytest

from labs.session import workspace

pytestmark = pytest.mark.unit
FIRST = "notebooks/00-start.ipynb"
SECOND = "notebooks/01-build.ipynb"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    notebooks = tmp_path / "desk" / "notebooks"
    notebooks.mkdir(parents=True)
    (notebooks / "01-build.ipynb").write_text("{}")
    return tmp_path


def remember(home: Path, saved: Any) -> None:
    folder = workspace.folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    text = saved if isinstance(saved, str) else json.dumps(saved)
    (folder / "default-37a8.jupyterlab-workspace").write_text(text)


def with_dock(dock: Any) -> Any:
    return {"data": {"layout-restorer:data": {"main": {"dock": dock}}}, "metadata": {"id": "default"}}


TABS = {"type": "tab-area", "currentIndex": 0, "widgets": [f"notebook:{SECOND}"]}


@pytest.mark.parametrize(
    "saved",
    [
        with_dock(TABS),
        with_dock({"type": "split-area", "children": [{"type": "tab-area", "widgets": []}, TABS], "sizes": [1, 1]}),
    ],
)
def test_with_a_file_open_the_workspace_is_restored(home: Path, saved: Any) -> None:
    remember(home, saved)
    assert workspace.page(home, FIRST) == "/lab"


@pytest.mark.parametrize(
    "saved",
    [
        with_dock({"type": "tab-area", "widgets": []}),
        with_dock({"type": "tab-area", "widgets": ["launcher-0", "terminal:1", 7]}),
        with_dock({"type": "tab-area", "widgets": ["notebook:notebooks/09-gone.ipynb"]}),
        with_dock(None),
        with_dock([]),
        {"data": {}},
        {"data": []},
        {},
        "no JSON",
        "[]",
    ],
)
def test_with_none_the_notebook_of_the_stage_in_hand_is_opened(home: Path, saved: Any) -> None:
    remember(home, saved)
    assert workspace.page(home, FIRST) == f"/lab/tree/{FIRST}"


def test_a_new_lab_opens_the_first_notebook(home: Path) -> None:
    assert workspace.page(home, FIRST) == f"/lab/tree/{FIRST}"


def test_forgotten_tabs_are_not_restored(home: Path) -> None:
    remember(home, with_dock(TABS))
    workspace.forget(home)
    assert workspace.page(home, FIRST) == f"/lab/tree/{FIRST}"
