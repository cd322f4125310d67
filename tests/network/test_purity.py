"""labs.network is a leaf: it imports nothing of ours but itself, and reads and sends nothing."""

import ast
import sys
from pathlib import Path

import pytest

import labs.network

MODULES = sorted(Path(labs.network.__file__).parent.glob("*.py"))
DOORS = {"os", "io", "socket", "subprocess", "pathlib", "urllib", "http", "shutil", "tempfile", "threading", "time"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_imports_only_the_standard_library_and_its_own_package(path):
    outside = [name for name in imported(path) if not (name == "labs.network" or name.startswith("labs.network."))]
    assert {name.split(".")[0] for name in outside} <= sys.stdlib_module_names - DOORS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_stays_short(path):
    assert len(path.read_text().splitlines()) <= 400
