"""For which CPU are an image's programs? Read from the ELF header of the first program in it.

Source: the ELF specification, ``e_machine`` at offset 18: 62 is x86-64, 183 is AArch64.
"""

import struct
from dataclasses import dataclass

from labs import oci
from labs.engine.archive import Image

MACHINES = {62: "amd64", 183: "arm64", 40: "arm", 3: "386", 243: "riscv64", 21: "ppc64le", 22: "s390x"}
_HEADER = 20


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
        head = entry.read(_HEADER)
        if head[:4] != b"\x7fELF":
            continue
        order = "<" if head[5] == 1 else ">"
        (machine,) = struct.unpack_from(f"{order}H", head, 18)
        return MachineCode(entry.path, MACHINES.get(machine, f"machine {machine}"))
    return None


def layers(image: Image, platform: oci.Platform) -> tuple[str, ...]:
    """The digests of a platform's layers."""
    return tuple(layer.digest for layer in image.manifest(platform).layers)
