"""The history: what happened, in order, with the trainee's files as they were; no secret, nothing lost to a crash."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.lesson.history import History, What, files_at, time_spent
from labs.verdict import Status, Verdict

pytestmark = pytest.mark.unit
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
WIDE = Verdict(Status.FAIL, "push.wide", "seven actions", "ecr:* on *", "", "name the actions")
PASS = Verdict(Status.PASS, "push.pass")


@pytest.fixture
def history(tmp_path: Path) -> History:
    (tmp_path / "work" / "app").mkdir(parents=True)
    return History(tmp_path / "history.jsonl", tmp_path / "work")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_what_was_added_is_read_again_in_order(history: History) -> None:
    history.add("push-fixed", What.BEGUN, now=at(0))
    history.add("push-fixed", What.PREDICTED, word="no", now=at(1))
    history.add("push-fixed", What.CHECKED, verdict=WIDE, now=at(2))
    history.add("push-fixed", What.HINTED, word="look", now=at(3))
    found = history.events()
    assert [each.what for each in found] == [What.BEGUN, What.PREDICTED, What.CHECKED, What.HINTED]
    assert [each.word for each in found] == ["", "no", "", "look"]
    assert found[2].verdict == WIDE
    assert [each.at for each in found] == [at(0), at(1), at(2), at(3)]


def test_it_is_readable_by_its_owner_alone(history: History) -> None:
    history.add("start", What.BEGUN)
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600


def test_without_a_file_there_is_no_history(history: History) -> None:
    assert history.events() == ()
    assert history.damaged() == 0


def test_a_file_stands_where_it_changed_and_nowhere_else(history: History) -> None:
    policy = history.work / "push-policy.json"
    policy.write_text("{}\n")
    history.add("push-denied", What.BEGUN)
    history.add("push-denied", What.CHECKED, verdict=WIDE)
    policy.write_text('{"Version": "2012-10-17"}\n')
    (history.work / "app" / "Dockerfile").write_text("FROM scratch\n")
    history.add("push-denied", What.CHECKED, verdict=PASS)
    policy.unlink()
    history.add("push-denied", What.RESET)
    assert [dict(each.files) for each in history.events()] == [
        {"push-policy.json": "{}\n"},
        {},
        {"push-policy.json": '{"Version": "2012-10-17"}\n', "app/Dockerfile": "FROM scratch\n"},
        {"push-policy.json": None},
    ]
    assert files_at(history.events()[:3])["push-policy.json"] == '{"Version": "2012-10-17"}\n'
    assert files_at(history.events()) == {"app/Dockerfile": "FROM scratch\n"}


@pytest.mark.parametrize(
    "name", ["app-secret.txt", "push.log", "app.tar", "app/app.py", "receipt.json", "notes.md", ".github/notes.txt"]
)
def test_other_files_are_not_kept(history: History, name: str) -> None:
    path = history.work / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("something\n")
    history.add("start", What.BEGUN)
    assert history.events()[0].files == {}


def test_a_key_in_a_workflow_is_not_kept(history: History) -> None:
    workflow = history.work / ".github" / "workflows" / "push.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        "env:\n  AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE\n  AWS_SECRET_ACCESS_KEY: abcd/1234+efgh5678\n"
    )
    history.add("pipeline", What.CHECKED, verdict=WIDE)
    kept = history.path.read_text()
    assert "IOSFODNN7EXAMPLE" not in kept
    assert "abcd/1234" not in kept
    # What was hidden does not make the file look changed.
    history.add("pipeline", What.CHECKED, verdict=WIDE)
    assert history.events()[1].files == {}


def test_a_file_without_an_end_is_not_copied(history: History) -> None:
    (history.work / "huge.json").write_text("[" * 100_000)
    history.add("start", What.BEGUN)
    assert history.events()[0].files == {"huge.json": "(longer than 64 KiB)\n"}
    assert history.path.stat().st_size < 1_000


@pytest.mark.parametrize(
    "line",
    [
        b'{"at": "2026-12-01T12:00:00+00:00", "sta',
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"at": "yesterday", "stage": "start", "what": "begun"}',
        b'{"at": "2026-12-01T12:00:00+00:00", "stage": "start", "what": "eaten"}',
        b'{"at": "2026-12-01T12:00:00+00:00", "stage": "start", "what": "begun", "files": {"a": 1}}',
        b'{"at": "2026-12-01T12:00:00+00:00", "stage": "start", "what": "begun", "files": []}',
        b'{"at": "2026-12-01T12:00:00+00:00", "stage": "start", "what": "checked", "verdict": {"status": "MAYBE"}}',
        b'{"at": "2026-12-01T12:00:00+00:00", "stage": "start", "what": "checked", "verdict": "PASS"}',
    ],
)
def test_a_line_that_is_damaged_is_counted_and_the_others_are_read(history: History, line: bytes) -> None:
    history.add("start", What.BEGUN)
    # As a process leaves it that was killed while it wrote: without an end.
    with history.path.open("ab") as file:
        file.write(line)
    history.add("start", What.CHECKED, verdict=PASS)
    assert [each.what for each in history.events()] == [What.BEGUN, What.CHECKED]
    assert history.damaged() == 1


def test_a_link_in_its_place_is_refused(history: History, tmp_path: Path) -> None:
    history.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LabError, match="is a link"):
        history.add("start", What.BEGUN)
    assert not (tmp_path / "elsewhere").exists()


def happened(history: History, *steps: tuple[float, str, What] | tuple[float, str, What, Verdict]) -> timedelta:
    for minutes, stage, what, *verdict in steps:
        history.add(stage, what, verdict=verdict[0] if verdict else None, now=at(minutes))
    return time_spent(history.events(), "build")


def test_time_runs_from_the_beginning_to_the_first_pass(history: History) -> None:
    spent = happened(
        history,
        (0, "build", What.BEGUN),
        (8, "build", What.CHECKED, WIDE),
        (12, "build", What.CHECKED, PASS),
        (20, "build", What.CHECKED, PASS),
    )
    assert spent == timedelta(minutes=12)


def test_a_break_and_another_stage_are_not_counted(history: History) -> None:
    spent = happened(
        history,
        (0, "build", What.BEGUN),
        (5, "build", What.CHECKED, WIDE),
        (600, "build", What.CHECKED, WIDE),
        (604, "start", What.CHECKED, PASS),
        (610, "build", What.HINTED),
        (612, "build", What.CHECKED, PASS),
    )
    assert spent == timedelta(minutes=5 + 2)


def test_a_reset_begins_anew(history: History) -> None:
    spent = happened(
        history,
        (0, "build", What.BEGUN),
        (9, "build", What.CHECKED, PASS),
        (10, "build", What.RESET),
        (11, "build", What.BEGUN),
        (14, "build", What.CHECKED, PASS),
    )
    assert spent == timedelta(minutes=1 + 3)


def test_each_line_is_json_of_its_own(history: History) -> None:
    (history.work / "a.json").write_text('{"a": "line\\u2028break"}\n')
    history.add("start", What.BEGUN)
    history.add("start", What.CHECKED, verdict=WIDE)
    assert [json.loads(line)["what"] for line in history.path.read_text().split("\n") if line] == ["begun", "checked"]
