"""Without Docker: each container is a process of this machine in an unpacked copy of its image, and its log says so."""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from labs import oci
from labs.cloud.ecs.data_plane import health_sitecustomize
from labs.cloud.ecs.data_plane.container_runner import CannotStart, ContainerLaunch, End, RunImage, Running
from labs.cloud.registry import EcrStore
from labs.cloud.registry.rules.registry_errors import EcrError
from labs.cloud.registry.store.repositories import Repository
from labs.engine.archive import Image, image_of
from labs.engine.embedded import app_process as embedded
from labs.engine.embedded.platforms import native
from labs.engine.embedded.rootfs import Tree, tree_of
from labs.errors import LabError

POLL_S = 0.05
KEPT_TREES = 8


class ProcessRunner:
    """``folder`` holds the unpacked copies; what is left in it by an earlier process is removed by ``sweep``."""

    def __init__(self, folder: Path, ecr: EcrStore, reason: str) -> None:
        self._folder = folder
        self._ecr = ecr
        self._reason = reason
        self._lock = threading.Lock()
        # A tree reads its files from the repository it was made of, which may be deleted while another holds the same,
        # and whose number the next one gets.
        self._trees: dict[tuple[object, ...], tuple[Image, Tree]] = {}
        self._running: set[Process] = set()

    @property
    def line(self) -> str:
        """See ``Runner``."""
        return f"embedded engine: {self._reason}"

    def start(self, launch: ContainerLaunch, write: Callable[[str], None]) -> Running:
        """See ``Runner``."""
        place = self._folder / f"{launch.task}-{launch.container}-{uuid.uuid4().hex[:8]}"
        try:
            with self._lock:  # a tree reads its files one after the other
                image, tree = self._tree(launch.image)
                place.mkdir(mode=0o755, parents=True)
                embedded.unpack(tree, place / "root")
            self._note_pull(launch.image)
            config = dict(image.config(launch.image.platform).get("config") or {})
            config |= {"User": launch.user} if launch.user else {}
            config |= {"WorkingDir": launch.folder} if launch.folder else {}
            config |= _words(config, launch)
            plan = embedded.launch_of(config, tree, launch.environment)
            # Fargate's memory is the limit, and looked at from outside: a process has no group of its own.
            app = embedded.ProcessApp(
                launch.container, place, place / "root", plan, embedded.free_port(), launch.environment, False
            )
        except (LabError, OSError, EcrError) as error:
            shutil.rmtree(place, ignore_errors=True)
            raise CannotStart(str(getattr(error, "what", error))) from error
        note = f"{self.line}; this container is a process of this machine, {native()}"
        write(note if launch.image.platform == native() else f"{note}; its image is for {launch.image.platform}")
        process = Process(
            app=app,
            place=place,
            plan=plan,
            tree=tree,
            reading=self._lock,
            launch=launch,
            write=write,
            removed=self._running.discard,
        )
        self._running.add(process)
        process.follow()
        return process

    def _note_pull(self, image: RunImage) -> None:
        """The files came without a request to the registry; a pull it is all the same."""
        for digest in {image.digest, image.manifest}:
            stored = self._ecr.images.get(image.repository, digest)
            if stored is not None:
                self._ecr.images.note_pull(stored)

    def _tree(self, image: RunImage) -> tuple[Image, Tree]:
        key = (image.repository.id, image.repository.name, image.repository.created, image.manifest)
        found = self._trees.get(key)
        if found is None:
            blobs = RegistryBlobs(self._ecr, image.repository)
            entry = {
                "mediaType": oci.OCI_MANIFEST,
                "digest": image.manifest,
                "size": 0,
                "platform": {"os": image.platform.os, "architecture": image.platform.architecture},
            }
            index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
            whole = image_of(image.repository.name, blobs, index)
            found = whole, tree_of(whole, image.platform)
            while len(self._trees) >= KEPT_TREES:
                self._trees.pop(next(iter(self._trees)))
            self._trees[key] = found
        return found

    def sweep(self) -> None:
        """See ``Runner``: a process whose parent was killed ends by itself; one that would not is killed."""
        for pid in _inside(self._folder):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """See ``Runner``."""
        for process in list(self._running):
            process.stop(0)
            process.remove()
        shutil.rmtree(self._folder, ignore_errors=True)


def _words(config: Mapping[str, Any], launch: ContainerLaunch) -> dict[str, Any]:
    """As Docker: a new entry point drops the image's command."""
    if launch.entry_point is not None:
        return {"Entrypoint": list(launch.entry_point), "Cmd": list(launch.command or [])}
    return {"Cmd": list(launch.command)} if launch.command is not None else {}


