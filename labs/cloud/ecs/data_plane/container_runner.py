"""The seam to what runs containers: what to start, and what a started one offers; ``engine`` finds the runner."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from labs import oci
from labs.cloud.contract import Caller
from labs.cloud.registry.store.repositories import Repository


class CannotStart(Exception):
    """The runtime could not make or start the container; ``str()`` is its own reason in one line."""


@dataclass(frozen=True)
class RunImage:
    """An image in the kit's registry. ``digest`` is what the tag names, ``manifest`` the one for ``platform``."""

    repository: Repository
    digest: str
    manifest: str
    platform: oci.Platform


@dataclass(frozen=True)
class ContainerLaunch:
    """One container as it is to run. ``memory`` in MiB, ``cpu`` in CPU units (1024 are one CPU).

    ``entry_point`` and ``command`` stand in for the image's own when they are not None; ``puller`` is who pulls.
    """

    task: str
    container: str
    vpc: str
    image: RunImage
    puller: Caller
    environment: Mapping[str, str] = field(repr=False)
    cpu: int
    memory: int
    entry_point: Sequence[str] | None = None
    command: Sequence[str] | None = None
    folder: str = ""
    user: str = ""
    read_only: bool = False
    init: bool = False


@dataclass(frozen=True)
class End:
    """How a container ended: a signal counts as Docker counts it, 128 and its number."""

    exit_code: int
    out_of_memory: bool = False


class Running(Protocol):
    """A container that was started."""

    @property
    def runtime_id(self) -> str:
        """The runtime's own name for it."""

    def ended(self) -> End | None:
        """How it ended, None while it runs; when it has, all its lines were written."""

    def stop(self, grace_s: float) -> End:
        """SIGTERM, SIGKILL after ``grace_s``; how it ended. Returns at once when it already has."""

    def check(self, command: Sequence[str], timeout_s: float) -> bool:
        """Run a health check's command inside; whether its exit code was 0 in time."""

    def remove(self) -> None:
        """Leave no trace of it; it must have ended."""


class Runner(Protocol):
    """Docker, or processes."""

    @property
    def line(self) -> str:
        """One line for people: what runs the containers."""

    def start(self, launch: ContainerLaunch, write: Callable[[str], None]) -> Running:
        """Start a container; its lines, both streams, go to ``write`` from another thread. Raises CannotStart."""

    def sweep(self) -> None:
        """Remove what an earlier process with this state folder left behind."""

    def close(self) -> None:
        """End and remove everything at once."""
