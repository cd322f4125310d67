"""Run a Python app as a process from an unpacked copy of its image: no container, and it says so.

``python`` of the image is the Python that runs the kit; absolute paths of the image are paths in the copy; the
environment is the image's and what was given, nothing of the caller's. Only this machine's own platform.
"""

import contextlib
import os
import posixpath
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from labs import oci
from labs.engine.app_health import answers, not_ready
from labs.engine.archive import Image
from labs.engine.embedded import app_sitecustomize
from labs.engine.embedded.platforms import native
from labs.engine.embedded.rootfs import FileNode, Tree, tree_of
from labs.errors import LabError
from labs.processes import ended

STOP_S = 10.0
POLL_S = 0.05
# Nothing is chrooted, so the system's own programs and libraries in an image are never used: not unpacked.
_SYSTEM = re.compile(
    r"(usr/)?(lib|lib32|lib64|libx32|bin|sbin|include|libexec)(/|$)|usr/share(/|$)|(proc|sys|dev)(/|$)"
)
_PYTHON = re.compile(r"(.*/)?python(3(\.\d+)?)?$")


@dataclass(frozen=True)
class AppLaunch:
    """What is about to run: arguments as the image has them, its working folder, environment, user and port."""

    arguments: tuple[str, ...]
    folder: str
    env: Mapping[str, str]
    user: tuple[int, int] | None  # uid and gid; None is root
    port: int


def launch_of(
    config: Mapping[str, Any], tree: Tree, env: Mapping[str, str], arguments: Sequence[str] = ()
) -> AppLaunch:
    """Read an image's configuration; ``arguments`` stand in for its CMD. LabError for what is not a Python app."""
    try:
        return _launch(config, tree, env, arguments)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise LabError(
            f"The image's configuration is malformed: {error}.", "build the image again", id="image-config-malformed"
        ) from error


def _launch(config: Mapping[str, Any], tree: Tree, env: Mapping[str, str], arguments: Sequence[str]) -> AppLaunch:
    words = [*(config.get("Entrypoint") or []), *(arguments or config.get("Cmd") or [])]
    if not words:
        raise LabError("no command specified", "give the image an ENTRYPOINT or a CMD", id="no-command-specified")
    variables = dict(str(each).partition("=")[::2] for each in config.get("Env") or []) | dict(env)
    if "\0" in "".join([*map(str, words), *variables, *variables.values()]):
        raise LabError("The image's command or environment holds a NUL.", "build the image again", id="image-holds-nul")
    ports = [int(each.split("/")[0]) for each in config.get("ExposedPorts") or {} if each.endswith("/tcp")]
    given = variables.get("PORT", "")
    port = int(given) if given.isdigit() and int(given) else ports[0] if ports else 8080
    folder = str(config.get("WorkingDir") or "/")
    return AppLaunch(
        tuple(_python(words, tree, folder)), folder, variables, _user(str(config.get("User") or ""), tree), port
    )


def _python(words: Sequence[str], tree: Tree, folder: str) -> list[str]:
    """The command with ``python`` in front; LabError when it is another program."""
    if len(words) == 3 and words[0].endswith("sh") and words[1] == "-c" and not re.search(r"[|&;<>$`(){}*?]", words[2]):
        words = shlex.split(words[2].removeprefix("exec "))
    program = words[0]
    if _PYTHON.match(program):
        return ["python", *words[1:]]
    script = tree.read(posixpath.join(folder, program), 200) if "/" in program else ""
    if script.startswith("#!") and "python" in script.partition("\n")[0]:
        return ["python", *words]
    raise LabError(
        f"{program} needs a Docker Engine: the embedded engine runs Python apps only",
        "start the app with python, or start a Docker Engine",
        id="not-a-python-app",
    )


