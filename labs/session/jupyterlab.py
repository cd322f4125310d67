"""The local AWS and JupyterLab served together until Ctrl-C; then everything that was started is stopped.

JupyterLab runs with configuration, data and runtime folders of its own under LAB_HOME, so that neither the user's
Jupyter nor the lab's sees the other. It shows the trainee's desk and nothing beside it.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from labs.errors import LabError
from labs.files import make_folder, read_json, write_json, write_private
from labs.ledger.lab_account import TargetName
from labs.locks import locked
from labs.ownership import FILE_MODE, open_own
from labs.processes import command_line, ended, python, stop
from labs.session import home as places
from labs.session import local, terminal, workspace
from labs.session.local import Cloud
from labs.session.target import target_name

FIRST_PORT = 8888
PORTS = 100
# How often JupyterLab is started again when others took the port it had found.
TRIES = 5
READY_S = 60.0
STOP_S = 10.0
FIRST_NOTEBOOK = "notebooks/00-start.ipynb"
# Tried on JupyterLab 4.6: news_url=None alone still asks "Would you like to receive Jupyter news?".
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # Who runs a cell before the kernel is there is not asked which one it should be.
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
    # In seconds; Jupyter's own two minutes of work are much to lose.
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 20},
}
# The course panel, which labs.desk.server answers.
_LABEXTENSIONS = Path(__file__).parents[1] / "desk" / "labextension"
# IPython runs what is here when a kernel starts.
_STARTUP = "ipython/profile_default/startup"
_NEW_KERNEL = Path(__file__).with_name("new_kernel.py")
_TOKEN_BYTES = 24
_FOREIGN = ("JUPYTER_", "JUPYTERLAB_", "IPYTHONDIR", "PYTHONSTARTUP")


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab of this kit."""

    port: int
    token: str
    pid: int
    cloud_pid: int = 0
    first: str = FIRST_NOTEBOOK

    def url(self, home: Path) -> str:
        """What a browser opens: where the trainee left off."""
        return f"http://127.0.0.1:{self.port}{workspace.page(home, self.first)}?token={self.token}"


@dataclass(frozen=True)
class _Last:
    """Where JupyterLab answered last, and by which token: a tab that is still open finds it again."""

    port: int
    token: str


def _last(home: Path) -> _Last:
    """What is remembered of the start before; a new token where nothing is."""
    try:
        found = read_json(places.jupyter(home) / "last.json") or {}
    except LabError:
        found = {}
    port, token = found.get("port"), found.get("token")
    if not isinstance(token, str) or len(token) != 2 * _TOKEN_BYTES:
        token = secrets.token_hex(_TOKEN_BYTES)
    return _Last(port if isinstance(port, int) else 0, token)


def serve(
    port: int = 0, *, browser: bool = True, lay_out: Callable[[Path], str] = lambda _home: FIRST_NOTEBOOK
) -> None:
    """Serve until Ctrl-C, SIGTERM or "Shut Down" in JupyterLab, on ``port`` or the first free one from 8888 up.

    Where the lab already runs in this LAB_HOME its URL is printed. ``lay_out`` gets LAB_HOME, when no JupyterLab runs
    there, and brings the desk up to the course; it returns the notebook to open where no tab is remembered, below the
    desk. Raises LabError when it cannot start.
    """
    target_name(os.environ)  # before anything is laid out
    home = places.lab_home()
    with locked(home / "lab.lock", 0) as held:
        if not held:
            _show_running(home)
            return
        orphan = _stop_orphan(home)
        first = lay_out(home)
        with _interrupted_by(signal.SIGTERM, signal.SIGHUP):
            _serve(home, port, orphan, first, browser=browser and has_browser(os.environ))


