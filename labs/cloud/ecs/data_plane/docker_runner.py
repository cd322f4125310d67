"""Containers on the machine's Docker Engine: isolated, limited, without capabilities, and never left behind.

Each VPC is one internal network: its containers reach each other and nothing else. The containers of one task share
one network namespace, as in awsvpc mode. Everything carries the state folder's label.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import docker
import docker.errors
import requests

from labs.cloud.ecs.data_plane.container_runner import CannotStart, ContainerLaunch, End, Running
from labs.cloud.registry import EcrStore
from labs.engine.facts import DockerFacts
from labs.engine.probe import connect

STATE_LABEL = "fargate-lab-kit.state"
TASK_LABEL = "fargate-lab-kit.task"
PULL_S = 600
# The silence after which a container's log is taken for lost: the longest wait that fits poll(2).
_FOLLOW_S = 20 * 86400.0
_CHECK_POLL_S = 0.05
_FAULTS = (docker.errors.DockerException, requests.RequestException, OSError)


class DockerRunner:
    """``state`` marks what belongs to one state folder; ``host`` is the registry's ``127.0.0.1:PORT``."""

    def __init__(
        self, *, facts: DockerFacts, env: Mapping[str, str], ecr: EcrStore, host: Callable[[], str], state: str
    ) -> None:
        self._facts = facts
        self._env = dict(env)
        self._ecr = ecr
        self._host = host
        self._state = state
        self._lock = threading.Lock()
        self._networks: dict[str, int] = {}
        self._running: dict[str, list[DockerContainer]] = {}

    @property
    def line(self) -> str:
        """See ``Runner``."""
        return f"docker: Engine {self._facts.server}"

    @contextlib.contextmanager
    def _api(self, timeout_s: float = 60) -> Iterator[docker.APIClient]:
        with connect(self._facts, self._env, timeout_s) as api:
            yield api

    def start(self, launch: ContainerLaunch, write: Callable[[str], None]) -> Running:
        """See ``Runner``."""
        name = f"{self._host()}/{launch.image.repository.name}@{launch.image.digest}"
        network = self._use_network(launch.vpc)
        made = ""
        try:
            with self._api(PULL_S) as api:
                made = self._create(api, name, launch, network)
                api.start(made)
        except _FAULTS as error:
            self._discard(made)
            self._leave_network(launch.vpc)
            raise CannotStart(_words(error)) from error
        container = DockerContainer(
            facts=self._facts,
            env=self._env,
            container=made,
            write=write,
            removed=lambda: self._removed(launch, container),
        )
        with self._lock:
            self._running.setdefault(launch.task, []).append(container)
        container.follow()
        return container

    def _create(self, api: docker.APIClient, name: str, launch: ContainerLaunch, network: str) -> str:
        try:
            return self._container(api, name, launch, network)
        except docker.errors.ImageNotFound:
            self._pull(api, name, launch)
        return self._container(api, name, launch, network)

    def _pull(self, api: docker.APIClient, name: str, launch: ContainerLaunch) -> None:
        """With a token of the execution role's session: the registry decides again, and writes it down."""
        repository, _, digest = name.partition("@")
        token = self._ecr.tokens.issue(launch.puller)
        import base64

        user, _, password = base64.b64decode(token.authorization).decode().partition(":")
        lines = api.pull(
            repository,
            tag=digest,
            platform=str(launch.image.platform),
            auth_config={"username": user, "password": password},
            stream=True,
            decode=True,
        )
        for line in lines:
            if "error" in line:
                raise docker.errors.DockerException(str(line["error"]))

    def _container(self, api: docker.APIClient, name: str, launch: ContainerLaunch, network: str) -> str:
        with self._lock:
            alive = [each for each in self._running.get(launch.task, ()) if each.ended() is None]
        limits = api.create_host_config(
            network_mode=f"container:{alive[0].runtime_id}" if alive else network,
            mem_limit=launch.memory << 20,
            memswap_limit=launch.memory << 20,
            nano_cpus=_nano_cpus(launch.cpu),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=1024,
            read_only=launch.read_only,
            init=launch.init,
            log_config=docker.types.LogConfig(type="json-file", config={"max-size": "10m", "max-file": "1"}),
        )
        made = api.create_container(
            name,
            command=list(launch.command) if launch.command is not None else None,
            entrypoint=list(launch.entry_point) if launch.entry_point is not None else None,
            environment=dict(launch.environment),
            working_dir=launch.folder or None,
            user=launch.user or None,
            host_config=limits,
            platform=str(launch.image.platform),
            # The task definition's health check counts, never the image's.
            healthcheck={"test": ["NONE"]},
            labels={STATE_LABEL: self._state, TASK_LABEL: launch.task},
        )
        return str(made["Id"])

    def _use_network(self, vpc: str) -> str:
        name = f"fargate-lab-{self._state}-{vpc}"
        with self._lock:
            if not self._networks.get(vpc):
                try:
                    with self._api() as api:
                        api.create_network(
                            name,
                            driver="bridge",
                            internal=True,
                            check_duplicate=True,
                            labels={STATE_LABEL: self._state},
                        )
                except _FAULTS as error:
                    if "already exists" not in str(error):
                        raise CannotStart(_words(error)) from error
            self._networks[vpc] = self._networks.get(vpc, 0) + 1
        return name

    def _leave_network(self, vpc: str) -> None:
        with self._lock:
            self._networks[vpc] -= 1
            if self._networks[vpc]:
                return
            with contextlib.suppress(*_FAULTS), self._api() as api:
                api.remove_network(f"fargate-lab-{self._state}-{vpc}")

    def _removed(self, launch: ContainerLaunch, container: "DockerContainer") -> None:
        with self._lock:
            mine = self._running.get(launch.task, [])
            if container not in mine:
                return
            mine.remove(container)
            if not mine:
                self._running.pop(launch.task, None)
        self._leave_network(launch.vpc)

    def _discard(self, container: str) -> None:
        if container:
            with contextlib.suppress(*_FAULTS), self._api() as api:
                api.remove_container(container, force=True, v=True)

    def sweep(self) -> None:
        """See ``Runner``: containers first, then the networks they were on."""
        wanted = {"label": f"{STATE_LABEL}={self._state}"}
        with self._api() as api:
            for left in api.containers(all=True, filters=wanted):
                with contextlib.suppress(docker.errors.APIError):
                    api.remove_container(left["Id"], force=True, v=True)
            for left in api.networks(filters=wanted):
                with contextlib.suppress(docker.errors.APIError):
                    api.remove_network(left["Id"])

    def close(self) -> None:
        """See ``Runner``."""
        with contextlib.suppress(*_FAULTS):
            self.sweep()


