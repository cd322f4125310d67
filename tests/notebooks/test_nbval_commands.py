"""The commands of docs/nbval.md and of the workflow to copy, as anybody runs them: in a new lab home."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from labs.session import local
from tests import lint_workflows

ROOT = Path(__file__).parents[2]
PAGE, WORKFLOW = ROOT / "docs" / "nbval.md", ROOT / "docs" / "workflows" / "course.yml"
COMMAND = re.compile(r"^ *\.venv/bin/python -m pytest (.+)$", re.M)


def test_the_page_and_the_workflow_give_the_same_commands() -> None:
    commands = COMMAND.findall(PAGE.read_text())
    assert [each.split()[0] for each in commands] == ["--nbval", "--nbval-lax"]
    assert COMMAND.findall(WORKFLOW.read_text()) == commands


def test_neither_linter_nor_the_kit_finds_fault_with_the_workflow(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint_workflows.main([str(WORKFLOW.parent)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("command", COMMAND.findall(PAGE.read_text()), ids=lambda each: each.split()[0])
def test_the_command_passes_from_a_new_lab_home(command: str, tmp_path: Path) -> None:
    *words, folder = shlex.split(command)
    # The others are run by the project's own comparison, each from its stage's beginning.
    first = [f"{folder}/{name}.ipynb" for name in ("00-start", "01-build")]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "AWS_"))}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, *first], cwd=ROOT, capture_output=True, text=True, timeout=300,
            env={**env, "LAB_HOME": str(tmp_path), "LAB_ENGINE": "embedded"}, check=False,
        )  # fmt: skip
    finally:
        local.stop_cloud(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b[1-9]\d* passed", done.stdout)
