"""Hints: chosen by what the check found, one rung at a time, the solution last."""

from dataclasses import replace
from pathlib import Path

import pytest

from labs.lesson import hints, runner
from labs.lesson.bench import Bench
from labs.lesson.progress import Progress, StageProgress
from labs.lesson.stage import stage, stages

FIXED = stage("push-fixed")


@pytest.fixture
def fixed(bench: Bench) -> Bench:
    runner.reset("push-fixed", bench)
    runner.solve("push-denied", bench)
    runner.begin("push-fixed", bench)
    return bench


def rungs(bench: Bench, count: int) -> list[str]:
    return [hints.next_hint(FIXED, bench).partition(" ")[0] for _ in range(count)]


def test_the_hint_belongs_to_what_the_check_found(fixed: Bench) -> None:
    runner.check_and_record("push-fixed", fixed)
    assert "lab.trail()" in hints.next_hint(FIXED, fixed)


def test_the_rungs_come_in_order_and_the_solution_waits_for_a_prediction(fixed: Bench) -> None:
    runner.check_and_record("push-fixed", fixed)
    assert rungs(fixed, 4) == ["Look", "Idea:", "Where:", "A"]
    assert "First predict" in hints.next_hint(FIXED, fixed)
    progress = fixed.progress.of("push-fixed")
    assert not progress.helped
    fixed.progress.put("push-fixed", replace(progress, prediction="no"))
    last = hints.next_hint(FIXED, fixed)
    assert last.startswith("Solution:")
    assert "no further hint" not in last
    assert hints.next_hint(FIXED, fixed) == f"{last} There is no further hint."
    assert fixed.progress.of("push-fixed").helped


def test_the_solution_waits_for_a_failed_check(fixed: Bench) -> None:
    fixed.progress.put("push-fixed", replace(fixed.progress.of("push-fixed"), prediction="no"))
    rungs(fixed, 4)
    assert "First check once" in hints.next_hint(FIXED, fixed)


def test_another_finding_begins_at_the_first_rung(fixed: Bench) -> None:
    runner.check_and_record("push-fixed", fixed)
    rungs(fixed, 2)
    fixed.policy_file.unlink()
    runner.check_and_record("push-fixed", fixed)
    assert hints.next_hint(FIXED, fixed).startswith("The verdict names the place")


def test_after_three_identical_findings_a_hint_offers_itself(fixed: Bench) -> None:
    offered = []
    for _ in range(4):
        runner.check_and_record("push-fixed", fixed)
        offered.append(hints.offer(FIXED, fixed))
    assert [bool(text) for text in offered] == [False, False, True, False]


def test_after_a_pass_there_is_nothing_to_hint_at(bench: Bench) -> None:
    runner.reset("push-fixed", bench)
    runner.solve("push-fixed", bench)
    assert hints.next_hint(FIXED, bench).startswith("There is no hint to give")


def test_no_hint_counts() -> None:
    texts = [text for each in stages() for topic in hints.topics(each) for text in topic.rungs]
    assert not any("hint 2" in text.lower() or "of 5" in text for text in texts)


def test_progress_survives_and_an_untouched_stage_leaves_no_trace(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    first = progress.begin("build")
    assert Progress(tmp_path / "progress.json").begin("build") == first
    progress.put("build", StageProgress())
    assert not progress.path.exists()


def test_progress_of_a_later_version_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text('{"stages": {"build": {"begun": "2026-01-01T00:00:00+00:00", "stars": 5}}}')
    assert Progress(path).of("build").begun.startswith("2026")


def test_a_stage_that_has_not_begun_has_no_hint_and_none_is_counted(bench: Bench) -> None:
    runner.reset("start", bench)
    assert "has not begun" in hints.next_hint(FIXED, bench)
    assert bench.progress.of(FIXED.name).rung == 0
