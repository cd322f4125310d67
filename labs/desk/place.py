"""Where the trainee is in the course: the notebook to open where JupyterLab remembers no tab."""

from pathlib import Path

from labs.errors import LabError
from labs.session import home as places
from labs.session.jupyterlab import FIRST_NOTEBOOK


def opened_first(home: Path) -> str:
    """The notebook of the stage begun last and not passed, else of the first not passed; its path below the desk."""
    if not (home / "progress.json").exists():
        return FIRST_NOTEBOOK
    # Reads every stage's file, which the very first start need not wait for.
    from labs.lesson.progress import Progress
    from labs.lesson.stage import stages

    progress = Progress(home / "progress.json")
    try:
        open_ones = [(progress.of(each.name).begun, each) for each in stages() if not progress.of(each.name).passed]
    except LabError:
        # Whoever needs the damaged file says so; the lab starts all the same.
        return FIRST_NOTEBOOK
    begun = [pair for pair in open_ones if pair[0]]
    chosen = max(begun, key=lambda pair: pair[0]) if begun else (open_ones or [("", stages()[-1])])[0]
    name = f"{chosen[1].notebook}.ipynb"
    return f"notebooks/{name}" if (places.desk_notebooks(home) / name).exists() else FIRST_NOTEBOOK
