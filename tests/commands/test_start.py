"""``make lab`` as a person meets it: real processes on loopback."""

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websocket
from jupyter_client.blocking import BlockingKernelClient

from labs.errors import LabError
from labs.files import read_json
from labs.processes import command_line
from labs.session import home as places
from labs.session import jupyterlab, local
from tests import hostile_folder

StartLab = Callable[..., Any]


def ask(lab: Any, path: str, method: str = "GET", body: object = None) -> Any:
    """One call of Jupyter Server's API with the lab's token."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{lab.port}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {lab.token}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text.startswith((b"{", b"[")) else text.decode()


def wait_for_ready(client: BlockingKernelClient, within_s: float) -> None:
    """On a busy machine a kernel that has just begun misses a heartbeat, which the client takes for its death."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            client.wait_for_ready(timeout=within_s)
            return
        except RuntimeError:
            if time.monotonic() > deadline:
                raise


def run_in_kernel(lab: Any, code: str) -> str:
    """Start a kernel as a notebook does, run ``code`` in it, and return what it printed."""
    kernel = ask(lab, "/api/kernels", "POST", {"name": "python3"})["id"]
    client = BlockingKernelClient(connection_file=str(lab.home / "jupyter" / "runtime" / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels()
    printed: list[str] = []
    try:
        wait_for_ready(client, 60)
        client.execute_interactive(
            code, timeout=60, output_hook=lambda message: printed.append(message["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
    return "".join(printed).strip()


def test_it_prints_one_url_that_opens_the_first_notebook(start_lab: StartLab) -> None:
    lab = start_lab().ready()
    assert lab.printed.count("http://127.0.0.1:") == 2  # the local AWS and the URL
    assert lab.printed.count("token=") == 1
    assert ask(lab, "/api/status")["kernels"] == 0
    assert f"http://127.0.0.1:{lab.port}/lab/tree/notebooks/00-start.ipynb?token=" in lab.printed
    assert "<title>JupyterLab</title>" in ask(lab, "/lab/tree/notebooks/00-start.ipynb")
    assert lab.stop() == 0


def test_the_file_browser_shows_the_desk_and_nothing_of_the_kit(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="aws").ready()
    assert [each["path"] for each in ask(lab, "/api/contents/")["content"]] == ["notebooks", "work"]
    shown = {each["name"] for each in ask(lab, "/api/contents/notebooks")["content"]}
    assert shown == {path.name for path in (places.checkout() / "notebooks").glob("*.ipynb")}
    for path in ("solutions", "../origins", "labs", ".."):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(lab, f"/api/contents/{path}")
        assert refused.value.code in (400, 404)
    assert lab.stop() == 0


def test_what_is_written_and_run_on_the_desk_is_there_again_and_the_checkout_is_as_it_was(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="aws").ready()
    model = ask(lab, "/api/contents/notebooks/01-build.ipynb")
    model["content"]["cells"][1]["source"] = "mine"
    ask(lab, "/api/contents/notebooks/01-build.ipynb", "PUT", {**model, "type": "notebook", "format": "json"})
    remembered = {"data": {"layout-restorer:data": {"main": {"dock": {
        "type": "tab-area", "currentIndex": 0, "widgets": ["notebook:notebooks/01-build.ipynb"]}}}},
        "metadata": {"id": "default"}}  # fmt: skip
    ask(lab, "/lab/api/workspaces/default", "PUT", remembered)
    assert lab.stop() == 0
    again = start_lab(LAB_TARGET="aws").ready()
    assert f"http://127.0.0.1:{again.port}/lab?token=" in again.printed
    assert ask(again, "/api/contents/notebooks/01-build.ipynb")["content"]["cells"][1]["source"] == "mine"
    assert again.stop() == 0
    assert "mine" not in (places.checkout() / "notebooks" / "01-build.ipynb").read_text()


def test_after_an_update_it_says_what_is_new_and_whose_cells_were_kept(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="aws").ready()
    assert lab.stop() == 0
    # As an earlier version of the course had it.
    for name in ("01-build.ipynb", "02-push-denied.ipynb"):
        for folder in ("origins", "desk/notebooks"):
            path = lab.home / folder / name
            earlier = json.loads(path.read_text())
            earlier["cells"][0]["source"] = "# An earlier title"
            if (folder, name) == ("desk/notebooks", "02-push-denied.ipynb"):
                earlier["cells"][-1]["source"] = "mine"
            path.write_text(json.dumps(earlier))
    again = start_lab(LAB_TARGET="aws").ready()
    assert "The course was updated: 01-build.ipynb, 02-push-denied.ipynb." in again.printed
    assert "What you wrote is kept in 02-push-denied.ipynb." in again.printed
    assert again.stop() == 0


def test_in_a_folder_full_of_modules_none_is_taken_and_a_kernel_is_as_ever(start_lab: StartLab, tmp_path: Path) -> None:
    hostile = tmp_path / "project"
    hostile.mkdir()
    lab = start_lab(cwd=hostile_folder.fill(hostile), TAKEN=str(tmp_path / "taken")).ready()
    flags = "import sys; print(sys.flags.safe_path, sys.flags.isolated, '' in sys.path)"
    assert run_in_kernel(lab, flags) == "False 0 True"
    assert lab.stop() == 0
    assert not (tmp_path / "taken").exists()


def test_ctrl_c_stops_everything_it_started_and_says_so(start_lab: StartLab) -> None:
    lab = start_lab().ready()
    lab.pids.append(int(run_in_kernel(lab, "import os; print(os.getpid())")))
    assert all(command_line(pid) for pid in lab.pids)
    assert lab.stop(signal.SIGINT) == 0
    assert "JupyterLab and its kernels have stopped." in lab.printed
    assert "The local AWS has stopped; its state is kept." in lab.printed
    assert lab.all_gone()
    assert not (lab.home / "lab.json").exists()
    assert not (lab.home / "cloud.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_end_of_its_terminal_stops_everything_too(start_lab: StartLab, number: signal.Signals) -> None:
    lab = start_lab(LAB_TARGET="aws").ready()
    assert lab.stop(number) == 0
    assert lab.all_gone()


def test_a_terminal_that_is_closed_ends_all_that_was_started_in_it(tmp_path: Path) -> None:
    home, (ours, theirs) = tmp_path / "lab", pty.openpty()

    def in_its_own_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("labs")), "start", "--no-browser"],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=in_its_own_terminal,
        env={**os.environ, "LAB_TARGET": "local", "LAB_HOME": str(home)},
    )  # fmt: skip
    os.close(theirs)
    said = ""
    while "Stop with Ctrl-C" not in said:
        said += os.read(ours, 65536).decode()
    lab = read_json(home / "lab.json") or {}
    assert command_line(lab["pid"])
    assert command_line(lab["cloud_pid"])
    os.close(ours)
    process.wait(60)
    assert not command_line(lab["pid"])
    assert not command_line(lab["cloud_pid"])
    assert not (home / "lab.json").exists()


def test_yesterdays_tab_finds_the_lab_again(start_lab: StartLab) -> None:
    yesterday = start_lab("--port", "0", LAB_TARGET="aws").ready()
    port, token = yesterday.port, yesterday.token
    assert yesterday.stop() == 0
    today = start_lab(LAB_TARGET="aws").ready()
    assert (today.port, today.token) == (port, token)
    assert today.stop() == 0
    with socket.create_server(("127.0.0.1", port)):
        # Its port is somebody else's today.
        moved = start_lab(LAB_TARGET="aws").ready()
        assert moved.port != port
        assert moved.token == token
        assert moved.stop() == 0


@pytest.mark.parametrize("kept", ["", "{}", "[]", '{"port": "x", "token": 5}', '{"port": 8888, "token": "short"}'])
def test_a_damaged_memory_of_the_last_start_is_none(tmp_path: Path, kept: str) -> None:
    file = places.jupyter(tmp_path) / "last.json"
    file.write_text(kept)
    found, other = jupyterlab._last(tmp_path), jupyterlab._last(tmp_path)
    assert len(found.token) == 48
    assert found.token != other.token


def test_shut_down_in_jupyterlab_ends_it(start_lab: StartLab) -> None:
    lab = start_lab().ready()
    ask(lab, "/api/shutdown", "POST", {})
    lab.read_until("JupyterLab was shut down")
    lab.read_until("The local AWS has stopped")
    assert lab.process.wait(60) == 0
    assert lab.all_gone()


def test_a_second_one_says_where_the_first_runs(start_lab: StartLab) -> None:
    first = start_lab().ready()
    second = start_lab()
    assert second.read_until(r"The lab already runs here:\s+(\S+)")[1].endswith(first.token)
    assert second.process.wait(60) == 0
    assert ask(first, "/api/status")["kernels"] == 0


def test_a_local_aws_that_ran_before_keeps_running(start_lab: StartLab, tmp_path: Path) -> None:
    home = tmp_path / "lab"
    home.mkdir(mode=0o700)
    cloud, _ = local.ensure_cloud(home)
    lab = start_lab().ready()
    assert "it was already running" in lab.printed
    assert lab.stop() == 0
    assert local.identity(cloud)


def test_after_a_kill_the_next_one_clears_up_what_was_left(start_lab: StartLab) -> None:
    killed = start_lab().ready()
    left = list(killed.pids)
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait(60)
    lab = start_lab().ready()
    assert "left behind" in lab.printed
    assert not command_line(left[0])
    assert lab.stop() == 0
    assert "The local AWS has stopped" in lab.printed
    assert killed.all_gone()


def test_with_target_aws_no_local_aws_is_started(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="aws").ready()
    assert "nothing is created before you confirm" in lab.printed
    assert not (lab.home / "cloud.json").exists()
    assert lab.stop() == 0


def test_an_unknown_target_starts_nothing(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="moon")
    lab.read_until("LAB_TARGET is 'moon'")
    assert lab.process.wait(60) == 2
    assert not (lab.home / "jupyter").exists()


def test_a_taken_port_is_named_when_it_was_asked_for_and_avoided_otherwise(start_lab: StartLab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        lab = start_lab("--port", str(port), LAB_TARGET="aws")
        lab.read_until(f"Port {port} is in use.")
        assert lab.process.wait(60) == 2


def test_two_checkouts_can_run_at_once(start_lab: StartLab, tmp_path: Path) -> None:
    labs = [start_lab(LAB_TARGET="aws"), start_lab(home=tmp_path / "other", LAB_TARGET="aws")]
    assert len({lab.ready().port for lab in labs}) == 2
    assert [lab.stop() for lab in labs] == [0, 0]


def test_a_local_aws_that_does_not_start_takes_jupyterlab_down_again(start_lab: StartLab, tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "cloud").write_text("a file where the state folder belongs")
    lab = start_lab()
    lab.read_until("cannot be made")
    assert lab.process.wait(60) == 2
    assert "Traceback" not in lab.printed
    assert not (lab.home / "lab.json").exists()


def test_a_cell_finds_the_labs_command_and_this_python_first(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="aws", PATH="/usr/bin:/bin").ready()
    seen = run_in_kernel(lab, "import shutil, sys; print(shutil.which('labs'), sys.executable)")
    assert seen.split() == [str(Path(sys.executable).parent / "labs"), sys.executable]
    assert lab.stop() == 0


def test_it_says_once_how_another_shell_finds_the_labs_command(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="aws", PATH="/usr/bin:/bin").ready()
    line = lab.read_until(r"In another shell, this makes the labs command known: (.+)")[1]
    found = subprocess.run(
        ["bash", "-c", f"{line}; labs --version"], capture_output=True, text=True, env={}, check=True
    )
    assert "(the Fargate Lab Kit)" in found.stdout
    assert lab.stop() == 0


def run_in_terminal(lab: Any, line: str, ends: str) -> str:
    """Open a terminal as JupyterLab does, type a line, and return what it shows until ``ends`` matches."""
    name = ask(lab, "/api/terminals", "POST", {})["name"]
    terminal = websocket.create_connection(
        f"ws://127.0.0.1:{lab.port}/terminals/websocket/{name}?token={lab.token}", timeout=60
    )
    try:
        terminal.send(json.dumps(["stdin", f"{line}\r"]))
        shown = ""
        while not re.search(ends, shown):
            kind, *said = json.loads(terminal.recv())
            shown += said[0] if kind == "stdout" else ""
        return shown
    finally:
        terminal.close()


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_terminal_in_jupyterlab_finds_the_labs_command(start_lab: StartLab, tmp_path: Path, shell: str) -> None:
    # What a login shell reads, and what this user's bash reads, set PATH anew.
    (tmp_path / ".profile").write_text("PATH=/usr/bin:/bin\n")
    (tmp_path / ".bashrc").write_text("PATH=/usr/bin:/bin\nPS1='$ '\n")
    where = {"HOME": str(tmp_path), "SHELL": shutil.which(shell) or "", "PATH": "/usr/bin:/bin"}
    lab = start_lab(LAB_TARGET="aws", **where).ready()
    shown = run_in_terminal(lab, "labs --version; command -v labs", r"bin/labs\r")
    assert "(the Fargate Lab Kit)" in shown
    assert str(Path(sys.executable).parent / "labs") in shown
    assert lab.stop() == 0


def test_the_token_is_on_no_command_line_and_in_no_readable_file(start_lab: StartLab) -> None:
    lab = start_lab(LAB_TARGET="aws").ready()
    assert not any(lab.token in word for word in command_line(lab.jupyter_pid))
    holding = [path for path in lab.home.rglob("*") if path.is_file() and lab.token.encode() in path.read_bytes()]
    assert holding
    # Private by its own mode, or because nobody else may enter its folder.
    assert not [path for path in holding if path.stat().st_mode & 0o077 and path.parent.stat().st_mode & 0o077]
    assert lab.token not in (lab.home / "jupyter" / "jupyter.log").read_text()
    assert lab.stop() == 0


def test_neither_jupyter_sees_the_other(start_lab: StartLab, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "jupyter_server_config.json").write_text('{"ServerApp": {"base_url": "/theirs"}}')
    lab = start_lab(LAB_TARGET="aws", JUPYTER_CONFIG_DIR=str(theirs), JUPYTER_CONFIG_PATH=str(theirs)).ready()
    settings = ask(lab, "/lab/api/settings/@jupyterlab/apputils-extension:notification")
    assert settings["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert lab.stop() == 0
    assert [path.name for path in theirs.iterdir()] == ["jupyter_server_config.json"]


@pytest.mark.parametrize(
    ("env", "opens"),
    [
        ({}, False),
        ({"DISPLAY": ":0", "LAB_NO_BROWSER": "1"}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
    ],
)
def test_a_browser_opens_only_where_one_can_be_seen(
    env: dict[str, str], opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(jupyterlab.webbrowser, "get", lambda: object())
    assert jupyterlab.has_browser(env) is opens


def test_no_browser_opens_where_none_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise jupyterlab.webbrowser.Error

    monkeypatch.setattr(jupyterlab.webbrowser, "get", none)
    assert not jupyterlab.has_browser({"DISPLAY": ":0"})


def test_every_port_taken_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyterlab, "_is_free", lambda _port: False)
    with pytest.raises(jupyterlab.LabError, match="8888 to 8987 are all in use"):
        jupyterlab._port_options(0)


def test_when_another_program_is_first_on_the_port_that_was_found_it_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """JupyterLab looks for a free port and takes it a moment later: in between, nine of a class are as fast."""
    monkeypatch.setenv("LAB_TARGET", "aws")
    starts: list[int] = []
    start = jupyterlab._start_jupyter

    def beaten(home: Path, *args: Any, **options: Any) -> Any:
        process = start(home, *args, **options)
        starts.append(process.pid)
        if len(starts) < 3:
            process.kill()
            process.wait()
            (places.jupyter(home) / "jupyter.log").write_text("ERROR: ... no available port could be found.\n")
        return process

    monkeypatch.setattr(jupyterlab, "_start_jupyter", beaten)
    monkeypatch.setattr(jupyterlab, "ended", lambda process: 0)
    jupyterlab._serve(tmp_path / "lab", 0, None, browser=False)
    assert len(starts) == 3
    assert "The lab is ready" in capsys.readouterr().out


def test_a_port_that_was_asked_for_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_TARGET", "aws")

    def beaten(home: Path, *_: Any, **__: Any) -> Any:
        (places.jupyter(home) / "jupyter.log").write_text("ERROR: ... no available port could be found.\n")
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        return process

    monkeypatch.setattr(jupyterlab, "_start_jupyter", beaten)
    with pytest.raises(LabError, match="no available port"):
        jupyterlab._serve(tmp_path / "lab", 8899, None, browser=False)
