"""iam, network and fargate read and send nothing: plain values in, plain values out. No module of the kit is long."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOORS = {"os", "io", "socket", "subprocess", "pathlib", "urllib", "http", "shutil", "tempfile", "threading", "time"}
# What of ours they may import stands in pyproject.toml (import-linter).
PURE = ("iam", "network", "fargate")
MODULES = [(package, path) for package in PURE for path in sorted((ROOT / "labs" / package).rglob("*.py"))]
# "About 400 lines" is what a reader takes in; this is where about ends.
MOST_LINES = 450


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"labs.{alias.name}" for alias in node.names) if node.module == "labs" else (node.module or "",)


@pytest.mark.parametrize(("package", "path"), MODULES, ids=lambda each: getattr(each, "name", each))
def test_a_pure_module_imports_only_the_standard_library_without_its_doors(package, path):
    outside = {name.split(".")[0] for name in imported(path)} - {"labs"}
    assert outside <= sys.stdlib_module_names - DOORS


def test_every_module_stays_short():
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "labs").rglob("*.py")}
    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}
