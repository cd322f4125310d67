"""No process of the kit takes code from the folder that it is started in, whatever lies there."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from labs import bootstrap, processes
from labs.engine.embedded import EmbeddedEngine
from labs.lesson import notebooks
from labs.session import jupyterlab, local
from tests import hostile_folder

ROOT = Path(__file__).parent.parent
LABS = str(Path(sys.executable).with_name("labs"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return hostile_folder.fill(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def taken(tmp_path, monkeypatch):
    """The names of the hostile modules and programs that were taken so far."""
    file = tmp_path / "taken"
    monkeypatch.setenv("TAKEN", str(file))
    return lambda: file.read_text().split() if file.exists() else []


def _docker(home, *words):
    """The kit's docker command, as a cell finds it."""
    return [str(Path(EmbeddedEngine().environment(home)["PATH"].split(os.pathsep)[0]) / "docker"), *words]


def _bootstrap(monkeypatch):
    """The commands of the set-up, and their environment."""
    seen = []
    monkeypatch.setattr(
        bootstrap.subprocess,
        "run",
        lambda words, env, check: seen.append((words, env)) or SimpleNamespace(returncode=0),
    )
    assert bootstrap.main(sys.prefix, "requirements.lock") == 0
    monkeypatch.undo()
    return seen


CONSOLE = {
    "labs course --plan": lambda home: [LABS, "course", "--plan"],
    "labs doctor": lambda home: [LABS, "doctor"],
    "python -P -m labs": lambda home: [sys.executable, "-P", "-m", "labs", "--version"],
}
STARTED = {
    "labs, as the kit starts it": lambda home: processes.labs("cloud", "--help"),
    "docker buildx build .": lambda home: _docker(home, "buildx", "build", "."),
    "docker images": lambda home: _docker(home, "images"),
    "JupyterLab": lambda home: [*jupyterlab._command(home), "--version"],
}


def _run(words, folder, home, **env):
    own = {"LAB_HOME": str(home / "lab"), "LAB_ENGINE": "embedded", "LAB_TARGET": "local"}
    return subprocess.run(
        words, cwd=folder, env=os.environ | own | env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("command", [*CONSOLE, *STARTED])
def test_a_command_takes_no_code_from_the_current_folder(command, hostile, taken, tmp_path):
    done = _run((CONSOLE | STARTED)[command](tmp_path), hostile, tmp_path)
    assert taken() == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [":/nowhere", "."])
def test_what_the_kit_starts_reads_no_python_path(path, hostile, taken, tmp_path):
    """``PYTHONPATH=$PYTHONPATH:/somewhere`` leaves an empty entry, and that is the current folder."""
    done = _run(_docker(tmp_path, "images"), hostile, tmp_path, PYTHONPATH=path)
    assert taken() == []
    assert done.returncode == 0, done.stderr


def test_python_m_labs_takes_nothing_from_the_current_folder_once_it_runs(taken, tmp_path):
    """What Python's own -m imports before that is Python's: ``labs`` itself, and a few modules such as types."""
    late = frozenset({"json", "calendar", "argparse", "difflib", "textwrap", "shlex", "tempfile", "secrets", "select"})
    folder = hostile_folder.fill(tmp_path, late)
    (folder / "labs" / "__init__.py").unlink()
    (folder / "labs").rmdir()
    (folder / "sitecustomize.py").unlink()
    done = _run([sys.executable, "-m", "labs", "doctor"], folder, tmp_path)
    assert taken() == []
    assert done.returncode == 0, done.stderr


def test_the_local_aws_starts_in_such_a_folder(hostile, taken, tmp_path, monkeypatch):
    monkeypatch.chdir(hostile)
    try:
        cloud, started = local.ensure_cloud(tmp_path, os.environ | {"PYTHONPATH": ":"})
        assert started
        assert local.identity(cloud)
    finally:
        local.stop_cloud(tmp_path)
    assert taken() == []


def test_the_set_up_takes_no_code_from_the_current_folder(hostile, taken, tmp_path, monkeypatch):
    steps = _bootstrap(monkeypatch)
    assert len(steps) == 3
    for words, env in steps:
        module = words.index("-m") + 2
        done = subprocess.run(
            [*words[:module], "--version"], cwd=hostile, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        # What it starts itself, such as the build of a package.
        done = subprocess.run([sys.executable, "-c", "import json"], cwd=hostile, env=env, check=False)
        assert done.returncode == 0
    assert taken() == []


def test_a_comparison_of_notebooks_takes_no_code_from_the_current_folder(hostile, taken, monkeypatch):
    seen = []
    monkeypatch.setattr(
        notebooks.subprocess, "run", lambda words, **_: seen.append(words) or SimpleNamespace(returncode=0)
    )
    notebooks.compare(Path("x.ipynb"), SimpleNamespace(env={}))
    monkeypatch.undo()
    done = subprocess.run([*seen[0][: seen[0].index("pytest") + 1], "--version"], cwd=hostile, check=False)
    assert (done.returncode, taken()) == (0, [])


# An image's own program is not the kit's: its Python is as it would be in the container. What begins anew has the words
# that it was started with.
OTHERS = {
    "labs/__main__.py",
    "labs/processes.py",
    "labs/engine/embedded/app_process.py",
    "labs/cloud/ecs/data_plane/process_runner.py",
}


def test_nothing_else_in_the_kit_makes_a_command_line_of_python():
    """A new process gets its command line from ``labs.processes``; the folder of sys.executable may be asked for."""
    found = set()
    for file in ROOT.glob("labs/**/*.py"):
        if "sys.executable" not in (text := file.read_text()):
            continue
        tree = ast.parse(text)
        folders = {
            id(node.value.args[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call) and node.value.args
            if node.attr == "parent"
        }
        if any(
            isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable" and id(node) not in folders
            for node in ast.walk(tree)
        ):
            found.add(str(file.relative_to(ROOT)))
    assert found == OTHERS


def test_make_starts_what_it_installs_with_in_isolated_mode():
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if "-m pip" in line or "-m uv" in line]
    assert lines
    assert all("python -I -m" in line for line in lines)
