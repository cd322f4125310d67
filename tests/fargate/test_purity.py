"""The model of a start reads and sends nothing: plain values in, plain values out."""

import ast
import sys
from pathlib import Path

import pytest

import labs.fargate

MODULES = sorted(Path(labs.fargate.__file__).parent.glob("*.py"))
OURS = ("labs.fargate", "labs.iam", "labs.network", "labs.oci")
DOORS = {"os", "io", "socket", "subprocess", "pathlib", "urllib", "http", "shutil", "tempfile", "threading", "time"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"labs.{alias.name}" for alias in node.names) if node.module == "labs" else (node.module or "",)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_imports_only_pure_parts(path):
    outside = [name for name in imported(path) if not name.startswith(OURS)]
    assert {name.split(".")[0] for name in outside} <= sys.stdlib_module_names - DOORS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_stays_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
