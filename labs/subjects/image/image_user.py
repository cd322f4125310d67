"""Who runs an image: its USER, looked up in the image's own /etc/passwd and /etc/group, as a container runtime does.

Source: the OCI image specification, config.md, ``User``: a name is looked up in the image, a number need not be there.
"""

from dataclasses import dataclass
from typing import Any

from labs import oci
from labs.engine.archive import Image
from labs.engine.embedded.rootfs import tree_of

_ROOT = ("", "0", "root")


@dataclass(frozen=True)
class ImageUser:
    """``written``: USER as the image has it; ``root``: whether that is user 0; ``unknown``: a name without an entry.

    ``unknown`` is in a container runtime's words: ``user app: no matching entries in passwd file``.
    """

    written: str
    root: bool
    unknown: str = ""


def user_of(image: Image, platform: oci.Platform) -> ImageUser:
    """The user of one platform's image; its files are read only when the user or the group is a name."""
    config: Any = image.config(platform).get("config")
    written = str((config if isinstance(config, dict) else {}).get("User") or "")
    name, _, group = written.partition(":")
    if name in _ROOT:
        return ImageUser(written, root=True)
    if name.isdigit() and (not group or group.isdigit()):
        return ImageUser(written, root=int(name) == 0)
    tree = tree_of(image, platform)
    users = _entries(tree.read("etc/passwd"))
    if not name.isdigit() and name not in users:
        return ImageUser(written, root=False, unknown=f"user {name}: no matching entries in passwd file")
    if group and not group.isdigit() and group not in _entries(tree.read("etc/group")):
        return ImageUser(written, root=False, unknown=f"group {group}: no matching entries in group file")
    number = name if name.isdigit() else users[name]
    return ImageUser(written, root=number.strip("0") == "")


def _entries(text: str) -> dict[str, str]:
    """Name and number of each line of a passwd or group file."""
    rows = [line.split(":") for line in text.splitlines()]
    return {row[0]: row[2] for row in rows if len(row) > 2}
