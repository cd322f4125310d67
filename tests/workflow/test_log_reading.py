"""A log is read in each form that people have it: its jobs, its steps, and each line by its number in the file."""

import io
import os
import threading
import tracemalloc
import zipfile

import pytest

from labs.errors import LabError
from labs.workflow import log_files
from labs.workflow.log_diagnosis import Verdict, diagnose
from labs.workflow.log_files import read_file, read_stream
from labs.workflow.log_reading import COMPLETE, LONGEST, SET_UP, Form, Level, read_log
from labs.workflow.log_report import report
from labs.workflow.masking import masked

from .logs import END, act_log, gh_log, job_log, page_text, uses
from .logs import SET_UP as BEGINS

BUILD = "docker/build-push-action@v7"
FAILS = (*uses(BUILD, "push: true"), "building", "##[error]no basic auth credentials")


def titles(log):
    return [(step.job, step.title) for step in log.steps]


@pytest.mark.unit
def test_a_jobs_log_has_its_job_and_its_steps():
    log = read_log(job_log(uses("actions/checkout@v7"), FAILS))
    assert (log.form, log.whole) == (Form.JOB, True)
    assert titles(log) == [
        ("push", SET_UP),
        ("push", "Run actions/checkout@v7"),
        ("push", f"Run {BUILD}"),
        ("push", COMPLETE),
    ]
    step = log.steps[2]
    (error,) = step.of(Level.ERROR)
    assert (step.action, error.text, error.at[:19]) == (BUILD, "no basic auth credentials", "2026-11-30T10:00:11")
    assert error.number == 12


@pytest.mark.unit
def test_the_log_of_gh_has_titles_and_several_jobs():
    log = read_log(gh_log([("Build", FAILS)], "push") + gh_log([("Deploy", ("go",))], "deploy"))
    assert (log.form, log.whole, log.jobs) == (Form.GH, True, ("push", "deploy"))
    assert ("push", "Build") in titles(log)
    assert next(step for step in log.steps if step.title == "Build").action == BUILD


@pytest.mark.unit
def test_an_unknown_step_of_gh_is_found_by_its_group():
    text = gh_log([("UNKNOWN STEP", (*BEGINS, *FAILS, *END))], whole=False)
    log = read_log(text)
    assert log.whole
    assert titles(log) == [("push", SET_UP), ("push", f"Run {BUILD}"), ("push", COMPLETE)]


@pytest.mark.unit
def test_acts_output_has_outcomes_commands_and_lines_over_several_lines():
    text = act_log(("Say\nit", ["hello"], True), ("Build", ["::error::boom", "more"], False))
    log = read_log(text)
    assert (log.form, log.whole) == (Form.ACT, True)
    assert [(step.title, step.outcome) for step in log.steps] == [
        (SET_UP, "success"),
        ("Say", "success"),
        ("Build", "failure"),
    ]
    assert [line.text for line in log.steps[2].of(Level.ERROR)] == ["boom"]


@pytest.mark.unit
def test_a_step_of_a_composite_action_stands_under_the_step_that_uses_it():
    text = (
        "[lab/push] \u2b50 Run Set up job\n"
        "[lab/push]   \u2705  Success - Set up job\n"
        "[lab/push] \u2b50 Run Main Log in\n"
        "[lab/push] \u2b50 Run Main ask\n"
        "[lab/push]   \u2757  ::error::no basic auth credentials\n"
        "[lab/push]   \u274c  Failure - Main ask [1ms]\n"
        "[lab/push]   \u274c  Failure - Main Log in [2ms]\n"
        "[lab/push] \U0001f3c1  Job failed\n"
    )
    diagnosis = diagnose(read_log(text))
    assert diagnosis.first.step.title == "Log in / ask"
    assert not diagnosis.first.after


@pytest.mark.unit
def test_jobs_that_act_runs_at_once_are_told_apart():
    one, two = act_log(("A", ["a"], True)), act_log(("B", ["b"], True), job="lab/two")
    lines = zip(one.splitlines(), two.splitlines(), strict=True)
    log = read_log("\n".join(line for pair in lines for line in pair))
    assert log.whole
    assert {(step.job, step.title): [line.text for line in step.lines][1:] for step in log.steps if step.is_own} == {
        ("push", "A"): ["a"],
        ("two", "B"): ["b"],
    }


@pytest.mark.unit
def test_acts_colours_are_read():
    text = "".join(
        f"\x1b[36m[lab/push] \x1b[0m{line.partition('] ')[2]}\n" for line in act_log(("A", ["a"], True)).splitlines()
    )
    text = text.replace("\x1b[36m[lab/push] \x1b[0m  | ", "\x1b[36m|\x1b[0m ")
    log = read_log(text)
    assert (log.form, [step.title for step in log.steps]) == (Form.ACT, [SET_UP, "A"])
    assert [line.text for line in log.steps[1].lines][1:] == ["a"]