def _user(text: str, tree: Tree) -> tuple[int, int] | None:
    name, _, group = text.partition(":")
    if name in ("", "0", "root"):
        return None
    rows = [line.split(":") for line in tree.read("etc/passwd").splitlines()]
    row = next((each for each in rows if len(each) > 3 and name in (each[0], each[2])), None)
    if row is None and not name.isdigit():
        raise LabError(
            f"unable to find user {name}: no matching entries in passwd file",
            "write USER as a number",
            id="no-such-image-user",
        )
    uid = int(row[2]) if row else int(name)
    if group.isdigit():
        return uid, int(group)
    groups = [line.split(":") for line in tree.read("etc/group").splitlines()]
    found = next((int(each[2]) for each in groups if group and each[0] == group and len(each) > 2), None)
    return uid, found if found is not None else int(row[3]) if row else 0


def format_error(image: Image, platform: oci.Platform) -> LabError:
    """What a foreign image's first instruction ends in, in the kernel's words."""
    config = image.config(platform).get("config") or {}
    program = str([*(config.get("Entrypoint") or []), *(config.get("Cmd") or []), "/bin/sh"][0])
    path = program if program.startswith("/") else f"/usr/local/bin/{program}"
    return LabError(
        f"exec {path}: exec format error",
        f"the image is for {platform}, this machine is {native()}: running it needs a Docker Engine with emulation",
        id="exec-format-error",
    )


def start(
    image: Image, platform: oci.Platform, env: Mapping[str, str], arguments: Sequence[str] = (), port: int = 0,
    attached: bool = False,
) -> "ProcessApp":  # fmt: skip
    """Unpack an image and start its app; ``port`` 0 publishes on a free one, ``attached`` writes to the terminal."""
    if platform != native():
        raise format_error(image, platform)
    tree = tree_of(image, platform)
    launch = launch_of(image.config(platform).get("config") or {}, tree, env, arguments)
    folder = Path(tempfile.mkdtemp(prefix="fargate-lab-app-"))
    try:
        folder.chmod(0o755)
        root = folder / "root"
        unpack(tree, root)
        return ProcessApp(image.name, folder, root, launch, port or free_port(), env, attached)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unpack(tree: Tree, root: Path) -> None:
    """Write a tree into a new folder. Nothing lands outside: links are made last, and never followed.

    LabError for an image that leaves its folder, does not fit on the disk, or has names that no file can have.
    """
    nodes = [(path, node) for path, node in sorted(tree.nodes.items()) if path and not _SYSTEM.match(path)]
    _check_room(sum(node.size for _, node in nodes if node.is_file), root.parent)
    try:
        root.mkdir(parents=True)
        _write(nodes, root)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise LabError(
            f"The image cannot be unpacked: {why}.",
            "free some space, or build the image again",
            id="image-not-unpacked",
        ) from error


