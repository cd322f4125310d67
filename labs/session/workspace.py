"""The page that a browser opens: where the trainee left off, as JupyterLab remembers it in its workspace.

At ``/lab`` JupyterLab restores its saved workspace, the same tabs with the same one in front; at ``/lab/tree/PATH`` it
opens that file in front of them. Source: JupyterLab's documentation, "JupyterLab URLs" and "Workspaces".
"""

import contextlib
from pathlib import Path
from typing import Any

from labs.errors import LabError
from labs.files import read_json
from labs.session import home as places

_RESTORED = "layout-restorer:data"


def page(home: Path, first: str) -> str:
    """The path of the page: the saved workspace if a file is open in it, else the file ``first``, below the desk."""
    return "/lab" if _has_open_files(home) else f"/lab/tree/{first}"


def folder(home: Path) -> Path:
    """Where JupyterLab keeps its workspaces."""
    return places.jupyter(home) / "workspaces"


def forget(home: Path) -> None:
    """Remember no tabs: their paths lead elsewhere now."""
    for saved in folder(home).glob("*.jupyterlab-workspace"):
        saved.unlink(missing_ok=True)


def _has_open_files(home: Path) -> bool:
    """Whether a tab of the main area shows a file that is still there."""
    for saved in folder(home).glob("*.jupyterlab-workspace"):
        with contextlib.suppress(LabError):
            data = (read_json(saved) or {}).get("data")
            main = _within(_within(data, _RESTORED), "main")
            if any(_shows_file(home, each) for each in _widgets(_within(main, "dock"))):
                return True
    return False


def _within(found: Any, key: str) -> Any:
    return found.get(key) if isinstance(found, dict) else None


def _widgets(area: Any) -> list[str]:
    """The names of the tabs in an area of the dock, which may be split: ``notebook:notebooks/01-build.ipynb``."""
    own = _within(area, "widgets")
    names = [each for each in own if isinstance(each, str)] if isinstance(own, list) else []
    children = _within(area, "children")
    for child in children if isinstance(children, list) else []:
        names += _widgets(child)
    return names


def _shows_file(home: Path, widget: str) -> bool:
    path = widget.partition(":")[2]
    return bool(path) and (places.desk(home) / path).is_file()