@pytest.mark.unit
def test_text_from_githubs_page_has_its_steps():
    log = read_log(page_text(uses("actions/checkout@v7"), FAILS))
    assert (log.form, log.whole) == (Form.PLAIN, False)
    assert [step.action for step in log.steps if step.is_own] == ["actions/checkout@v7", BUILD]
    assert log.steps[-1].of(Level.ERROR)[0].text == "no basic auth credentials"


@pytest.mark.unit
def test_the_pages_own_times_are_read():
    text = "".join(f"Mon, 30 Nov 2026 10:00:00 GMT {line}\n" for line in page_text(FAILS).splitlines())
    assert read_log(text).steps[-1].of(Level.ERROR)[0].text == "no basic auth credentials"


@pytest.mark.unit
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: f"\ufeff{text}",
        lambda text: text.replace("##[error]", "##[error]\x1b[31m") + "\x1b[0m",
        lambda text: text.replace("building", "\ufffd\x00\x07 building"),
        lambda text: text.replace("building", "x" * 100_000),
        lambda text: text.replace("2026-11-30", "\ufeff2026-11-30", 1),
        lambda text: text + "2026-11-30T10:0",
        lambda text: f"{text}\n\n\n",
    ],
    ids=[
        "CRLF",
        "mark of the order of bytes",
        "colours",
        "no text",
        "a long line",
        "mark inside",
        "cut",
        "empty lines",
    ],
)
@pytest.mark.parametrize("write", [lambda: job_log(FAILS, end=False), lambda: gh_log([("Build", FAILS)])])
def test_what_editors_and_terminals_add_changes_nothing(change, write):
    diagnosis = diagnose(read_log(change(write())))
    assert diagnosis.first.named[0].cause.id == "login.none"
    assert all(len(line.text) <= LONGEST + 4 for step in diagnosis.log.steps for line in step.lines)


@pytest.mark.unit
@pytest.mark.parametrize(
    "write", [job_log, lambda s: gh_log([("B", s)]), lambda s: act_log(("B", s, False)), page_text]
)
def test_a_log_cut_anywhere_is_read_and_never_told_well(write):
    text = write(FAILS)
    for end in range(0, len(text) - 60, 3):
        assert diagnose(read_log(text[:end])).verdict is not Verdict.NOTHING
        assert diagnose(read_log(text[end:])).verdict is not Verdict.NOTHING


def zipped(entries):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return made.getvalue()


def timed(lines):
    return "".join(f"2026-11-30T10:00:00.0000000Z {line}\n" for line in lines)


STEPS = {"push/1_Set up job.txt": BEGINS, "push/2_Build.txt": FAILS, "push/10_Complete job.txt": END}


def test_the_zip_of_logs_has_its_steps_and_says_the_file(tmp_path):
    path = tmp_path / "logs.zip"
    path.write_bytes(zipped({name: timed(lines) for name, lines in STEPS.items()} | {"0_push.txt": job_log(FAILS)}))
    log = read_file(path)
    assert log.whole
    assert titles(log) == [("push", SET_UP), ("push", "Build"), ("push", COMPLETE)]
    step = diagnose(log).first.step
    assert (step.file, step.action) == ("push/2_Build.txt", BUILD)


def test_a_zip_with_whole_jobs_alone_has_their_order():
    data = zipped({"1_deploy.txt": job_log(("go",)), "0_push.txt": job_log(FAILS), "push/system.txt": "x"})
    log = read_stream(io.BytesIO(data), "logs.zip")
    assert log.jobs == ("deploy", "push")
    assert diagnose(log).verdict is Verdict.CAUSE


def test_a_file_in_utf_16_is_read(tmp_path):
    path = tmp_path / "log.txt"
    path.write_bytes(job_log(FAILS).encode("utf-16"))
    assert diagnose(read_file(path)).verdict is Verdict.CAUSE


def test_bytes_that_are_no_utf_8_are_read(tmp_path):
    path = tmp_path / "log.txt"
    path.write_bytes(job_log(FAILS).encode().replace(b"building", b"\xff\xfe\x80building"))
    assert diagnose(read_file(path)).verdict is Verdict.CAUSE


@pytest.mark.parametrize(
    ("data", "id"),
    [
        (b"", "log-empty"),
        (b"\n \r\n", "log-empty"),
        (b"\x7fELF\x00\x01", "log-not-text"),
        (b"PK\x03\x04 and no more", "log-zip-broken"),
        (zipped({"picture.png": "x"}), "log-zip-without-logs"),
    ],
)
def test_what_is_no_log_is_said_in_one_sentence(tmp_path, data, id):
    path = tmp_path / "log.txt"
    path.write_bytes(data)
    with pytest.raises(LabError) as refused:
        read_file(path)
    assert (refused.value.id, str(path) in refused.value.what) == (id, True)


def test_a_folder_and_a_missing_file_are_said(tmp_path):
    for path, id in ((tmp_path, "log-not-read"), (tmp_path / "none.txt", "log-missing")):
        with pytest.raises(LabError) as refused:
            read_file(path)
        assert refused.value.id == id


