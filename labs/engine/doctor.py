"""What this machine has and what to fix: one finding a line, each with one remedy. ``judge`` is pure."""

import os
import shutil
import socket
import sys
import tempfile
import textwrap
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from labs.engine.facts import DockerFacts, DockerProblem, Machine, MachineFacts, problem_words
from labs.engine.probe import builder_platforms, probe
from labs.errors import LabError
from labs.oci import Platform
from labs.printable import printable_lines
from labs.session.home import lab_home

GIB = 1 << 30
PYTHON_NEEDED = (3, 11)
DISK_NEEDED = 2 * GIB  # the virtual environment, two base images, the local AWS's layers
MEMORY_NEEDED = 2 * GIB  # JupyterLab, a kernel, the local AWS under 250 MB
LAB_PLATFORMS = (Platform("linux", "amd64"), Platform("linux", "arm64"))
WIDTH = 100


class DoctorStatus(StrEnum):
    """``ok``; ``note``: good to know, nothing is lost; ``fix``: something does not work until it is fixed."""

    OK = "ok"
    NOTE = "note"
    FIX = "fix"


@dataclass(frozen=True)
class DoctorLine:
    """``what`` was looked at, what was ``found``, and one ``remedy`` (empty when ok)."""

    what: str
    status: DoctorStatus
    found: str
    remedy: str = ""
    stops_the_lab: bool = False


def examine(env: Mapping[str, str] | None = None) -> list[DoctorLine]:
    """Look at this machine and judge it; creates nothing but LAB_HOME. Takes up to a second where Docker answers."""
    return judge(gather(os.environ if env is None else env))


def gather(env: Mapping[str, str]) -> MachineFacts:
    """The facts of this machine."""
    docker = probe(env)
    platforms = builder_platforms(docker, env) if docker.buildx else ()
    return MachineFacts(_machine(env), docker, platforms)


def judge(facts: MachineFacts) -> list[DoctorLine]:
    """What the facts mean, the most basic first."""
    return [
        *_python(facts.machine),
        *_room(facts.machine),
        *_network(facts.machine),
        *_engine(facts),
        *_platforms(facts),
    ]


def can_run(findings: Sequence[DoctorLine]) -> bool:
    """Whether the lab can run as things are; the embedded engine needs no Docker."""
    return not any(finding.stops_the_lab for finding in findings)


def table(findings: Sequence[DoctorLine]) -> str:
    """The findings for people: status, subject and what was found, the remedy under it; plain text."""
    wide = max(len(finding.what) for finding in findings)
    lines = []
    for finding in findings:
        lead = f"{finding.status:<5} {finding.what:<{wide}}  "
        found = printable_lines(finding.found)
        lines += textwrap.wrap(found, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))
        if finding.remedy:
            lead = " " * len(lead)
            # A remedy may hold a command; it must not be broken inside a word.
            lines += textwrap.wrap(
                f"-> {finding.remedy}",
                WIDTH,
                initial_indent=lead,
                subsequent_indent=lead + "   ",
                break_on_hyphens=False,
                break_long_words=False,
            )
    return "\n".join(lines)


def _python(machine: Machine) -> Iterator[DoctorLine]:
    version = ".".join(map(str, machine.python))
    if machine.python >= PYTHON_NEEDED:
        yield DoctorLine("Python", DoctorStatus.OK, version)
    else:
        yield DoctorLine(
            "Python",
            DoctorStatus.FIX,
            f"{version}; the kit needs 3.11 or newer",
            "install Python 3.11 or newer",
            True,
        )


def _room(machine: Machine) -> Iterator[DoctorLine]:
    if machine.home_problem:
        remedy = "make it writable, or set LAB_HOME to a folder that is"
        yield DoctorLine(
            "LAB_HOME", DoctorStatus.FIX, f"{machine.home} cannot be written: {machine.home_problem}", remedy, True
        )
    else:
        yield DoctorLine("LAB_HOME", DoctorStatus.OK, machine.home)
    if 0 <= machine.free_disk < DISK_NEEDED:
        found = f"{machine.free_disk / GIB:.1f} GiB free; the lab needs {DISK_NEEDED // GIB} GiB"
        yield DoctorLine(
            "Disk", DoctorStatus.FIX, found, "free some space, or set LAB_HOME to a folder on a larger disk"
        )
    elif machine.free_disk >= 0:
        yield DoctorLine("Disk", DoctorStatus.OK, f"{machine.free_disk / GIB:.1f} GiB free")
    if 0 <= machine.memory < MEMORY_NEEDED:
        found = f"{machine.memory / GIB:.1f} GiB; {MEMORY_NEEDED // GIB} GiB is comfortable"
        yield DoctorLine("Memory", DoctorStatus.NOTE, found, "close other programs if the notebook becomes slow")
    elif machine.memory >= 0:
        yield DoctorLine("Memory", DoctorStatus.OK, f"{machine.memory / GIB:.1f} GiB")


