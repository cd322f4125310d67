"""A check as far as one gate: its PASS is the part's and never the stage's."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labs.errors import LabError
from labs.lesson import runner
from labs.lesson.history import History
from labs.lesson.progress import Progress
from labs.lesson.stage import said
from labs.verdict import Report, Status

pytestmark = pytest.mark.unit
GATES = ("vpc", "first stop", "endpoints", "second stop")


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    (tmp_path / "work").mkdir()
    return SimpleNamespace(
        progress=Progress(tmp_path / "progress.json"),
        history=History(tmp_path / "history.jsonl", tmp_path / "work"),
        say=lambda message_id, **values: said(message_id, values),
        on_aws=False,
    )


def found(patch: pytest.MonkeyPatch, *open_gates: str, message: str = "private.no_trial") -> list[Report]:
    """What the stage's gates answer from now on; the list grows with each time they are asked."""
    asked: list[Report] = []
    rest = GATES[len(open_gates) :]
    values = {
        "private.no_trial": {"family": "x"},
        "check.broken": {"what": "w", "next": "n"},
        "private.starting": {"task": "t", "status": "PENDING", "label": "open"},
    }.get(message, {})
    gates = (open_gates, rest[0] if rest else "", rest[1:]) if message != "check.broken" else ((), "", ())
    report = Report("private-subnet", said(message, values), *gates)
    patch.setattr(runner, "ask", lambda *_: (asked.append(report), report)[1])
    return asked


@pytest.mark.parametrize("until", ["vpc", "first stop"])
def test_what_is_open_so_far_passes_and_says_that_the_end_looks_at_all(
    bench: Any, monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    found(monkeypatch, "vpc", "first stop")
    report = runner.check_part("private-subnet", until, bench)
    assert report.verdict.status is Status.PASS
    assert "the check at the end looks at all of it" in str(report)
    assert report.open_gates == GATES[: GATES.index(until) + 1]


def test_the_pass_of_a_part_is_not_the_stages(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, *GATES, message="private.no_trial")
    assert runner.check_part("private-subnet", "second stop", bench).verdict.passed
    assert not bench.progress.of("private-subnet").passed
    assert bench.history.events() == ()


@pytest.mark.parametrize("until", ["endpoints", "second stop"])
def test_what_is_shut_before_it_is_the_verdict_and_is_remembered_for_the_hints(
    bench: Any, monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    found(monkeypatch, "vpc", "first stop")
    report = runner.check_part("private-subnet", until, bench)
    assert report.verdict.message_id == "private.no_trial"
    assert "at endpoints; not reached: second stop" in str(report)
    assert bench.progress.of("private-subnet").last_id == "private.no_trial"


def test_nothing_is_waited_for_beyond_the_gate(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found(monkeypatch, "vpc", message="private.starting")
    monkeypatch.setattr(runner.time, "sleep", lambda _: pytest.fail("it waited"))
    assert runner.check_part("private-subnet", "vpc", bench).verdict.passed
    assert len(asked) == 1


def test_what_keeps_the_kit_from_looking_is_no_pass_of_a_part(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, message="check.broken")
    assert runner.check_part("private-subnet", "vpc", bench).verdict.status is Status.CANNOT_CHECK


@pytest.mark.parametrize("until", ["", "third stop", "VPC"])
def test_a_gate_that_there_is_not_is_answered_with_those_there_are(
    bench: Any, monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    found(monkeypatch, "vpc")
    with pytest.raises(LabError, match="use one of: vpc, first stop, endpoints, second stop"):
        runner.check_part("private-subnet", until, bench)