class Large(io.RawIOBase):
    """A log of many megabytes that is nowhere as a whole."""

    LINE = b"2026-11-30T10:00:01.0000000Z #5 1.234 compiling a file with a long name\n"

    def __init__(self, megabytes, last):
        self.count = megabytes * (1 << 20) // len(self.LINE)
        self.left = iter((job_log(uses(BUILD), end=False).encode(), *[self.LINE * 1000] * (self.count // 1000)))
        self.end = timed([last, *END]).encode()

    def read(self, size=-1):
        return next(self.left, None) or self._last()

    def _last(self):
        data, self.end = self.end, b""
        return data

    @property
    def line_of_the_last(self):
        return 6 + self.count // 1000 * 1000 + 1


def test_a_log_of_fifty_megabytes_is_read_with_a_bound_and_says_what_was_not():
    stream = Large(50, "##[error]no basic auth credentials")
    diagnosis = diagnose(read_stream(stream, "run.txt"))
    assert diagnosis.first.named[0].cause.id == "login.none"
    assert diagnosis.first.named[0].evidence[0].number == stream.line_of_the_last
    (said,) = diagnosis.log.unread
    assert "38 MiB of it were not read: lines " in said
    assert "NOT READ:" in report(diagnosis)


def test_what_is_held_of_a_large_log_follows_from_the_bound(monkeypatch):
    monkeypatch.setattr(log_files, "_HEAD", 1 << 16)
    monkeypatch.setattr(log_files, "_TAIL", 1 << 17)
    stream = Large(50, "##[error]no basic auth credentials")
    tracemalloc.start()
    try:
        read_stream(stream, "run.txt")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 8 << 20


def test_a_large_log_without_a_failure_in_what_was_read_is_not_told_well():
    diagnosis = diagnose(read_stream(Large(20, "done"), "run.txt"))
    assert (diagnosis.verdict, bool(diagnosis.log.unread)) == (Verdict.CANNOT_TELL, True)


def test_a_pipe_is_read(tmp_path):
    reading, writing = os.pipe()
    text = zipped({"0_push.txt": job_log(FAILS)})
    sender = threading.Thread(target=lambda: (os.write(writing, text), os.close(writing)))
    sender.start()
    with os.fdopen(reading, "rb") as stream:
        assert diagnose(read_stream(stream, "standard input")).verdict is Verdict.CAUSE
    sender.join()


SECRETS = {
    "an access key": ("using AKIAIOSFODNN7EXAMPLE now", "using AKIA*** now"),
    "a session's key": ("ASIAIOSFODNN7EXAMPLE", "ASIA***"),
    "a secret key with its name": (
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_SECRET_ACCESS_KEY=***",
    ),
    "a secret key in JSON": (
        '"SecretAccessKey": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"',
        '"SecretAccessKey": "***"',
    ),
    "a secret key alone": ("key wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEK12", "key ***"),
    "a token of GitHub": ("ghs_abcdefghijklmnopqrstuvwxyz0123456789", "ghs_***"),
    "a fine-grained token": ("github_pat_11ABCDEFG0abcdefghijkl", "github_pat_***"),
    "a token of Docker Hub": ("dckr_pat_abcdef-ghijkl", "dckr_pat_***"),
    "a JWT": ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "token ***"),
    "a header": ("Authorization: Basic QVdTOnBhc3N3b3JkMTIz", "Authorization: Basic ***"),
    "a bearer": ("with Bearer abcdef0123456789", "with Bearer ***"),
    "a signed address": ("GET https://x/y?X-Amz-Signature=abc123&a=b", "GET https://x/y?X-Amz-Signature=***&a=b"),
    "a password in an address": ("https://ana:hunter2@example.com/a", "https://ana:***@example.com/a"),
    "a login": ("docker login -u AWS -p eyJwYXlsb2FkIjoi host", "docker login -u AWS -p *** host"),
    "a password option": ("login --password=hunter22 host", "login --password=*** host"),
    "a long text in base64": (f"password is {'Ab1+' * 60}==", "password is ***"),
    "a private key": ("-----BEGIN RSA PRIVATE KEY-----MIIE", "-----BEGIN PRIVATE KEY-----***"),
}
KEPT = [
    "User: arn:aws:sts::111122223333:assumed-role/push/GitHubActions is not authorized to perform: ecr:PutImage",
    f"https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/app/blobs/sha256:{'ab' * 32}: 403 Forbidden",
    "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd",
    "permissions: id-token: write, token: none",
    "'aws-secret-access-key' must be provided if 'aws-access-key-id' is provided",
    "Incorrect token audience",
    "Token expired: current date/time 1796032800 must be before the expiration date/time 1796032500",
    "AWS_SECRET_ACCESS_KEY: ***",
    "The security token included in the request is invalid.",
    "no basic auth credentials",
]


@pytest.mark.unit
@pytest.mark.parametrize("kind", SECRETS)
def test_what_gives_access_is_masked(kind):
    text, shown = SECRETS[kind]
    assert masked(text) == shown


@pytest.mark.unit
@pytest.mark.parametrize("text", KEPT)
def test_what_gives_no_access_stays(text):
    assert masked(text) == text
