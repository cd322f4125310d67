"""Where the kit keeps its files: ``LAB_HOME`` or, by default, what ``labs.installed`` says; mode 700.

Every function makes the folder it names. Nothing outside this folder is written.
"""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from labs import installed
from labs.files import FOLDER_MODE, make_folder


def checkout() -> Path:
    """The folder that holds the ``labs`` package; in a checkout also ``notebooks/`` and ``sample-app/``."""
    return installed.PACKAGE.parent


def course_notebooks() -> Path:
    """The notebooks that trainees begin with."""
    return installed.course() / "notebooks"


def sample_app() -> Path:
    """The app that the course builds."""
    return installed.course() / "sample-app"


def lab_home(env: Mapping[str, str] | None = None) -> Path:
    """The kit's own folder, made if absent. LabError when it cannot be made."""
    env = os.environ if env is None else env
    named = env.get("LAB_HOME", "")
    home = make_folder(installed.home_folder(env))
    # Only the kit's own default folder is tightened: a LAB_HOME that somebody chose may be shared on purpose.
    if not named and stat.S_IMODE(home.stat().st_mode) != FOLDER_MODE:
        home.chmod(FOLDER_MODE)
    return home


def cloud_state(home: Path) -> Path:
    """The state of the local AWS."""
    return make_folder(home / "cloud")


def cloud_file(home: Path) -> Path:
    """What the running local AWS printed, plus its process id; mode 600."""
    return home / "cloud.json"


def cloud_log(home: Path) -> Path:
    """What the local AWS wrote to stderr."""
    return home / "cloud.log"


def docker_config(home: Path) -> Path:
    """The kit's own DOCKER_CONFIG; the user's is never touched."""
    return make_folder(home / "docker")


def desk(home: Path) -> Path:
    """What the trainee works on: their notebooks and files. JupyterLab shows this folder and nothing else."""
    return make_folder(home / "desk")


def desk_notebooks(home: Path) -> Path:
    """The trainee's copies of the notebooks."""
    return make_folder(desk(home) / "notebooks")


def origins(home: Path) -> Path:
    """The notebooks as they were when they were copied, from which it is known what the trainee changed."""
    return make_folder(home / "origins")


def work(home: Path) -> Path:
    """The trainee's files: policies, logs of the shell cells. Those of an earlier version of the kit move here."""
    place, earlier = desk(home) / "work", home / "work"
    if earlier.is_dir() and not place.exists():
        # Another process may have done it a moment ago.
        with contextlib.suppress(OSError):
            earlier.rename(place)
    return make_folder(place)


def jupyter(home: Path) -> Path:
    """JupyterLab's private configuration, data and log."""
    return make_folder(home / "jupyter")


def ledger_file(home: Path, target: str, account: str) -> Path:
    """The ledger of one target and account."""
    return home / f"ledger-{target}-{account}.jsonl"


def owners_file(home: Path) -> Path:
    """The owner of what this lab makes, account by account."""
    return home / "owners.json"


def confirmed_file(home: Path) -> Path:
    """The AWS accounts the trainee has confirmed."""
    return home / "confirmed.json"
