"""The watcher: answers at once whatever a look does, looks only while somebody looks at it, ends with its input."""

import io
import json
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labs import processes
from labs.desk import buttons, looking, watching
from labs.desk.watching import Watcher, serve
from labs.errors import LabError
from labs.ledger.lab_account import TargetName
from labs.lesson.progress import Progress, StageProgress
from labs.lesson.stage import Stage
from labs.verdict import Report, Status, Verdict
from tests.desk.waiting import until

BEGUN = datetime(2026, 5, 1, tzinfo=UTC).isoformat()
LET_GO_S = 30.0


class Looking:
    """In place of one who is connected: says what it is told to, and counts."""

    def __init__(self, home: Path) -> None:
        self.target, self.line, self.looks = TargetName.LOCAL, "the local AWS", 0
        self.says: Report | Exception = Report("push-denied", Verdict(Status.FAIL, "push.denied.no_role"), (), "role")
        self.hangs: threading.Event | None = None
        self.news = True

    def cost(self) -> str:
        return "nothing so far"

    def changed(self, _every_s: float, _now_s: float) -> bool:
        return self.news

    def unseen(self, _name: str) -> bool:
        return self.news

    def look(self, _subject: Stage) -> Report:
        self.looks += 1
        self.news = False
        if self.hangs is not None:
            self.hangs.wait(LET_GO_S)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def forget(self) -> None:
        pass


@pytest.fixture
def looker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Looking:
    made = Looking(tmp_path)
    monkeypatch.setattr(looking, "Looker", lambda _home: made)
    return made


@pytest.fixture
def watcher(looker: Looking, tmp_path: Path) -> Watcher:
    """A watcher of a lab whose stage 02 has begun, with its thread."""
    progress = Progress.at(tmp_path)
    for name in ("start", "build"):
        progress.put(name, StageProgress(begun=BEGUN, passed=BEGUN))
    progress.put("push-denied", StageProgress(begun=BEGUN))
    made = Watcher(tmp_path, {})
    threading.Thread(target=made.watch, daemon=True).start()
    return made


def view(watcher: Watcher, **words: Any) -> dict[str, Any]:
    found: dict[str, Any] = watcher.answer(words)["view"]
    return found


def gates(watcher: Watcher) -> dict[str, str]:
    return {each["name"]: each["state"] for each in view(watcher)["gates"]}


def test_the_first_answer_needs_no_look(watcher: Watcher) -> None:
    assert view(watcher)["here"] == "push-denied"


def test_the_gates_turn_by_themselves(watcher: Watcher, looker: Looking) -> None:
    assert until(lambda: gates(watcher).get("role") == "shut")
    looker.says = Report(
        "push-denied", Verdict(Status.FAIL, "push.denied.not_pushed"), ("repository", "role"), "refusal"
    )
    looker.news = True
    assert until(lambda: gates(watcher)["role"] == "open")


