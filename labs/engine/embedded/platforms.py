"""Platforms as Docker writes them: ``linux/arm64``, ``arm64``, ``linux/arm/v7``, ``linux``, ``local``.

Source: github.com/containerd/platforms, Parse, and buildx util/platformutil. They take any word for a system or an
architecture where both are written; here a word that no image has is refused, because it is a slip of the pen.
"""

import platform as machine
import re

from labs import oci
from labs.engine.embedded.build_error import BuildError

_SYSTEMS = "aix android darwin dragonfly freebsd illumos ios js linux macos netbsd openbsd plan9 solaris windows"
_ARCHITECTURES = (
    "386 aarch64 amd64 arm arm64 armel armhf i386 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x "
    "sparc64 wasm x86-64 x86_64"
)


def native() -> oci.Platform:
    """The platform of this machine as an image would name it; the operating system of images is linux."""
    return oci.Platform("linux", machine.machine().lower()).normal()


def parse_platform(text: str) -> oci.Platform:
    """One platform; LabError in containerd's words."""
    words = text.strip().lower().split("/")
    if words == ["local"]:
        return native()
    if "*" in text:
        raise _refused(text, "wildcards not yet supported")
    bad = next((word for word in words if not re.fullmatch(r"[a-z0-9_-]+", word)), None)
    if bad is not None:
        raise _refused(text, f'"{bad}" is an invalid component')
    if len(words) > 3:
        raise _refused(text, "cannot parse platform specifier")
    if len(words) == 1:
        words = ["linux", *words] if words[0] in _ARCHITECTURES.split() else [words[0], native().architecture]
    if words[0] not in _SYSTEMS.split() or words[1] not in _ARCHITECTURES.split():
        raise _refused(text, "unknown operating system or architecture")
    return oci.Platform(*words).normal()


def parse_platforms(texts: tuple[str, ...]) -> tuple[oci.Platform, ...]:
    """The values of ``--platform``, each once, in order."""
    return tuple(dict.fromkeys(parse_platform(word) for text in texts for word in text.split(",")))


def _refused(text: str, why: str) -> BuildError:
    return BuildError(f'"{text}": {why}: invalid argument', "write it like linux/arm64", id="unknown-platform")
