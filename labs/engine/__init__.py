"""The two engines: a Docker Engine with buildx, or the kit's embedded one. ``find`` picks; nothing else decides.

The ``Engine`` protocol below is all that a stage may use. Knows no stage and no check.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from labs import oci
from labs.engine.facts import DockerProblem, problem_words
from labs.errors import LabError

__all__ = ["DockerProblem", "Engine", "RunningApp", "find"]


class RunningApp(Protocol):
    """An image that was started; leaving the ``with`` block ends it at once and removes every trace."""

    @property
    def url(self) -> str:
        """Where it answers: ``http://127.0.0.1:PORT``."""

    def logs(self) -> str:
        """What it has written so far, both streams; still there after ``stop``."""

    def wait_ready(self, timeout_s: float = 30) -> None:
        """Return when its health path answers; LabError with its last lines when it ends or the time is over."""

    def stop(self) -> int:
        """Send SIGTERM, wait, and return the exit code; a second call returns the same."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Engine(Protocol):
    """What builds, pushes and runs images. Building and pushing is the ``docker`` command on the kernel's PATH."""

    @property
    def name(self) -> str:
        """``docker`` or ``embedded``."""

    @property
    def line(self) -> str:
        """One line for people: which engine, and why if it is not Docker."""

    def environment(self, home: Path) -> dict[str, str]:
        """The variables that make ``docker`` in a shell cell this engine; ``home`` is LAB_HOME."""

    def runnable(self, platform: oci.Platform) -> str:
        """Empty if an image of that platform can run here, else the reason in words."""

    def run(self, image: str, platform: oci.Platform, env: Mapping[str, str]) -> RunningApp:
        """Start an image; LabError when it is not there, or not for that platform."""

    def archive(self, image: str, destination: Path) -> Path:
        """Write the image, with all its platforms, as an OCI archive (tar), and return ``destination``."""


def find(env: Mapping[str, str] | None = None) -> Engine:
    """The engine of this machine: ``docker`` where one answers that can do the lab, else ``embedded``.

    ``LAB_ENGINE`` forces one; LabError when ``docker`` is forced and cannot do the lab, with the remedy.
    """
    env = os.environ if env is None else env
    wanted = env.get("LAB_ENGINE", "").strip().lower()
    if wanted not in ("", "docker", "embedded"):
        raise LabError(f"LAB_ENGINE is '{wanted}'.", "set it to docker or embedded, or unset it", id="unknown-engine")
    if wanted == "embedded":
        return _embedded("LAB_ENGINE=embedded", env)
    # Looked for only when it may be used: it costs a few tenths of a second.
    from labs.engine.probe import probe

    facts = probe(env)
    # On real AWS nothing needs to reach this machine's loopback.
    on_aws = env.get("LAB_TARGET", "").strip().lower() == "aws"
    if facts.problem is None or (on_aws and facts.problem is DockerProblem.LOOPBACK_OUT_OF_REACH):
        from labs.engine.docker import DockerEngine

        return DockerEngine(facts, env)
    words = problem_words(facts)
    if wanted == "docker":
        raise LabError(f"LAB_ENGINE is docker, but {words.what}.", words.remedy, id="docker-cannot-do-the-lab")
    return _embedded(words.what, env)


def _embedded(reason: str, env: Mapping[str, str]) -> Engine:
    from labs.engine.embedded import EmbeddedEngine

    engine: Engine = EmbeddedEngine(reason, env)
    return engine
