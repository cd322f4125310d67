"""Where the kit keeps its files: ``LAB_HOME``, by default ``.lab`` in the checkout, mode 700.

Every function makes the folder it names. Nothing outside this folder is written.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from labs.files import FOLDER_MODE, make_folder


def checkout() -> Path:
    """The folder that holds the ``labs`` package, ``notebooks/`` and ``sample-app/``."""
    return Path(__file__).resolve().parents[2]


def lab_home(env: Mapping[str, str] | None = None) -> Path:
    """The kit's own folder, made if absent. LabError when it cannot be made."""
    named = (os.environ if env is None else env).get("LAB_HOME", "")
    home = make_folder(Path(named).expanduser().absolute() if named else checkout() / ".lab")
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


def work(home: Path) -> Path:
    """The trainee's files: policies, logs of the shell cells."""
    return make_folder(home / "work")


def jupyter(home: Path) -> Path:
    """JupyterLab's private configuration, data and log."""
    return make_folder(home / "jupyter")


def ledger_file(home: Path, target: str, account: str) -> Path:
    """The ledger of one target and account."""
    return home / f"ledger-{target}-{account}.jsonl"


def confirmed_file(home: Path) -> Path:
    """The AWS accounts the trainee has confirmed."""
    return home / "confirmed.json"