def test_a_look_that_hangs_keeps_no_answer_back_and_is_told_of(
    watcher: Watcher, looker: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SLOW_S", 0.2)
    looker.hangs = threading.Event()
    assert until(lambda: "has not ended" in view(watcher)["remark"])
    assert view(watcher)["here"] == "push-denied"
    looker.hangs.set()
    assert until(lambda: view(watcher)["remark"] == "")


def test_what_a_look_found_is_as_old_as_its_beginning(
    watcher: Watcher, looker: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    times = [now - timedelta(hours=2), now]
    monkeypatch.setattr(
        watching, "datetime", SimpleNamespace(now=lambda _zone: times.pop(0) if times[1:] else times[0])
    )
    assert until(lambda: gates(watcher).get("role") == "shut")
    assert view(watcher)["age"] == "looked at 2 h ago"


@pytest.mark.parametrize("error", [LabError("No local AWS runs.", "start it", id="x"), ZeroDivisionError()])
def test_what_cannot_be_looked_at_is_cannot_check(watcher: Watcher, looker: Looking, error: Exception) -> None:
    looker.says = error
    assert until(lambda: (view(watcher)["finding"] or {}).get("status") == "CANNOT CHECK")
    assert set(gates(watcher).values()) == {"cannot check"}


def test_who_does_not_look_makes_nobody_look(
    watcher: Watcher, looker: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert until(lambda: gates(watcher).get("role") == "shut")
    monkeypatch.setattr(watching, "WATCHED_S", -1.0)
    assert until(lambda: not watcher._asked.is_set())
    looks, looker.news = looker.looks, True
    assert not until(lambda: looker.looks > looks, within_s=1.5)


def test_a_passed_stage_is_not_asked_again(watcher: Watcher, looker: Looking) -> None:
    assert view(watcher, notebook="01-build")["here"] == "build"
    looks = looker.looks
    assert not until(lambda: (view(watcher, notebook="01-build"), looker.looks > looks)[1], within_s=1.5)


def test_a_button_works_on_its_own_and_its_outcome_is_in_the_view(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def press(_name: str, _subject: Stage) -> buttons.Answer:
        go.wait(LET_GO_S)
        return Report("push-denied", Verdict(Status.FAIL, "push.denied.no_role"), (), "role"), ("FAIL", "a hint")

    monkeypatch.setattr(buttons, "press", press)
    assert watcher.answer({"do": "check", "stage": "push-denied"}) == {"started": True}
    assert view(watcher)["action"]["at_work"] is True
    second = watcher.answer({"do": "hint", "stage": "push-denied"})
    assert second["what"] == "The panel's check is still at work."
    go.set()
    assert until(lambda: view(watcher)["action"]["at_work"] is False)
    assert view(watcher)["action"]["lines"] == ["FAIL", "a hint"]
    assert view(watcher)["finding"]["message_id"] == "push.denied.no_role"


@pytest.mark.parametrize("error", [LabError("It was refused.", "try again", id="x"), ZeroDivisionError()])
def test_a_button_that_fails_says_so_in_a_sentence(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def press(_name: str, _subject: Stage) -> buttons.Answer:
        raise error

    monkeypatch.setattr(buttons, "press", press)
    watcher.answer({"do": "reset", "stage": "push-denied"})
    assert until(lambda: not view(watcher)["action"]["at_work"])
    said = " ".join(view(watcher)["action"]["lines"])
    assert "refused" in said or "fault of its own" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "3", '{"view": 1}', '{"n": 1, "do": "delete", "stage": "build"}', '{"n": 1, "do": "check"}',
     '{"n": 1, "do": "check", "stage": "../../etc"}', '{"n": 1, "do": null, "stage": null}'],
)  # fmt: skip
def test_a_question_that_is_none_gets_an_answer_in_words(looker: Looking, tmp_path: Path, line: str) -> None:
    answers = io.StringIO()
    serve(io.StringIO(f"{line}\n"), answers, Watcher(tmp_path, {}))
    said = json.loads(answers.getvalue())
    assert said["what"]
    assert said["next"]


def test_a_damaged_progress_file_is_told_of(looker: Looking, tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text("{")
    said = Watcher(tmp_path, {}).answer({})
    assert "progress.json is damaged" in said["what"]


def test_the_process_answers_and_ends_with_its_input(tmp_path: Path, home: Path) -> None:
    """A real one, with no local AWS to be found: it starts none."""
    Progress.at(home).put("start", StageProgress(begun=BEGUN))
    process = subprocess.Popen(
        processes.labs("watch"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask() -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"n": 7}\n')
        process.stdin.flush()
        return json.loads(process.stdout.readline())["view"]

    assert until(lambda: ask()["finding"] is not None)
    assert "No local AWS runs" in ask()["finding"]["found"]
    assert {each["state"] for each in ask()["gates"]} == {"cannot check"}
    rest, errors = process.communicate(timeout=60)
    assert (rest, errors, process.returncode) == ("", "", 0)
    assert not (home / "cloud.json").exists()
