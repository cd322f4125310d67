"""Where this kit lies, in a checkout or installed as a package, and which folder is its home when nobody names one.

Installed, that is the user's data folder, wherever a command is run. Not ``.lab`` of the current folder: state that
somebody else left there would be trusted. On macOS too, because the usual place there has a space in its name, which
shell cells break on. Source: XDG Base Directory Specification.
"""

from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def in_checkout() -> bool:
    """Whether this is a checkout of the kit, and not an installed package."""
    return (PACKAGE.parent / "sample-app").is_dir()


def course() -> Path:
    """The folder with ``notebooks/`` and ``sample-app/``; the wheel carries it inside the package."""
    return PACKAGE.parent if in_checkout() else PACKAGE / "course"


def home_folder(env: Mapping[str, str]) -> Path:
    """LAB_HOME; by default ``.lab`` in the checkout, or ``fargate-lab-kit`` in the user's data folder."""
    named = env.get("LAB_HOME", "")
    if named:
        return Path(named).expanduser().absolute()
    if in_checkout():
        return PACKAGE.parent / ".lab"
    data = Path(env.get("XDG_DATA_HOME", ""))
    # The specification: a path that is not absolute is to be ignored.
    return (data if data.is_absolute() else Path.home() / ".local" / "share") / "fargate-lab-kit"
