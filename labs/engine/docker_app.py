"""One container of the lab: started with as little as it needs, reached over loopback, removed whatever happens."""

import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import docker
import docker.errors

from labs import oci
from labs.engine.app_health import answers, not_ready
from labs.errors import LabError

LABEL = "fargate-lab-kit.owner"  # its value is the process that started the container
MEMORY = 256 << 20
STOP_S = 10
PORT = 8080  # of an image that has no EXPOSE
POLL_S = 0.05
# How runc and Docker begin what they say about a thing that the image names. runc: libcontainer/init_linux.go ("chdir
# to cwd ... set in config.json failed") and "unable to start container process: exec: ..."; moby's user package:
# "unable to find user ...: no matching entries in passwd file". The last of them was only seen.
_OF_THE_IMAGE = re.compile(
    r'container process(?: caused)?: exec: "|unable to find (?:user|group) |chdir to cwd |no command specified'
)

Api = Callable[[], AbstractContextManager[docker.APIClient]]


class DockerApp:
    """A running container of the trainee's image; see ``labs.engine.RunningApp``."""

    def __init__(self, api: Api, container: str, url: str, image: str, secrets: tuple[str, ...]) -> None:
        self.url = url
        self._api, self._container, self._image, self._secrets = api, container, image, secrets
        self._exit: int | None = None
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The exit code is not wanted any more, so the app gets no time to stop by itself.
        self._end(grace_s=0)

    def logs(self) -> str:
        """Both streams, the values of the given environment blanked out."""
        if self._exit is None:
            with self._api() as api:
                self._last = self._read(api)
        return self._last

    def wait_ready(self, timeout_s: float = 30) -> None:
        """Poll ``/healthz`` until it answers 200."""
        deadline = time.monotonic() + timeout_s
        with self._api() as api:
            while True:
                if answers(self.url):
                    return
                state = api.inspect_container(self._container)["State"]
                if not state["Running"]:
                    code = state["ExitCode"]
                    raise not_ready(f"{self._image} ended with exit code {code} before it answered", self._read(api))
                if time.monotonic() > deadline:
                    raise not_ready(f"{self._image} did not answer /healthz within {timeout_s:.0f} s", self._read(api))
                time.sleep(POLL_S)

    def stop(self) -> int:
        """SIGTERM, SIGKILL after ten seconds, then the container is removed; the exit code."""
        return self._end(STOP_S)

    def _end(self, grace_s: int) -> int:
        if self._exit is not None:
            return self._exit
        with self._api() as api:
            try:
                api.stop(self._container, timeout=grace_s)
                self._exit = int(api.wait(self._container, timeout=STOP_S)["StatusCode"])
                self._last = self._read(api)
            except docker.errors.NotFound:
                self._exit = -1  # it was removed from outside
            finally:
                _remove(api, self._container)
        return self._exit

    def _read(self, api: docker.APIClient) -> str:
        text = api.logs(self._container).decode(errors="replace")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return str(text)


def start(
    api: docker.APIClient, reconnect: Api, image: str, platform: oci.Platform, env: Mapping[str, str]
) -> DockerApp:
    """Create and start a container; nothing is left behind when that fails.

    Raises the SDK's ImageNotFound when the engine's store has no such image, or not for that platform.
    """
    exposed = api.inspect_image(image)["Config"].get("ExposedPorts") or {}
    port = next((int(each.split("/")[0]) for each in exposed if each.endswith("/tcp")), PORT)
    try:
        container = _create(api, image, platform, port, env)
    except docker.errors.APIError as error:
        if _OF_THE_IMAGE.search(str(error.explanation)):
            raise _not_started(image, str(error.explanation)) from error
        raise
    try:
        api.start(container)
        bound = api.inspect_container(container)["NetworkSettings"]["Ports"].get(f"{port}/tcp")
        # Shorter values (a port, a flag) are not secrets, and blanking them would spoil the log.
        secrets = tuple(sorted({value for value in env.values() if len(value) >= 6}, key=len, reverse=True))
        # An app that ended at once has no port any more; wait_ready says so with its last lines.
        url = f"http://127.0.0.1:{bound[0]['HostPort']}" if bound else ""
        return DockerApp(reconnect, container, url, image, secrets)
    except docker.errors.APIError as error:
        _remove(api, container)
        raise _not_started(image, str(error.explanation)) from error
    except BaseException:
        _remove(api, container)
        raise


def _not_started(image: str, words: str) -> LabError:
    """The engine's words: about the image's command, folder or user, or about the machine the engine runs on."""
    what = f"{image} could not be started: {words}."
    if _OF_THE_IMAGE.search(words):
        return LabError(what, "fix that in the Dockerfile and build again", id="image-not-startable")
    return LabError(what, "labs doctor", id="container-not-started")


def _create(api: docker.APIClient, image: str, platform: oci.Platform, port: int, env: Mapping[str, str]) -> str:
    limits: Mapping[str, Any] = api.create_host_config(
        port_bindings={f"{port}/tcp": ("127.0.0.1", None)},
        read_only=True,
        tmpfs={"/tmp": "size=16m"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=MEMORY,
        pids_limit=256,
        init=False,  # the image itself must stop on SIGTERM: that is part of the lesson
    )
    made = api.create_container(
        image,
        environment=dict(env),
        ports=[port],
        host_config=limits,
        platform=str(platform),
        labels={LABEL: str(os.getpid())},
    )
    return str(made["Id"])


def _remove(api: docker.APIClient, container: str) -> None:
    try:
        api.remove_container(container, force=True, v=True)
    except docker.errors.APIError:
        return  # already gone, or being removed
