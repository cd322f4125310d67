"""Set up the kit's virtual environment from a lock file. Runs on a bare Python 3.11+, before anything is installed.

    python3 labs/bootstrap.py .venv requirements.lock

``LAB_WHEELHOUSE`` names a folder of wheels for a room without a network; nothing else is asked then.
"""

import hashlib
import os
import platform
import subprocess
import sys
import time
import venv
from pathlib import Path

NEEDS = (3, 11)
# In a folder of wheels: for which Pythons and platforms they are, one in a line, and of which lock file (its SHA-256).
HOLDS = "for.txt"


def main(target: str, lock: str) -> int:
    """Create or update ``target`` so that it holds exactly what ``lock`` names, and the ``labs`` command."""
    if sys.platform == "win32":
        return refuse_windows()
    if sys.version_info < NEEDS:
        return _stop(
            f"This is Python {sys.version.split()[0]}; the kit needs {NEEDS[0]}.{NEEDS[1]} or newer.",
            "install one, then: make lab PYTHON=python3.12",
        )
    began = time.monotonic()
    folder = Path(target).absolute()
    python = folder / "bin" / "python"
    wheels = os.environ.get("LAB_WHEELHOUSE")
    if wheels and (unfit := _unfit(Path(wheels), Path(lock))):
        return _stop(*unfit)
    source = ["--no-index", "--find-links", wheels] if wheels else []
    if not python.exists():
        print(f"Setting up {target} (once; about a minute) ...", flush=True)
        try:
            venv.create(folder, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, OSError) as error:
            return _stop(f"Python could not create {target}: {error}", "on Debian and Ubuntu: apt install python3-venv")
    # -I does not hear PYTHONUTF8, and a folder may have any name.
    pip = [str(python), "-I", "-X", "utf8", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    uv = [str(python), "-I", "-m", "uv", "--quiet"]
    steps = [
        [*pip, "install", *source, "uv>=0.9"],
        # Not "uv pip sync": it would remove pip and uv themselves.
        [
            *uv,
            "pip",
            "install",
            "--python",
            str(python),
            *source,
            "--require-hashes",
            "--no-deps",
            "-r",
            lock,
        ],
        [
            *uv,
            "pip",
            "install",
            "--python",
            str(python),
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "-e",
            ".",
        ],
    ]
    # -I keeps the current folder off sys.path; so does this, in what these start themselves.
    env = os.environ | {"PYTHONSAFEPATH": "1"}
    for step in steps:
        if subprocess.run(step, env=env, check=False).returncode != 0:
            remedy = f"fill {wheels} again (make wheels)" if wheels else "check the network"
            return _stop(
                f"Installing from {lock} failed; the lines above say why.",
                f"{remedy}, and run the same command again; it goes on where it stopped",
            )
    _point_by_relative_path(folder)
    print(f"{target} is ready ({time.monotonic() - began:.0f} s).", flush=True)
    return 0


def _point_by_relative_path(folder: Path) -> None:
    """Name the checkout from where the environment's packages are: Python reads that file in the locale's encoding.

    A path beyond ASCII in it keeps a Python before 3.13 from starting where that is not UTF-8 (python/cpython#117793).
    """
    for file in folder.glob("lib/python*/site-packages/_fargate_lab_kit.pth"):
        # Joined to the folder, a whole path stays what it is, and one from here is not taken for one from elsewhere.
        relative = os.path.relpath(file.parent / file.read_text("utf-8").strip(), file.parent)
        if relative.isascii():
            file.write_text(f"{relative}\n", "utf-8")


def here() -> str:
    """This Python and this machine as a line of ``for.txt``: ``3.12 linux-x86_64``."""
    system = "macos" if sys.platform == "darwin" else sys.platform
    return f"{sys.version_info[0]}.{sys.version_info[1]} {system}-{platform.machine()}"


def holds(folder: Path, lock: Path) -> list[str] | None:
    """What a folder of wheels is for, with this lock file; None where it does not say for what."""
    try:
        lines = [line.split() for line in (folder / HOLDS).read_text().splitlines() if line.strip()]
    except OSError:
        return None
    return [" ".join(line[:2]) for line in lines if line[2:] == [digest(lock)]]


def digest(lock: Path) -> str:
    """The SHA-256 of a lock file, in hex."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _unfit(folder: Path, lock: Path) -> tuple[str, str] | None:
    """Why a folder of wheels does not serve this machine, and what does."""
    if not folder.is_dir():
        return f"LAB_WHEELHOUSE is '{folder}', and there is no such folder.", "name the folder of wheels, or unset it"
    known = holds(folder, lock)
    if known is None or here() in known:
        return None
    python, machine = here().split()
    if not known:
        return f"{folder} holds wheels for another version of the kit.", "where there is a network: make wheels"
    fitting = [line.split()[0] for line in known if line.split()[1:] == [machine]]
    remedy = f'where there is a network: make wheels FOR="{python} / {machine}"'
    if fitting:
        remedy = f"make lab PYTHON=python{fitting[-1]}; or {remedy}"
    return f"{folder} holds wheels for {', '.join(known)}; this is Python {python} on {machine}.", remedy


def refuse_windows() -> int:
    """Say that plain Windows is not served, and what is; exit code 2."""
    return _stop(
        "The lab runs on Linux, on macOS, and on Windows in WSL2, not on Windows itself.",
        "in an administrator's PowerShell: wsl --install, then clone the kit and run make lab in that Linux",
    )


def _stop(what: str, next_step: str) -> int:
    print(f"{what}\nNext: {next_step}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
