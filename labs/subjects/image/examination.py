"""An image of several platforms looked over: programs of each platform, not root, no secret, and whose build it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs import oci
from labs.engine.archive import Image, LayerFile
from labs.subjects.image.baked_secrets import SYSTEM, leaks
from labs.subjects.image.image_user import user_of
from labs.subjects.image.layer_search import search
from labs.subjects.image.machine_code import layers, machine_code, started

# What the Dockerfile alone decides; build arguments change the environment and the labels.
_FIXED = ("User", "WorkingDir", "Entrypoint", "Cmd", "ExposedPorts", "Healthcheck", "StopSignal", "Volumes")
# Where the base image and what it installs have their files: a later build may find newer ones there.
_OF_THE_BASE = (*SYSTEM, "etc/", "var/", "tmp/", "root/", "run/", "proc/", "sys/", "dev/")


@dataclass(frozen=True)
class ImageFault:
    """What is wrong: the last word of a message id, for which platform, and what was ``found``, in words."""

    name: str
    platform: str
    found: str


def examine(image: Image, platforms: Sequence[oci.Platform], secret: str) -> ImageFault | None:
    """The first thing wrong with the images for these platforms; ``secret`` is the lab's own, or ''."""
    return wrong_code(image, platforms) or _user(image, platforms) or _secret(image, platforms, secret)


def wrong_code(image: Image, platforms: Sequence[oci.Platform]) -> ImageFault | None:
    """A platform whose image does not hold its own programs: a pinned FROM gives several the same."""
    first, *others = platforms
    for other in others:
        if image.descriptor(first).digest == image.descriptor(other).digest:
            found = f"one and the same image as for {first}, {image.descriptor(first).digest[:19]}"
            return ImageFault("wrong_machine_code", str(other), found)
        if layers(image, first) == layers(image, other):
            return ImageFault("wrong_machine_code", str(other), f"the same layers as in the image for {first}")
    for platform in platforms:
        for read in (machine_code, started):
            code = read(image, platform)
            if code and code.architecture != platform.architecture:
                found = f"/{code.path} in it is a program for {code.architecture}"
                return ImageFault("wrong_machine_code", str(platform), found)
    return None


def _user(image: Image, platforms: Sequence[oci.Platform]) -> ImageFault | None:
    for platform in platforms:
        user = user_of(image, platform)
        if user.root or user.unknown:
            found = f"USER {user.written or '(none is set)'}" + (f"; {user.unknown}" if user.unknown else "")
            return ImageFault("runs_as_root", str(platform), found)
    return None


def _secret(image: Image, platforms: Sequence[oci.Platform], secret: str) -> ImageFault | None:
    for platform in platforms:
        leak = next(leaks(image, platform, secret), None)
        if leak is not None:
            where = {"layer": "the file", "env": "ENV or LABEL", "history": "the history,"}[leak.where]
            return ImageFault("secret_inside", str(platform), f"{leak.kind} in {where} {leak.place}")
    return None


def other_build(image: Image, platforms: Sequence[oci.Platform], program: Path, built: Image | None) -> str:
    """How the image differs from a build of the work folder, in words; empty when it does not.

    ``program``: the file that the folder's Dockerfile copies; ``built``: the archive of stage 01, where there is one.
    Two builds of one folder have equal programs and settings; their digests may differ, as times do.
    """
    for platform in platforms:
        if built is not None and platform in built.platforms:
            if built.descriptor(platform).digest == image.descriptor(platform).digest:
                continue
            changed = _settings(image.config(platform), built.config(platform)) or _files(
                image, built, platform, program.parent
            )
            if changed:
                return f"in the image for {platform}, {changed}"
        found = _program(image, platform, program)
        if found:
            return f"in the image for {platform}, {found}"
    return ""


def _settings(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    for key in _FIXED:
        here, there = ((document.get("config") or {}).get(key) for document in (theirs, ours))
        if (here or None) != (there or None):
            return f"{key} is {here or 'not set'}, and {there or 'not set'} in the archive of this work folder"
    here, there = (_variables(document.get("config") or {}) for document in (theirs, ours))
    if here != there:
        one = min(here ^ there)
        return f"ENV {one} is {'not' if one in here else 'only'} in the archive of this work folder"
    return ""


def _variables(config: dict[str, Any]) -> set[str]:
    return {str(each).partition("=")[0] for each in config.get("Env") or []}


def _files(theirs: Image, ours: Image, platform: oci.Platform, folder: Path) -> str:
    """A file beside those of the base image that only one of the two has; not one that has left the folder since."""
    here, there = (set(search(image, platform, "files of the build", _of_the_build)) for image in (theirs, ours))
    still = {path for path in there - here if any(folder.rglob(path.rpartition("/")[2]))}
    for paths, where in ((here - there, "not in"), (still, "only in")):
        if paths:
            return f"/{min(paths)} is {where} the archive of this work folder"
    return ""


def _of_the_build(entry: LayerFile) -> str | None:
    parts = entry.path.split("/")
    made = "__pycache__" in parts or parts[-1].startswith(".wh.")
    return entry.path if entry.info.isreg() and not made and not entry.path.startswith(_OF_THE_BASE) else None


def _program(image: Image, platform: oci.Platform, program: Path) -> str:
    wanted = program.read_bytes() if program.exists() else b""

    def compare(entry: LayerFile) -> tuple[str, bool] | None:
        if not entry.info.isreg() or entry.path.rpartition("/")[2] != program.name:
            return None
        return entry.path, entry.read(len(wanted) + 1) == wanted

    same = list(search(image, platform, f"files named {program.name}", compare))
    if not same:
        config = image.config(platform).get("config") or {}
        starts = " ".join(map(str, [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]))
        return f"there is no {program.name}; it starts: {starts or 'nothing'}"
    path, equal = same[-1]
    return "" if equal else f"/{path} is not the {program.name} of this work folder"
