"""For which CPU are an image's programs? Read from their ELF headers: of the first one, and of what the image starts.

Source: the ELF specification, ``e_machine`` at offset 18: 62 is x86-64, 183 is AArch64. What is started: OCI image
specification, config.md, Entrypoint and Cmd; a name without a slash is looked for in PATH; a script names its
interpreter behind ``#!`` (execve(2)).
"""

import posixpath
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from labs import oci
from labs.engine.archive import Image
from labs.engine.embedded.rootfs import Tree, tree_of

MACHINES = {62: "amd64", 183: "arm64", 40: "arm", 3: "386", 243: "riscv64", 21: "ppc64le", 22: "s390x"}
_HEADER = 20
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What was read before: layers are named by their bytes, and reading all of them takes a second.
_started: dict[tuple[object, ...], "MachineCode | None"] = {}


@dataclass(frozen=True)
class MachineCode:
    """One program: its path in the image and the architecture it was made for, in the words of OCI."""

    path: str
    architecture: str


def machine_code(image: Image, platform: oci.Platform) -> MachineCode | None:
    """The first executable ELF file of the image; None when it holds none (an image of scripts only)."""
    for entry in image.files(platform):
        if not entry.info.isreg() or not entry.info.mode & 0o111 or entry.info.size < _HEADER:
            continue
        found = _read(entry.path, entry.read(_HEADER))
        if found is not None:
            return found
    return None


def started(image: Image, platform: oci.Platform) -> MachineCode | None:
    """The program that the image starts, a script's interpreter; None when it is not there, or no ELF file."""
    config = image.config(platform).get("config") or {}
    words = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
    if not words:
        return None
    variables = dict(str(each).partition("=")[::2] for each in config.get("Env") or [])
    asked = str(words[0]), variables.get("PATH") or _PATH, config.get("WorkingDir") or "/"
    key = (layers(image, platform), *asked)
    if key not in _started:
        _started[key] = _program(tree_of(image, platform), *asked)
    return _started[key]


def _program(tree: Tree, name: str, search: str, folder: str) -> MachineCode | None:
    for _ in range(4):
        path = next(
            (path for path in _places(name, search, folder)
             if (node := tree.nodes.get(tree.resolve(path))) and node.is_file),
            None,
        )  # fmt: skip
        if path is None:
            return None
        head = _head(tree, tree.resolve(path))
        if not head.startswith(b"#!"):
            return _read(tree.resolve(path), head)
        words = head[2:].splitlines()[0].decode("utf-8", "replace").split()
        name = next((each for each in words if posixpath.basename(each) != "env" and not each.startswith("-")), "")
    return None


def _places(name: str, path: str, folder: str) -> Iterator[str]:
    if "/" in name:
        yield posixpath.join(folder, name)
    else:
        yield from (posixpath.join(each, name) for each in path.split(":") if each)


def _head(tree: Tree, path: str) -> bytes:
    with tree.nodes[path].open() as stream:
        return stream.read(256)


def _read(path: str, head: bytes) -> MachineCode | None:
    if head[:4] != b"\x7fELF" or len(head) < _HEADER:
        return None
    (machine,) = struct.unpack_from("<H" if head[5] == 1 else ">H", head, 18)
    return MachineCode(path, MACHINES.get(machine, f"machine {machine}"))


def layers(image: Image, platform: oci.Platform) -> tuple[str, ...]:
    """The digests of a platform's layers."""
    return tuple(layer.digest for layer in image.manifest(platform).layers)
