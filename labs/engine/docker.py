"""The Docker engine: the SDK for pinging, running and inspecting; building and pushing is the docker command itself."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import docker
import docker.errors
import requests

from labs import oci
from labs.engine.docker_app import LABEL, DockerApp, start
from labs.engine.docker_config import kernel_environment
from labs.engine.facts import DockerFacts
from labs.engine.probe import ask, builder_platforms, connect
from labs.errors import LabError

PULL_TIMEOUT_S = 600
_GONE = "look whether Docker still runs with: docker version"


class DockerEngine:
    """A Docker Engine with buildx and the containerd image store, as ``probe`` found it."""

    name = "docker"

    def __init__(self, facts: DockerFacts, env: Mapping[str, str]) -> None:
        self.facts = facts
        self._env = dict(env)

    @property
    def line(self) -> str:
        return f"docker: Engine {self.facts.server}, buildx {self.facts.buildx}"

    def environment(self, home: Path) -> dict[str, str]:
        """DOCKER_CONFIG, DOCKER_HOST and buildx variables; the kit's config is written to ``home/docker``."""
        variables = kernel_environment(self.facts, self._env, home / "docker")
        self._env |= variables
        return variables

    def ping(self) -> None:
        """Return if the engine still answers; LabError if it went away."""
        with self._api() as api:
            api.ping()

    @cached_property
    def platforms(self) -> tuple[oci.Platform, ...]:
        """The platforms whose programs this engine runs, emulated ones included."""
        return builder_platforms(self.facts, self._env)

    def runnable(self, platform: oci.Platform) -> str:
        """Empty, or why: the kernel has no emulator for it."""
        if platform.normal() in self.platforms:
            return ""
        return f"this Docker Engine runs no {platform} programs: the emulator (QEMU, binfmt) for them is not set up"

    def run(self, image: str, platform: oci.Platform, env: Mapping[str, str]) -> DockerApp:
        """Start the image on 127.0.0.1 and a free port: read-only, without capabilities, 256 MiB."""
        platform = platform.normal()
        if reason := self.runnable(platform):
            raise LabError(
                f"{image} cannot run as {platform} here: {reason}.",
                "labs doctor names the remedy",
                id="platform-not-runnable",
            )
        with self._api() as api:
            _sweep(api)
            try:
                return start(api, self._api, image, platform, env)
            except docker.errors.ImageNotFound:
                self._pull(image, platform)
            try:
                return start(api, self._api, image, platform, env)
            except docker.errors.ImageNotFound as error:
                raise LabError(
                    f"{image} has no image for {platform}: {error.explanation}.",
                    f"build it with --platform {platform}",
                    id="docker-image-lacks-platform",
                ) from error

    def archive(self, image: str, destination: Path) -> Path:
        """``docker image save``: with the containerd image store that is an OCI archive of every platform."""
        destination.parent.mkdir(parents=True, exist_ok=True)
        fresh = destination.with_name(destination.name + ".new")
        try:
            with self._api(timeout_s=PULL_TIMEOUT_S) as api, fresh.open("wb") as out:
                try:
                    for chunk in api.get_image(image, chunk_size=1 << 20):
                        out.write(chunk)
                except docker.errors.NotFound:
                    raise _absent(image) from None
            fresh.replace(destination)
        except OSError as error:
            raise LabError(
                f"{destination} cannot be written: {error.strerror}.", "free some disk space", id="archive-not-written"
            ) from error
        finally:
            fresh.unlink(missing_ok=True)
        return destination

    def inspect_pushed(self, image: str) -> tuple[str, tuple[oci.Platform, ...]]:
        """The digest and the platforms of an image in its registry, attestations left out; LabError if it is not."""
        with self._api() as api:
            config = Path(self._env.get("DOCKER_CONFIG", ""), "config.json")
            if config.is_file():
                api.reload_config(str(config))
            try:
                found = api.inspect_distribution(image)
            except docker.errors.APIError as error:
                raise LabError(
                    f"{image} could not be read from its registry: {error.explanation}.", id="pushed-image-not-read"
                ) from error
        platforms = [
            oci.Platform(each["os"], each["architecture"], each.get("variant", "")).normal()
            for each in found.get("Platforms") or []
        ]
        return found["Descriptor"]["digest"], tuple(each for each in platforms if each.os != "unknown")

    def _pull(self, image: str, platform: oci.Platform) -> None:
        """Pull an image that is not in the engine's own store; the login is the kit's."""
        words = ["pull", "--quiet", "--platform", str(platform), image]
        pulled = ask(self.facts.client, words, self._env, PULL_TIMEOUT_S)
        if pulled.returncode != 0:
            said = (pulled.stderr.strip().splitlines() or ["docker pull failed"])[-1]
            raise LabError(
                f"There is no {image} for {platform} in this Docker Engine, and it could not be pulled: {said}",
                f"build it first: docker buildx build --platform {platform} -t {image} ...",
                id="docker-image-not-pulled",
            )

    @contextmanager
    def _api(self, timeout_s: float = 60) -> Iterator[docker.APIClient]:
        try:
            with connect(self.facts, self._env, timeout_s) as api:
                yield api
        except (requests.RequestException, docker.errors.DockerException) as error:
            if isinstance(error, docker.errors.APIError):
                if not error.is_server_error():
                    raise LabError(f"Docker refused: {error.explanation}.", _GONE, id="docker-refused") from error
                raise LabError(
                    f"The Docker Engine failed: {error.explanation}.", "labs doctor", id="docker-failed"
                ) from error
            raise LabError(
                f"The Docker Engine at {self.facts.endpoint} does not answer any more.", _GONE, id="docker-went-away"
            ) from error


def _absent(image: str) -> LabError:
    return LabError(
        f"There is no image {image} in this Docker Engine.",
        f"build it first: docker buildx build -t {image} ...",
        id="docker-image-not-found",
    )


def _sweep(api: docker.APIClient) -> None:
    """Remove what an interrupted run of the kit on this machine left behind; only what carries its label."""
    for left in api.containers(all=True, filters={"label": LABEL}):
        owner = left["Labels"].get(LABEL, "")
        if owner.isdigit() and not _alive(int(owner)):
            try:
                api.remove_container(left["Id"], force=True)
            except docker.errors.APIError:
                continue  # another process is removing it


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
