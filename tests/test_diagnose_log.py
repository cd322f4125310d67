"""``labs diagnose --log``: what is printed, and the exit code, without AWS, an account or Docker."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from labs.cli import main
from labs.workflow.record import JobRecord, RunRecord, save

AT = "2026-11-30T10:00:00.0000000Z"
BEGIN, END = f"{AT} Current runner version: '2.336.0'\n", f"{AT} Cleaning up orphan processes\n"
REFUSED = f"{AT} ##[error]Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity\n"
PROVIDER = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
SUB = "token.actions.githubusercontent.com:sub"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {SUB: "repo:o/r:ref:refs/heads/main"}},
    },
}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """labs diagnose in a folder of its own: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))

    def call(*words):
        code = main(["diagnose", *words])
        said = capsys.readouterr()
        return code, " ".join(said.out.split()), " ".join(said.err.split())

    return call


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (BEGIN + END, 0, "Nothing failed"),
        (BEGIN + REFUSED + END, 1, "Next: compare the trust policy's sub"),
        (f"{BEGIN}{AT} ##[error]words of tomorrow\n{END}", 2, "not known"),
        (BEGIN, 2, "CANNOT TELL"),
    ],
)
def test_each_ending_has_its_exit_code(run, tmp_path, text, code, says):
    (tmp_path / "run.txt").write_text(text)
    ended, out, _ = run("--log", "run.txt")
    assert (ended, says in out) == (code, True)


def test_standard_input_is_read(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((BEGIN + REFUSED).encode())))
    code, out, _ = run("--log", "-")
    assert (code, "Read standard input" in out) == (1, True)


def keep(tmp_path, number, log, conclusion="failure", jobs=None):
    """A run of the lab's own, as the runner keeps it."""
    folder = tmp_path / f"home/workflow/runs/{number}"
    folder.mkdir(parents=True, exist_ok=True)
    found = RunRecord(
        number, "push", "refs/heads/main", "a" * 40, "o/r", "push.yml", AT, AT, conclusion, jobs=jobs or {}
    )
    save(found, folder, log)


def test_without_a_file_it_is_the_newest_run_of_the_lab(run, tmp_path):
    for number, text in ((9, BEGIN + END), (10, BEGIN + REFUSED)):
        keep(tmp_path, number, text)
    code, out, _ = run("--log")
    assert (code, "runs/10/log.txt" in out) == (1, True)


def test_the_labs_own_record_says_how_the_run_ended_and_the_subject_of_its_token(run, tmp_path):
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    (tmp_path / "log.txt").write_text(f"push\tRun x\t{AT} done\n")
    assert run("--log", "log.txt")[0] == 2
    (tmp_path / "run.json").write_text("{}")
    assert run("--log", "log.txt")[0] == 2
    keep(tmp_path, 1, f"push\tRun x\t{AT} done\n", "success")
    code, out, _ = run("--log")
    assert (code, "the lab's record of the run says success" in out) == (0, True)
    job = JobRecord("failure", subject="repo:o/r:environment:production")
    keep(tmp_path, 2, f"push\tLog in\t{REFUSED}", jobs={"push": job})
    code, out, _ = run("--log")
    assert (code, "this run's token had the subject repo:o/r:environment:production" in out) == (1, True)
    shown = " ".join(run("--log", "--trust", "trust.json")[1].split())
    assert "a job with an environment has the environment in place of the ref" in shown


def test_without_a_file_and_without_a_run_it_says_so(run):
    code, _, err = run("--log")
    assert (code, err) == (2, "The lab has no run of a workflow yet. Next: say which log: --log FILE")


def test_the_trust_policy_and_the_subject_decide(run, tmp_path):
    (tmp_path / "run.txt").write_text(REFUSED)
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    _, out, _ = run("--log", "run.txt", "--trust", "trust.json", "--sub", "repo:o/r:pull_request")
    assert "a pull request's job is pull_request, any other's names its ref" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--log", "none.txt"], "There is no file none.txt."),
        (["--log", "."], ". cannot be read: Is a directory."),
        (["--log", "empty.txt"], "empty.txt is empty."),
        (["--log", "binary"], "binary is not text."),
        (["--log", "run.txt", "my-service"], "--log goes with --trust and --sub alone."),
        (["--log", "run.txt", "--trust", "trust.json"], "--trust needs the subject of the run's token"),
        (["--sub", "x"], "--trust and --sub go with --log."),
        (["--log", "run.txt", "--trust", "none.json", "--sub", "x"], "none.json cannot be read: No such file"),
        (["--log", "run.txt", "--trust", "run.txt", "--sub", "x"], "run.txt is no trust policy: "),
        (["--log", "run.txt", "--trust", "binary", "--sub", "x"], "binary cannot be read: it is not UTF-8 text."),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_a_next_step(run, tmp_path, words, says):
    (tmp_path / "run.txt").write_text(REFUSED)
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\xff")
    code, out, err = run(*words)
    assert (code, out, err.startswith(says)) == (2, "", True)
    assert "Next: " in err
