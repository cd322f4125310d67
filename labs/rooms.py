"""The modules that stages and subjects bring, imported by name: a mistake in one is said with its file and line."""

import importlib
import traceback
from pathlib import Path
from types import ModuleType

from labs.errors import LabError

_ROOT = Path(__file__).parents[1]


def module_of(room: str, name: str) -> ModuleType:
    """``labs.<room>.<name>``, as ``module_of("stages.fargate", "kinds")``.

    LabError names the file and the line where importing it ends, whatever is raised there.
    """
    module = f"labs.{room}.{name}"
    try:
        return importlib.import_module(module)
    except LabError:
        raise
    except Exception as error:
        path, line = _where(error, _ROOT / "labs" / room.replace(".", "/"), f"{name}.py")
        raise LabError(
            f"{path.relative_to(_ROOT)}:{line}: {type(error).__name__}: {error}.",
            "correct that line",
            id="stage-module-broken",
        ) from error


def _where(error: Exception, folder: Path, name: str) -> tuple[Path, int]:
    """The last place of the folder on the way to the error."""
    places = [(Path(each.filename), each.lineno) for each in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    own = [(path, line) for path, line in places if path.is_relative_to(folder)]
    path, line = own[-1] if own else (folder / name, 1)
    return path, line or 1
