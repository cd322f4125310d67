"""This project's own workflows pass the linters and the kit's review; a fault in one fails ``make lint``."""

import subprocess
import sys
from pathlib import Path

import pytest

from labs.workflow import document, linters
from tests import __main__ as steps
from tests import lint_workflows

FILES = sorted(lint_workflows.OWN.glob("*.yml"))
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


def linted(folder):
    command = [sys.executable, "-m", "tests.lint_workflows", str(folder)]
    return subprocess.run(command, cwd=steps.ROOT, capture_output=True, text=True, check=False)


def test_make_lint_and_make_check_lint_the_workflows():
    assert ("workflows", ["-m", "tests.lint_workflows"]) in steps.LINT


def test_the_own_workflows_have_no_finding():
    done = linted(lint_workflows.OWN)
    assert (done.returncode, done.stdout) == (0, f"{len(FILES)} workflow(s), nothing found\n")


@pytest.mark.parametrize(
    ("old", "new", "id"),
    [
        (CHECKOUT, "actions/checkout@v7", "not-pinned, kit"),
        (CHECKOUT, "actions/checkout@v7", "unpinned-uses, zizmor"),
        (CHECKOUT, "actions/checkout@v7", "unpinned-uses, jactionlint"),
        ("# v7.0.1", "# v6.0.0", "pin-and-version-differ, kit"),
        ("        with:\n          persist-credentials: false\n", "", "artipacked, zizmor"),
        ("permissions: {}", "permissions: write-all", "write-all, kit"),
        ("    timeout-minutes: 20\n", "", "missing-timeout, jactionlint"),
        ("run: make check", "run: make check ${{ github.head_ref }}", "script-injection, kit"),
        ("jobs:", "jobs: [", "workflow-not-readable"),
    ],
)
def test_a_fault_in_a_workflow_fails_the_step(old, new, id, tmp_path):
    (tmp_path / "ci.yml").write_text(FILES[0].read_text("utf-8").replace(old, new, 1))
    done = linted(tmp_path)
    assert done.returncode == 1
    assert id.removeprefix("workflow-not-readable") in done.stdout
    assert "Traceback" not in done.stderr


def test_a_folder_without_workflows_and_a_linter_that_is_not_there_fail(tmp_path, monkeypatch):
    assert linted(tmp_path).returncode == 1
    monkeypatch.setattr(linters.sysconfig, "get_path", lambda kind: str(tmp_path))
    assert [line.split(": ")[1] for line in lint_workflows.faults(FILES[0])] == [
        "zizmor is not installed",
        "jactionlint is not installed",
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_job_ends_and_has_the_least_rights(file):
    workflow = document.read(file)
    assert workflow.permissions == {}
    for job in workflow.jobs:
        assert job.permissions == {"contents": "read"}
        assert ("jobs", job.id, "timeout-minutes") in workflow.lines


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_says_that_it_has_not_run_on_github_yet(file):
    assert file.read_text("utf-8").startswith("# Not yet run on GitHub")
    assert "not yet run on GitHub" in (steps.ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_every_script_that_a_workflow_runs_is_there():
    for file in FILES:
        for _, step in document.scripts(document.read(file)):
            for word in step.run.split():
                if word.startswith((".ci/", "labs/")):
                    assert Path(steps.ROOT, word).is_file(), word
