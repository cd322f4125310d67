"""Which runner: Docker where the kit found one, else processes. Looked for when the first task starts, and once."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from labs.cloud.ecs.data_plane.container_runner import Runner
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.registry import EcrStore

log = logging.getLogger("labs.cloud")

_USED_DOCKER = "kit:docker"


class Engines:
    """Finds the runner as ``labs.engine.find`` does. ``state`` marks what belongs to this state folder."""

    def __init__(
        self,
        *,
        store: EcsStore,
        ecr: EcrStore,
        host: Callable[[], str],
        state: str,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._ecr = ecr
        self._host = host
        self._state = state
        self._env = dict(os.environ if env is None else env)
        self._lock = threading.Lock()
        self._found: Runner | None = None

    @property
    def folder(self) -> Path:
        """Where the embedded engine unpacks images."""
        return self._store.folder / "run"

    def runner(self) -> Runner:
        """The runner of this machine. Raises LabError when LAB_ENGINE forces a Docker that is not there."""
        with self._lock:
            if self._found is None:
                self._found = self._find()
                log.info("ECS runs containers with %s", self._found.line)
            return self._found

    def _find(self) -> Runner:
        from labs.engine import find

        engine = find(self._env)
        if engine.name == "docker":
            from labs.engine.docker import DockerEngine

            assert isinstance(engine, DockerEngine)
            # Written before the first container: a killed process cannot write it after.
            self._store.set_setting(_USED_DOCKER, "yes")
            return self._docker(engine.facts)
        return self._process(engine.line.partition(": ")[2])

    def _docker(self, facts: object) -> Runner:
        from labs.cloud.ecs.data_plane.docker_runner import DockerRunner
        from labs.engine.facts import DockerFacts

        assert isinstance(facts, DockerFacts)
        return DockerRunner(facts=facts, env=self._env, ecr=self._ecr, host=self._host, state=self._state)

    def _process(self, reason: str) -> Runner:
        from labs.cloud.ecs.data_plane.process_runner import ProcessRunner

        return ProcessRunner(self.folder, self._ecr, reason)

    def sweep(self) -> None:
        """Remove what was left by an earlier process, whichever runner it had. Says so in the log when it cannot."""
        if self.folder.exists():
            self._process("").sweep()
        if self._store.setting(_USED_DOCKER) != "yes":
            return
        from labs.engine.probe import probe

        try:
            self._docker(probe(self._env)).sweep()
        except Exception as error:  # noqa: BLE001  (the SDK raises its own, requests', and the system's)
            log.warning("Docker does not answer: containers of an earlier run may be left (%s)", type(error).__name__)

    def close(self) -> None:
        """End and remove everything that runs."""
        with self._lock:
            if self._found is not None:
                self._found.close()