def _nano_cpus(units: int) -> int:
    """CPU units as Docker counts them; no more than the machine has."""
    return min(units * 1_000_000_000 // 1024, (os.cpu_count() or 1) * 1_000_000_000)


def _words(error: Exception) -> str:
    text = str(getattr(error, "explanation", None) or error)
    return " ".join(text.split())[:400]


class DockerContainer:
    """A started container; see ``Running``."""

    def __init__(
        self,
        *,
        facts: DockerFacts,
        env: Mapping[str, str],
        container: str,
        write: Callable[[str], None],
        removed: Callable[[], None],
    ) -> None:
        self._facts, self._env = facts, env
        self._id = container
        self._write = write
        self._removed = removed
        self._end: End | None = None
        self._over = threading.Event()

    @property
    def runtime_id(self) -> str:
        """See ``Running``."""
        return self._id

    def follow(self) -> None:
        """Hand its lines on, in a thread of its own, until it has ended; then note how."""
        threading.Thread(target=self._follow, name=f"container-{self._id[:12]}", daemon=True).start()

    def _follow(self) -> None:
        end = End(137)
        try:
            with ExitStack() as stack:
                api = stack.enter_context(connect(self._facts, self._env, timeout_s=_FOLLOW_S))
                self._lines(api.logs(self._id, stream=True, follow=True, stdout=True, stderr=True))
                end = self._how(api)
        except _FAULTS:
            pass  # removed by force, or Docker went away: counts as killed
        self._end = end
        self._over.set()

    def _lines(self, chunks: Iterator[bytes]) -> None:
        rest = b""
        for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._write(line.decode("utf-8", "replace").rstrip("\r"))
        if rest:
            self._write(rest.decode("utf-8", "replace"))

    def _how(self, api: Any) -> End:
        api.wait(self._id)
        state = api.inspect_container(self._id)["State"]
        return End(int(state["ExitCode"]), bool(state.get("OOMKilled")))

    def ended(self) -> End | None:
        """See ``Running``."""
        return self._end

    def stop(self, grace_s: float) -> End:
        """See ``Running``."""
        if self._end is None:
            with contextlib.suppress(*_FAULTS), connect(self._facts, self._env, timeout_s=grace_s + 30) as api:
                api.stop(self._id, timeout=int(grace_s))
            self._over.wait(10)
        return self._end or End(137)

    def check(self, command: Sequence[str], timeout_s: float) -> bool:
        """See ``Running``."""
        words = ["/bin/sh", "-c", *command[1:]] if command[0] == "CMD-SHELL" else list(command[1:])
        if command[0] not in ("CMD", "CMD-SHELL"):
            words = list(command)
        deadline = time.monotonic() + timeout_s
        try:
            with connect(self._facts, self._env) as api:
                made = api.exec_create(self._id, words, stdout=False, stderr=False)["Id"]
                api.exec_start(made, detach=True)
                while time.monotonic() < deadline:
                    found = api.exec_inspect(made)
                    if not found["Running"] and found["ExitCode"] is not None:
                        return bool(found["ExitCode"] == 0)
                    self._over.wait(_CHECK_POLL_S)
        except _FAULTS:
            pass
        return False

    def remove(self) -> None:
        """See ``Running``."""
        with contextlib.suppress(*_FAULTS), connect(self._facts, self._env) as api:
            api.remove_container(self._id, force=True, v=True)
        self._removed()
