"""Where the trainee is in the course: the notebook to open where JupyterLab remembers no tab."""

from pathlib import Path

from labs.errors import LabError
from labs.session import home as places
from labs.session.jupyterlab import FIRST_NOTEBOOK


def opened_first(home: Path) -> str:
    """The notebook of the stage in hand; its path below the desk."""
    if not (home / "progress.json").exists():
        return FIRST_NOTEBOOK
    # Reads every stage's file, which the very first start need not wait for.
    from labs.desk.reading import stage_in_hand
    from labs.lesson.history import History
    from labs.lesson.progress import Progress

    try:
        events = History.at(home, places.work(home)).events()
        name = f"{stage_in_hand(Progress.at(home), events=events).notebook}.ipynb"
    except LabError:
        # Whoever needs the damaged file says so; the lab starts all the same.
        return FIRST_NOTEBOOK
    return f"notebooks/{name}" if (places.desk_notebooks(home) / name).exists() else FIRST_NOTEBOOK