def _inside(folder: Path) -> list[int]:
    """The processes that work inside a folder, where the system tells."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
    return found


class RegistryBlobs:
    """A repository's manifests and layers as the archive reader wants them."""

    def __init__(self, ecr: EcrStore, repository: Repository) -> None:
        self._ecr = ecr
        self._repository = repository

    def open(self, digest: str) -> BinaryIO:
        """Bytes by digest; KeyError when they are not there."""
        image = self._ecr.images.get(self._repository, digest)
        if image is not None:
            return io.BytesIO(image.body)
        layer = self._ecr.uploads.layer(self._repository, digest)
        if layer is None:
            raise KeyError(digest)
        return os.fdopen(self._ecr.uploads.open(layer), "rb")


class Process:
    """A started process; see ``Running``."""

    def __init__(
        self,
        *,
        app: embedded.ProcessApp,
        place: Path,
        plan: embedded.AppLaunch,
        tree: Tree,
        reading: threading.Lock,
        launch: ContainerLaunch,
        write: Callable[[str], None],
        removed: Callable[["Process"], None],
    ) -> None:
        self._app, self._place, self._plan, self._tree, self._launch = app, place, plan, tree, launch
        self._reading, self._write, self._removed = reading, write, removed
        self._end: End | None = None
        self._over = threading.Event()
        self._out_of_memory = False

    @property
    def runtime_id(self) -> str:
        """See ``Running``."""
        return f"{self._launch.task}-{self._app.process.pid}"

    def follow(self) -> None:
        """Hand its lines on, in a thread of its own, until it has ended; then note how."""
        threading.Thread(target=self._follow, name=f"process-{self._app.process.pid}", daemon=True).start()

    def _follow(self) -> None:
        rest = b""
        with (self._place / "log").open("rb") as log:
            while True:
                code = self._app.process.poll()
                *lines, rest = (rest + log.read()).split(b"\n")
                for line in lines:
                    self._write(line.decode("utf-8", "replace").rstrip("\r"))
                if code is not None:
                    break
                self._watch_memory()
                self._over.wait(POLL_S)
        if rest:
            self._write(rest.decode("utf-8", "replace"))
        self._end = End(137, True) if self._out_of_memory else End(128 - code if code < 0 else code)
        self._over.set()

    def _watch_memory(self) -> None:
        try:
            pages = int(Path(f"/proc/{self._app.process.pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return
        if pages * os.sysconf("SC_PAGE_SIZE") > self._launch.memory << 20:
            self._out_of_memory = True
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            if number == signal.SIGKILL:
                os.killpg(self._app.process.pid, number)  # its own session: children go too
            else:
                self._app.process.send_signal(number)

    def ended(self) -> End | None:
        """See ``Running``."""
        return self._end

    def stop(self, grace_s: float) -> End:
        """See ``Running``."""
        if self._end is None:
            self._signal(signal.SIGTERM)
            if not self._over.wait(grace_s):
                self._signal(signal.SIGKILL)
                self._over.wait(5)
        return self._end or End(137)

    def check(self, command: Sequence[str], timeout_s: float) -> bool:
        """See ``Running``: the command is a process too, and finds the app's port where it was published."""
        words = list(command[1:]) if command[0] in ("CMD", "CMD-SHELL") else list(command)
        if command[0] == "CMD-SHELL":
            words = ["/bin/sh", "-c", re.sub(r"\s*\|\|\s*exit 1\s*$", "", words[0])]
        try:
            with self._reading:
                plan = embedded.launch_of({"Cmd": words, "WorkingDir": self._plan.folder}, self._tree, self._plan.env)
            return self._run(plan, timeout_s) == 0
        except (LabError, OSError, subprocess.SubprocessError):
            return False

    def _run(self, plan: embedded.AppLaunch, timeout_s: float) -> int:
        root, site = self._place / "root", self._place / "check"
        site.mkdir(exist_ok=True)
        shutil.copyfile(health_sitecustomize.__file__, site / "sitecustomize.py")
        words = [sys.executable, *(embedded.path_inside(word, root) for word in plan.arguments[1:])]
        path = [str(site), *filter(None, [plan.env.get("PYTHONPATH", "")])]
        published = f"{self._plan.port}:{self._app.url.rsplit(':', 1)[-1]}"
        env = {"HOME": str(root), **plan.env, "PYTHONPATH": os.pathsep.join(path), "LAB_LOCALHOST": published}
        options: dict[str, Any] = {}
        owner = Path(f"/proc/{self._app.process.pid}")
        if owner.exists() and os.geteuid() == 0 and owner.stat().st_uid:
            options = {"user": owner.stat().st_uid, "group": owner.stat().st_gid, "extra_groups": []}
        done = subprocess.run(
            words,
            cwd=root / plan.folder.lstrip("/"),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
            **options,
        )
        return done.returncode

    def remove(self) -> None:
        """See ``Running``."""
        self._app.stop()
        shutil.rmtree(self._place, ignore_errors=True)
        self._removed(self)
