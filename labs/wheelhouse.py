"""Fill a folder with all that the lab installs, for a room without a network, and say for which machines it is.

    python -m labs.wheelhouse wheels requirements.lock "3.11 3.12 / linux-x86_64 macos-arm64"

The last word names Pythons and platforms; empty, it is the Python and the machine that run this. What a folder holds
stands in its ``for.txt``, a line for each Python, platform and lock file, where ``labs/bootstrap.py`` looks it up.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker, default_environment

from labs.bootstrap import HOLDS, digest, here, holds
from labs.processes import python

# Wheels for these, as pip calls them: an older system's run on a newer one (PEP 600; Apple's since 11.0 on both CPUs).
_GLIBC = (5, 12, 17, 24, 26, 27, 28, 31, 34)
_LINUX = {arch: [f"manylinux_2_{minor}_{arch}" for minor in _GLIBC] for arch in ("x86_64", "aarch64")}
_LINUX["x86_64"] += ["manylinux1_x86_64", "manylinux2010_x86_64"]
PLATFORMS = {
    "linux-x86_64": [*_LINUX["x86_64"], "manylinux2014_x86_64"],
    "linux-aarch64": [*_LINUX["aarch64"], "manylinux2014_aarch64"],
    "macos-arm64": ["macosx_14_0_arm64"],
    "macos-x86_64": ["macosx_14_0_x86_64"],
}
_PYTHON = re.compile(r"3\.\d+")
_REQUIREMENT = re.compile(r"^(?P<pin>[A-Za-z0-9_.-]+==\S+)(?: ; (?P<marker>.+?))?(?P<rest> \\)?$")


@dataclass(frozen=True)
class For:
    """A Python ("3.12") and a platform ("linux-x86_64"), as a line of ``for.txt``."""

    python: str
    platform: str

    def __str__(self) -> str:
        return f"{self.python} {self.platform}"

    def wants(self, marker: str) -> bool:
        """Whether a line of the lock with this marker is for it."""
        system, _, machine = self.platform.partition("-")
        name, os_ = ("darwin", "Darwin") if system == "macos" else ("linux", "Linux")
        environment: dict[str, str] = {name: str(value) for name, value in default_environment().items()}
        environment |= {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        environment |= {"sys_platform": name, "platform_system": os_, "platform_machine": machine, "os_name": "posix"}
        return not marker or Marker(marker).evaluate(environment)


def asked(words: str) -> list[For]:
    """``"3.11 3.12 / linux-x86_64"`` as pairs; ValueError with a sentence for what is none."""
    if not words.strip():
        return [For(*here().split())]
    pythons, slash, platforms = (part.strip() for part in words.partition("/"))
    wrong = [each for each in pythons.split() if not _PYTHON.fullmatch(each)]
    wrong += [each for each in platforms.split() if each not in PLATFORMS]
    if not slash or not pythons or not platforms or wrong:
        said = f"'{wrong[0]}' is not known" if wrong else f"'{words}' does not name Pythons and platforms"
        raise ValueError(f'{said}; write it like FOR="3.11 3.12 / {" ".join(PLATFORMS)}"')
    return [For(python, platform) for python in pythons.split() for platform in platforms.split()]


def lines_for(lock: str, wanted: For) -> Iterator[str]:
    """The lines of a lock file for one Python and platform, without markers: pip would read them for its own Python."""
    keep = True
    for line in lock.splitlines():
        if found := _REQUIREMENT.match(line):
            keep = wanted.wants(found["marker"] or "")
            line = f"{found['pin']}{found['rest'] or ''}"
        if keep:
            yield line


def fill(folder: Path, lock: Path, wanted: list[For], run: Callable[[list[str]], int]) -> list[For]:
    """Download for each of them; those for which everything came. ``run`` runs a command and gives its exit code."""
    folder.mkdir(exist_ok=True)
    done = []
    for each in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            pins = Path(scratch) / "pins.txt"
            pins.write_text("\n".join(lines_for(lock.read_text(), each)) + "\n")
            which = ["--only-binary=:all:", "--python-version", each.python, "--implementation", "cp"]
            which += [word for tag in PLATFORMS[each.platform] for word in ("--platform", tag)]
            pip = python("-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps")
            download = [*pip, *which, "-d", str(folder)]
            if run([*download, "--require-hashes", "-r", str(pins)]) == 0 and run([*download, "uv"]) == 0:
                done.append(each)
    known = {*(holds(folder, lock) or ()), *map(str, done)}
    (folder / HOLDS).write_text("".join(f"{line} {digest(lock)}\n" for line in sorted(known)))
    return done


def main(target: str, lock: str, words: str = "") -> int:
    """Fill ``target``; 0 when it holds all that was asked for, 1 when not, 2 when the words are not understood."""
    try:
        wanted = asked(words)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    folder = Path(target)
    done = fill(folder, Path(lock), wanted, lambda command: subprocess.run(command, check=False).returncode)
    for each in wanted:
        if each not in done:
            print(f"Not complete for Python {each.python} on {each.platform}: pip says why above.", file=sys.stderr)
    size = sum(file.stat().st_size for file in folder.glob("*.whl"))
    print(f"{target} holds {size / 1e6:.0f} MB, all that the lab installs for:")
    for line in holds(folder, Path(lock)) or ():
        print(f"  Python {line}")
    print(f"Next: copy it beside the kit, then: LAB_WHEELHOUSE={target} make lab")
    return 0 if done == wanted else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
