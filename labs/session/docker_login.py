"""The registry passwords in the kit's own Docker configuration. The user's is never read or written."""

from pathlib import Path

from labs.errors import LabError
from labs.files import read_json, write_json
from labs.session.home import docker_config


def forget_passwords(home: Path) -> int:
    """Log out of every registry the kit logged in to; how many there were."""
    file = docker_config(home) / "config.json"
    try:
        config = read_json(file) or {}
    except LabError:
        # A damaged file may still hold a password, and the kit can write a new one.
        file.unlink(missing_ok=True)
        return 0
    known = config.pop("auths", None)
    if not known:
        return 0
    write_json(file, config)
    return len(known) if isinstance(known, dict) else 0