def _check_room(needed: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise LabError(
            f"The image needs {needed >> 20} MiB unpacked, and {folder} has {free >> 20} MiB.",
            "free some space",
            id="no-room-for-image",
        )


def _write(nodes: Sequence[tuple[str, FileNode]], root: Path) -> None:
    for path, node in nodes:
        if ".." in path.split("/") or "\0" in path:
            raise LabError(
                f"the image holds a path that leaves it: {path}", "do not run this image", id="image-path-leaves-root"
            )
        if node.is_folder:
            (root / path).mkdir(parents=True, exist_ok=True)
        elif node.is_file:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            with node.open() as source, (root / path).open("wb") as out:
                shutil.copyfileobj(source, out)
    for path, node in nodes:
        if node.is_link:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            inner = posixpath.normpath(posixpath.join("/", posixpath.dirname(path), node.target)).lstrip("/")
            (root / path).symlink_to(root / inner)
    for path, node in reversed(nodes):  # deepest first: a folder may lose its write bit
        if not node.is_link:
            (root / path).chmod(node.mode & 0o777 | (0o700 if node.is_folder else 0o400))


class ProcessApp:
    """A running app; see ``labs.engine.RunningApp``."""

    def __init__(
        self, name: str, folder: Path, root: Path, launch: AppLaunch, port: int, env: Mapping[str, str], attached: bool
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._name, self._folder, self._exit, self._last = name, folder, -1, ""
        self._done, self._stopping = False, threading.Lock()
        # Shorter values (a port, a flag) are not secrets, and blanking them would spoil the log.
        self._secrets = sorted({value for value in env.values() if len(value) >= 6}, key=len, reverse=True)
        self._log = folder / "log"
        site = folder / "site"
        site.mkdir()
        shutil.copyfile(app_sitecustomize.__file__, site / "sitecustomize.py")
        self._pipe = os.pipe()
        settings = {"LAB_PUBLISH": f"{launch.port}:{port}", "LAB_WATCH": str(self._pipe[0])}
        settings["PYTHONPATH"] = os.pathsep.join([str(site), *filter(None, [launch.env.get("PYTHONPATH", "")])])
        home = {"HOME": str(root), "TMPDIR": str(folder / "tmp")}
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        with self._log.open("wb") as log:
            output = None if attached else log
            self.process = self._spawn(launch, root, {**home, **launch.env, **settings}, output)
        os.close(self._pipe[0])

    def _spawn(
        self, launch: AppLaunch, root: Path, env: dict[str, str], output: IO[bytes] | None
    ) -> "subprocess.Popen[bytes]":
        words = [sys.executable, *(path_inside(word, root) for word in launch.arguments[1:])]
        cwd = root / posixpath.normpath("/" + launch.folder).lstrip("/")
        options: dict[str, Any] = {"cwd": cwd if cwd.is_dir() else root, "env": env, "stdin": subprocess.DEVNULL}
        options |= {"stdout": output, "stderr": output and subprocess.STDOUT}
        options |= {"start_new_session": True, "pass_fds": (self._pipe[0],)}
        if launch.user and os.geteuid() == 0 and _open_to_all(Path(sys.base_prefix), Path(sys.executable), root):
            uid, gid = launch.user
            with contextlib.suppress(PermissionError):  # what was looked at is not all there is: then as ourselves
                return subprocess.Popen(words, user=uid, group=gid, extra_groups=[], **options)
        return subprocess.Popen(words, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def logs(self) -> str:
        """Both streams, the values of the given environment blanked out."""
        if not self._done:
            text = self._log.read_text("utf-8", "replace")
            for secret in self._secrets:
                text = text.replace(secret, "***")
            self._last = text
        return self._last

    def wait_ready(self, timeout_s: float = 30) -> None:
        """Poll ``/healthz`` until it answers 200; LabError when the app ends before, or the time is over."""
        deadline = time.monotonic() + timeout_s
        while not answers(self.url):
            code = self.process.poll()
            if code is not None:
                raise not_ready(f"{self._name} ended with exit code {code} before it answered", self.logs())
            if time.monotonic() > deadline:
                raise not_ready(f"{self._name} did not answer /healthz within {timeout_s:.0f} s", self.logs())
            time.sleep(POLL_S)

    def wait(self) -> int:
        """Wait until the app ends by itself, then remove its files; its exit code."""
        ended(self.process)
        return self.stop()

    def stop(self) -> int:
        """SIGTERM, SIGKILL after ten seconds, then every file of it is removed; the exit code."""
        with self._stopping:  # two threads may stop it; the pipe is closed once
            return self._exit if self._done else self._stop()

    def _stop(self) -> int:
        try:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                self._exit = self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._kill()
                self._exit = self.process.wait()
        finally:
            self.logs()
            self._done = True
            os.close(self._pipe[1])
            shutil.rmtree(self._folder, ignore_errors=True)
        self._exit = 128 - self._exit if self._exit < 0 else self._exit  # a signal, as Docker counts it
        return self._exit

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # its own session: children of the app go too


def _open_to_all(*paths: Path) -> bool:
    """Whether any user may reach these paths; a Python in root's own home runs the app as root."""
    return all(each.stat().st_mode & 0o001 for path in paths for each in (path, *path.parents))


def path_inside(word: str, root: Path) -> str:
    """An absolute path of the image as a path of the copy; anything else as it is."""
    inner = root / word.lstrip("/")
    return str(inner) if word.startswith("/") and word.strip("/") and inner.exists() else word
