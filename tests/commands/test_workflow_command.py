"""``labs workflow``: what is mistyped is said, and the last run is shown with its exit code."""

import pytest

from labs.cli import main
from labs.commands import workflow
from labs.workflow import record
from labs.workflow.record import JobRecord, RunRecord, StepRecord


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_ENGINE", "embedded")
    return tmp_path


AT = "2026-12-01T00:00:00+00:00"


def kept(home, conclusion):
    steps = (StepRecord("Run actions/checkout@v7", "actions/checkout", "success", seconds=0.3),)
    jobs = {"push": JobRecord(conclusion, "production", "repo:o/r:environment:production", steps)}
    number, folder = record.new_folder(home)
    found = RunRecord(number, "push", "refs/heads/main", "a" * 40, "o/r", "push.yml", AT, AT, conclusion, jobs=jobs)
    record.save(found, folder, "push\tx\t1 y\n")
    return found


@pytest.mark.parametrize(("conclusion", "code"), {"success": 0, "failure": 1, "timed out": 1, "cancelled": 130}.items())
def test_the_last_run_is_shown_with_the_exit_code_that_it_had(home, capsys, conclusion, code):
    kept(home, "success")
    kept(home, conclusion)
    assert main(["workflow", "last"]) == code
    out = capsys.readouterr().out
    assert f"Run 2 of push.yml: push to refs/heads/main, commit {'a' * 40}: {conclusion}" in out
    assert f"push: {conclusion} as repo:o/r:environment:production" in out
    assert "success    Run actions/checkout@v7 (0.3 s)" in out
    assert str(home / "workflow" / "runs" / "2" / "log.txt") in out


def test_before_the_first_run_there_is_none(capsys):
    assert main(["workflow", "last"]) == 2
    assert "No workflow has run in this lab yet." in capsys.readouterr().err


def test_a_record_that_cannot_be_read_is_one_sentence(home, capsys):
    kept(home, "success")
    (home / "workflow" / "runs" / "1" / "run.json").write_text('{"jobs": 1}')
    assert main(["workflow", "last"]) == 2
    assert "is not the record of a run that can be read" in capsys.readouterr().err


WRONG = {
    ("--var", "x"): "'x' is not a variable",
    ("--var", "a b=c"): "'a b=c' is not a variable",
    ("--secret", "NO_SUCH_VARIABLE"): "There is no environment variable NO_SUCH_VARIABLE",
    ("--minutes", "0"): "--minutes 0 is no time limit",
    ("--minutes", "nan"): "--minutes nan is no time limit",
    ("--fork",): "A push event does not come from a fork",
    ("--ref", "a b"): "'a b' is not the ref of a branch or tag",
}


@pytest.mark.parametrize(("words", "said"), WRONG.items(), ids=WRONG.values())
def test_what_is_mistyped_is_said_before_anything_starts(home, capsys, words, said):
    assert main(["workflow", "run", *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Next: " in err
    assert not (home / "cloud.json").exists()


@pytest.mark.parametrize(("conclusion", "code"), {"success": 0, "failure": 1, "skipped": 1, "cancelled": 130}.items())
def test_a_run_ends_with_0_only_if_it_succeeded(home, monkeypatch, conclusion, code):
    asked = {}

    def run(bench, event, **given):
        asked.update(given, event=event)
        return kept(home, conclusion)

    monkeypatch.setattr(workflow.workflow_run, "run", run)
    monkeypatch.setattr(workflow, "open_bench", lambda: None)
    monkeypatch.setenv("PASSWORD", "hidden")
    words = [
        "--event",
        "pull_request",
        "--ref",
        "x",
        "--fork",
        "--job",
        "push",
        "--var",
        "A=b=c",
        "--secret",
        "PASSWORD",
    ]
    assert main(["workflow", "run", *words, "--minutes", "2", "--environment", "e", "--workflow", "w.yml"]) == code
    assert (asked["event"].name, asked["event"].head_ref, asked["event"].fork) == ("pull_request", "x", True)
    assert (asked["given"], asked["secrets"]) == ({"A": "b=c"}, {"PASSWORD": "hidden"})
    assert (asked["job"], asked["limit_s"], asked["environment"], asked["file"]) == ("push", 120, "e", "w.yml")