def has_browser(env: Mapping[str, str]) -> bool:
    """Whether a graphical browser can open here and is wanted."""
    if env.get("LAB_NO_BROWSER"):
        return False
    if sys.platform.startswith("linux") and not any(env.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _serve(home: Path, port: int, orphan: Lab | None, first: str = FIRST_NOTEBOOK, *, browser: bool) -> None:
    began = time.monotonic()
    target = target_name(os.environ)
    process: subprocess.Popen[bytes] | None = None
    cloud: Cloud | None = None
    started = False
    try:
        last = _last(home)
        token = last.token
        process = _start_jupyter(home, port, last, first, browser=browser)
        lab = Lab(port, token, process.pid, orphan.cloud_pid if orphan else 0, first)
        _remember(home, lab)
        if target is TargetName.LOCAL:
            # JupyterLab is loading meanwhile: the two take about as long as the slower one.
            cloud, started = local.ensure_cloud(home)
            started = started or (orphan is not None and orphan.cloud_pid == cloud.pid)
            lab = replace(lab, cloud_pid=cloud.pid if started else 0)
        tries = TRIES
        while (ready := _wait_until_ready(home, process, lab, last=bool(port) or not tries)) is None:
            tries -= 1
            process = _start_jupyter(home, port, last, first, browser=browser)
            lab = replace(lab, pid=process.pid)
            _remember(home, lab)
        lab = ready
        _remember(home, lab)
        write_json(places.jupyter(home) / "last.json", asdict(_Last(lab.port, lab.token)))
        _announce(lab.url(home), cloud, started, time.monotonic() - began)
        ended(process)
        _say("JupyterLab was shut down.")
    except KeyboardInterrupt:
        _say("\nStopping ...")
    finally:
        with _signals_ignored():
            _stop_everything(home, process, started)


def _start_jupyter(
    home: Path, port: int, last: _Last, first: str = FIRST_NOTEBOOK, *, browser: bool
) -> "subprocess.Popen[bytes]":
    folder = places.jupyter(home)
    for name in ("config/labconfig", "data", "runtime", "settings", "workspaces", _STARTUP):
        make_folder(folder / name)
    write_private(folder / _STARTUP / _NEW_KERNEL.name, _NEW_KERNEL.read_bytes())
    write_json(folder / "config" / "labconfig" / "default_setting_overrides.json", _SETTINGS)
    programs = Path(sys.executable).parent
    shell = terminal.shell_command(os.environ, folder, programs)
    write_json(
        folder / "config" / "jupyter_server_config.json",
        {
            "ServerApp": {
                "terminado_settings": {"shell_command": shell},
                # Looks for language servers with npm, a fifth of the start; the lab has none. The page goes on without.
                "jpserver_extensions": {"jupyter_lsp": False, "labs.desk.server": True},
            }
        },
    )
    # In a file, because other users of this machine can read a command line.
    write_private(folder / "token", last.token.encode())
    env = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    env |= {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_TOKEN_FILE": str(folder / "token"),
        "LAB_HOME": str(home),
        # The course panel is beside every notebook: lab.begin() need not show the same below its cell.
        "LAB_PANEL": "1",
        # Executed notebooks hold text and pictures alone; an open one may show widgets over the same calls.
        "LAB_WIDGETS": os.environ.get("LAB_WIDGETS", "1"),
        # So that `!labs ...` in a cell, and a terminal in JupyterLab, find this kit's command and Python.
        "PATH": os.pathsep.join([str(programs), os.environ.get("PATH") or os.defpath]),
    }
    with os.fdopen(open_own(folder / "jupyter.log", os.O_WRONLY | os.O_CREAT), "wb") as log:
        os.fchmod(log.fileno(), FILE_MODE)
        log.truncate()
        return subprocess.Popen(
            [*_command(home, first), *_port_options(port, last.port), f"--ServerApp.open_browser={browser}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=env,
            # A kernel without a notebook begins here, and takes modules from where it begins.
            cwd=places.desk_notebooks(home),
            # Out of the terminal's group: Ctrl-C reaches this process alone, which then stops the rest in order.
            start_new_session=True,
        )


def _root_option(home: Path) -> str:
    return f"--ServerApp.root_dir={places.desk(home)}"


def _command(home: Path, first: str = FIRST_NOTEBOOK) -> list[str]:
    return python(
        "-m",
        "jupyterlab",
        "--ip=127.0.0.1",
        _root_option(home),
        f"--ServerApp.default_url={workspace.page(home, first)}",
        f"--LabApp.extra_labextensions_path={_LABEXTENSIONS}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *(["--allow-root"] if os.geteuid() == 0 else []),
    )


def _port_options(wanted: int, last: int = 0) -> list[str]:
    """``wanted`` if it is free, else LabError; without a wish the ``last`` one, or the first free port from 8888 up.

    Two labs that start at once may see the same free port, so JupyterLab tries the next ones itself.
    """
    if wanted:
        if not _is_free(wanted):
            raise LabError(
                f"Port {wanted} is in use.", "choose another one, or leave --port out", id="jupyterlab-port-in-use"
            )
        return [f"--port={wanted}", "--port-retries=0"]
    for port in filter(_is_free, [*([last] if last else []), *range(FIRST_PORT, FIRST_PORT + PORTS)]):
        return [f"--port={port}", "--port-retries=5"]
    raise LabError(
        f"Ports {FIRST_PORT} to {FIRST_PORT + PORTS - 1} are all in use.",
        "choose one: labs start --port N",
        id="jupyterlab-ports-all-in-use",
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As JupyterLab binds: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def _wait_until_ready(home: Path, process: "subprocess.Popen[bytes]", lab: Lab, *, last: bool) -> Lab | None:
    """Wait until JupyterLab answers; the lab with the port it took. None where another start is worth it.

    JupyterLab looks for a free port and takes it a moment later: whoever starts at the same time may be first.
    """
    log = places.jupyter(home) / "jupyter.log"
    deadline = time.monotonic() + READY_S
    while True:
        lab = replace(lab, port=_port_taken(home, process.pid))
        if lab.port and _answers(lab):
            return lab
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
            if not last and "no available port" in lines[-1]:
                return None
            raise LabError(
                f"JupyterLab did not start: {lines[-1]}",
                f"look at {log}, then run make lab again",
                id="jupyterlab-did-not-start",
            )
        if time.monotonic() > deadline:
            raise LabError(
                f"JupyterLab did not answer within {READY_S:.0f} seconds.",
                f"look at {log}",
                id="jupyterlab-did-not-answer",
            )
        time.sleep(0.05)


def _port_taken(home: Path, pid: int) -> int:
    """The port in the file that Jupyter Server writes when it listens; 0 before that."""
    try:
        port = (read_json(places.jupyter(home) / "runtime" / f"jpserver-{pid}.json") or {}).get("port", 0)
    except LabError:
        # Half-written.
        return 0
    return port if isinstance(port, int) else 0


def _answers(lab: Lab) -> bool:
    """Whether our JupyterLab answers, and not somebody else's on the same port."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{lab.port}/api/status", headers={"Authorization": f"token {lab.token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _announce(url: str, cloud: Cloud | None, started: bool, took_s: float) -> None:
    if cloud is None:
        where = "your AWS account (LAB_TARGET=aws); nothing is created before you confirm it in the first notebook"
    else:
        where = f"the local AWS at {cloud.endpoint}" + ("" if started else " (it was already running)")
    print(
        f"The lab is ready ({took_s:.1f} s). Target: {where}.\n"
        f"Open this in a browser on this machine:\n\n    {url}\n\n"
        + (f"{known}\n" if (known := terminal.how_to_find_labs()) else "")
        + "Stop with Ctrl-C. Your work is kept.",
        flush=True,
    )


def _show_running(home: Path) -> None:
    lab = _recorded(home)
    if lab is None or not _answers(lab):
        raise LabError(
            "Another `make lab` is starting or stopping here.",
            "wait a few seconds, then try again",
            id="another-lab-starting",
        )
    print(f"The lab already runs here:\n\n    {lab.url(home)}\n\nStop it with Ctrl-C where it was started.", flush=True)


def _remember(home: Path, lab: Lab) -> None:
    write_json(home / "lab.json", asdict(lab))


def _recorded(home: Path) -> Lab | None:
    try:
        return Lab(**(read_json(home / "lab.json") or {}))
    except (LabError, TypeError):
        return None


def _stop_orphan(home: Path) -> Lab | None:
    """Stop the JupyterLab of a `make lab` that was killed, for nobody else could; returns what was recorded of it."""
    lab = _recorded(home)
    if lab is not None and _is_jupyter(home, lab):
        print("Stopping the JupyterLab that an earlier `make lab` left behind ...", flush=True)
        stop(lab.pid, lambda: _is_jupyter(home, lab), STOP_S)
    return lab


def _say(words: str) -> None:
    """Print it, if anybody can read it: a terminal that was closed must not keep the rest from being stopped."""
    with contextlib.suppress(OSError):
        print(words, flush=True)


def _is_jupyter(home: Path, lab: Lab) -> bool:
    words = command_line(lab.pid)
    return "jupyterlab" in words and _root_option(home) in words


def _stop_everything(home: Path, process: "subprocess.Popen[bytes] | None", started: bool) -> None:
    """JupyterLab (which ends its kernels), then the local AWS if this lab started it."""
    if process is not None:
        stop(process.pid, lambda: process.poll() is None, STOP_S)
        _say("  JupyterLab and its kernels have stopped.")
    if started and local.stop_cloud(home):
        _say("  The local AWS has stopped; its state is kept.")
    (home / "lab.json").unlink(missing_ok=True)


@contextlib.contextmanager
def _interrupted_by(*signals: signal.Signals) -> Iterator[None]:
    """Treat ``signals`` as Ctrl-C."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    # nohup makes a process deaf to SIGHUP, and it stays so.
    heard = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, interrupt)) for number in (signal.SIGINT, *heard)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    """Ignore further signals: stopping takes bounded time and must be finished."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