def _network(machine: Machine) -> Iterator[DoctorLine]:
    if machine.loopback_problem:
        found = f"no port of 127.0.0.1 could be opened: {machine.loopback_problem}"
        remedy = "allow programs on this machine to listen on 127.0.0.1 (firewall or sandbox settings)"
        yield DoctorLine("Ports", DoctorStatus.FIX, found, remedy, True)
    else:
        yield DoctorLine("Ports", DoctorStatus.OK, "127.0.0.1 can be listened on and reached")
    if machine.proxies:
        found = f"{' and '.join(machine.proxies)} would send requests for 127.0.0.1 to a proxy"
        remedy = "the kit exempts itself; for your own shell: export NO_PROXY=127.0.0.1,localhost"
        yield DoctorLine("Proxy", DoctorStatus.NOTE, found, remedy)


def _engine(facts: MachineFacts) -> Iterator[DoctorLine]:
    docker, forced = facts.docker, facts.machine.forced_engine
    if forced not in ("", "docker", "embedded"):
        found = f"LAB_ENGINE is '{forced}'"
        yield DoctorLine("Engine", DoctorStatus.FIX, found, "set it to docker or embedded, or unset it", True)
        return
    problem = docker.problem
    if problem is DockerProblem.LOOPBACK_OUT_OF_REACH and facts.machine.target == "aws":
        problem = None  # on real AWS nothing needs this machine's loopback
    if problem is None:
        yield DoctorLine("Docker", DoctorStatus.OK, _docker_line(docker))
        used = "embedded (LAB_ENGINE=embedded)" if forced == "embedded" else "docker"
        yield DoctorLine("Engine", DoctorStatus.OK, used)
        return
    what, remedy = problem_words(docker)
    absent = problem in (DockerProblem.NO_CLIENT, DockerProblem.NOT_ANSWERING)
    status = DoctorStatus.NOTE if absent and forced != "docker" else DoctorStatus.FIX
    yield DoctorLine("Docker", status, what, remedy, stops_the_lab=forced == "docker")
    if forced == "docker":
        yield DoctorLine(
            "Engine", DoctorStatus.FIX, "LAB_ENGINE=docker, and Docker cannot do the lab", "unset LAB_ENGINE", True
        )
    else:
        yield DoctorLine("Engine", DoctorStatus.OK, "embedded: it does the lab without Docker")


def _docker_line(docker: DockerFacts) -> str:
    where = f" through the context {docker.context}" if docker.context else ""
    kind = " (Docker Desktop)" if docker.desktop else " (rootless)" if docker.rootless else ""
    return f"Engine {docker.server}{kind} at {docker.endpoint}{where}, buildx {docker.buildx}, containerd image store"


def _platforms(facts: MachineFacts) -> Iterator[DoctorLine]:
    """What can run here. Building needs no emulation: the sample app's Dockerfile has no RUN."""
    if facts.docker.problem is not None or facts.machine.forced_engine == "embedded":
        return
    missing = [each for each in LAB_PLATFORMS if each not in facts.platforms]
    if not missing:
        yield DoctorLine("Platforms", DoctorStatus.OK, "both run here: " + " and ".join(map(str, LAB_PLATFORMS)))
        return
    words = " and ".join(map(str, missing))
    found = f"{words} images can be built here but not run: the emulator (QEMU with binfmt) is missing"
    if facts.docker.desktop:
        remedy = "restart Docker Desktop: it brings its own emulators"
    else:
        remedy = "on Debian and Ubuntu: sudo apt install qemu-user-static binfmt-support, then restart Docker"
    yield DoctorLine("Platforms", DoctorStatus.FIX, found, remedy)


def _machine(env: Mapping[str, str]) -> Machine:
    home, problem = _home(env)
    return Machine(
        python=sys.version_info[:3],
        home=home,
        home_problem=problem,
        loopback_problem=_loopback(),
        free_disk=_free(Path(home)),
        memory=_memory(),
        proxies=_proxies_for_loopback(env),
        forced_engine=env.get("LAB_ENGINE", "").strip().lower(),
        target=env.get("LAB_TARGET", "").strip().lower() or "local",
    )


def _home(env: Mapping[str, str]) -> tuple[str, str]:
    try:
        home = lab_home(env)
        with tempfile.TemporaryFile(dir=home):
            return str(home), ""
    except LabError as error:
        return env.get("LAB_HOME", ""), error.what
    except OSError as error:
        return str(home), error.strerror or str(error)


def _loopback() -> str:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return -1


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return -1


def _proxies_for_loopback(env: Mapping[str, str]) -> tuple[str, ...]:
    """The proxy variables that are set, unless NO_PROXY exempts 127.0.0.1 from them."""
    names = [name for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY") if env.get(name)]
    exempt = env.get("no_proxy") or env.get("NO_PROXY") or ""
    if urllib.request.proxy_bypass_environment("127.0.0.1", {"no": exempt}):  # type: ignore[attr-defined]
        return ()
    return tuple(names)
