"""What is known about Docker on a machine, as plain data, and the words for what is wrong with it."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from labs.oci import Platform


class DockerProblem(Enum):
    """Why a Docker on this machine cannot do the lab; in the order in which they are looked for."""

    NO_CLIENT = auto()
    NOT_ANSWERING = auto()
    PERMISSION_DENIED = auto()
    NOT_DOCKER = auto()
    NO_BUILDX = auto()
    CLASSIC_STORE = auto()
    LOOPBACK_OUT_OF_REACH = auto()


@dataclass(frozen=True)
class DockerFacts:
    """What was found. Empty strings and tuples where the search stopped at ``problem``."""

    problem: DockerProblem | None
    client: str = ""  # path of the docker command
    endpoint: str = ""  # unix:///..., tcp://..., ssh://...
    context: str = ""  # the user's current context, when it is not the default one
    server: str = ""  # version of the engine
    system: str = ""  # the daemon's operating system in its own words, such as "Docker Desktop"
    buildx: str = ""  # version of buildx
    rootless: bool = False
    detail: str = ""  # the client's or daemon's own words about the problem, one line
    tls_folder: str = ""  # certificates of a context, when it has any

    @property
    def desktop(self) -> bool:
        """Whether the daemon lives in Docker Desktop's virtual machine."""
        return "docker desktop" in self.system.lower()


class Explained(NamedTuple):
    """A problem for people: ``what`` continues a sentence and has no full stop; ``remedy`` is one thing to do."""

    what: str
    remedy: str


EMBEDDED_DOES = "LAB_ENGINE=embedded does the lab without Docker"
# Docker's manual, "containerd image store": the switch in Docker Desktop, and features.containerd-snapshotter.
STORE_REMEDY = (
    'turn on the containerd image store: {"features":{"containerd-snapshotter":true}} in /etc/docker/daemon.json, '
    "then restart Docker"
)
STORE_REMEDY_DESKTOP = "in Docker Desktop: Settings, General, tick 'Use containerd for pulling and storing images'"


def problem_words(facts: DockerFacts) -> Explained:
    """Why Docker cannot do the lab here, and the remedy."""
    own = f" ({facts.detail})" if facts.detail else ""
    match facts.problem:
        case DockerProblem.NO_CLIENT:
            return Explained(
                "no Docker Engine found", f"install Docker Engine and its buildx plugin, or go on: {EMBEDDED_DOES}"
            )
        case DockerProblem.NOT_ANSWERING:
            return Explained(
                f"no Docker Engine found at {facts.endpoint}{own}",
                "start Docker (Docker Desktop, or: sudo systemctl start docker)",
            )
        case DockerProblem.PERMISSION_DENIED:
            return Explained(
                f"this user may not use the Docker socket {facts.endpoint.removeprefix('unix://')}",
                "add the user to its group: sudo usermod -aG docker $USER, then log out and in again",
            )
        case DockerProblem.NOT_DOCKER:
            return Explained(
                f"what answers at {facts.endpoint} is not a Docker Engine{own}",
                "point DOCKER_HOST at a Docker Engine, or unset it",
            )
        case DockerProblem.NO_BUILDX:
            return Explained(
                f"Docker Engine {facts.server} answers, but docker has no buildx{own}",
                "install the buildx plugin (package docker-buildx-plugin, or docker-buildx on Debian and Ubuntu)",
            )
        case DockerProblem.CLASSIC_STORE:
            return Explained(
                f"Docker Engine {facts.server} answers, but its image store keeps one platform of an image only",
                STORE_REMEDY_DESKTOP if facts.desktop else STORE_REMEDY,
            )
        case DockerProblem.LOOPBACK_OUT_OF_REACH:
            where = "Docker Desktop's engine" if facts.desktop else f"the Docker Engine at {facts.endpoint}"
            return Explained(
                f"{where} lives on another network and cannot reach this machine's 127.0.0.1, where the local AWS is",
                "use a Docker Engine that runs on this machine itself, not rootless and not in a virtual machine; "
                f"or go on: {EMBEDDED_DOES}",
            )
        case None:
            return Explained("", "")


@dataclass(frozen=True)
class Machine:
    """What the doctor looks at, apart from Docker; sizes in bytes, -1 where they could not be read."""

    python: tuple[int, int, int]
    home: str  # LAB_HOME
    home_problem: str  # why LAB_HOME cannot be written, or empty
    loopback_problem: str  # why a free port of 127.0.0.1 cannot be opened, or empty
    free_disk: int  # where LAB_HOME is
    memory: int
    proxies: tuple[str, ...] = ()  # names of the variables that would send a request to 127.0.0.1 to a proxy
    forced_engine: str = ""  # LAB_ENGINE
    target: str = "local"  # LAB_TARGET


@dataclass(frozen=True)
class MachineFacts:
    """All that the doctor judges."""

    machine: Machine
    docker: DockerFacts
    platforms: tuple[Platform, ...] = ()  # what the Docker Engine says it can run
