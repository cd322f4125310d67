"""Where a trainee is in the course, as a panel, a page and a terminal say it."""

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from labs.desk.page import as_html
from labs.desk.reading import Look, course, gate_names, spent_minutes, stage_in_hand
from labs.desk.view import CourseView, FindingView, GateState, GateView, StageState, StageView, as_json, as_text
from labs.lesson.history import Happened, What
from labs.lesson.progress import Progress, StageProgress
from labs.lesson.stage import said, stage, stages
from labs.verdict import Report, Status, Verdict

pytestmark = pytest.mark.unit

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
GATES = ("repository", "role", "refusal", "platforms", "documented policy")
HOSTILE = "<img src=x onerror='hit()'>\x1b[2K\u202e"


def ago(**how_long: float) -> str:
    return (NOW - timedelta(**how_long)).isoformat()


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    """Stage 00 done, 01 done with help, 02 begun twelve minutes ago."""
    found = Progress(tmp_path / "progress.json")
    found.put("start", StageProgress(begun=ago(minutes=60), passed=ago(minutes=52)))
    found.put("build", StageProgress(begun=ago(minutes=50), passed=ago(minutes=15), helped=True))
    found.put("push-denied", StageProgress(begun=ago(minutes=12)))
    return found


def happened(name: str, *times: dict[str, float]) -> list[Happened]:
    """Events of a stage, so long ago."""
    return [Happened(at=NOW - timedelta(**each), stage=name, what=What.CHECKED) for each in times]


def looked(report: Report, **how_long: float) -> Look:
    return Look(report.stage, report, NOW - timedelta(**how_long))


def shut(status: Status = Status.FAIL, **words: str) -> Report:
    verdict = Verdict(status, "push.denied.other_action", **words)
    return Report("push-denied", verdict, GATES[:2], "refusal", GATES[3:])


def states(view: CourseView) -> dict[str, str]:
    return {each.name: each.state.value for each in view.stages}


def gates(view: CourseView) -> dict[str, str]:
    return {gate.name: gate.state.value for gate in view.gates}


def of_denied(progress: Progress, look: Look | None = None) -> CourseView:
    events = [
        *happened("start", {"minutes": 60}, {"minutes": 52}),
        *happened("build", {"minutes": 50}, {"minutes": 25}, {"minutes": 15}),
        *happened("push-denied", {"minutes": 12}),
    ]
    return course(progress, stage("push-denied"), look=look, events=events, gates=GATES, now=NOW)


def test_each_stage_says_its_state_in_a_word(progress: Progress) -> None:
    found = states(of_denied(progress))
    assert found["start"] == "done"
    assert found["build"] == "done with help"
    assert found["push-denied"] == "here"
    assert found["push-fixed"] == "not yet"


def test_minutes_spent_stand_against_those_planned(progress: Progress) -> None:
    text = as_text(of_denied(progress))
    assert "8 of 10 min" in text
    assert "12 of 25 min" in text


def test_a_night_between_two_sittings_is_no_work(progress: Progress) -> None:
    events = happened("build", {"hours": 20}, {"hours": 19, "minutes": 50}, {"minutes": 3})
    progress.put("build", StageProgress(begun=ago(hours=20)))
    assert spent_minutes(stage("build"), progress.of("build"), events, NOW) == 13


def test_a_stage_that_was_not_begun_has_no_minutes(progress: Progress) -> None:
    assert spent_minutes(stage("fargate"), progress.of("fargate"), (), NOW) is None


def test_the_gates_say_open_shut_and_not_reached(progress: Progress) -> None:
    found = gates(of_denied(progress, looked(shut(), seconds=8)))
    assert list(found.values()) == ["open", "open", "shut", "not reached", "not reached"]


def test_what_nobody_has_looked_at_is_called_that(progress: Progress) -> None:
    view = of_denied(progress)
    assert set(gates(view).values()) == {"not looked at yet"}
    assert view.evidence_age_s is None
    assert "ago" not in as_text(view)


def test_what_the_kit_cannot_look_at_is_never_shut(progress: Progress) -> None:
    unreachable = Report("push-denied", said("check.broken", {"what": "No local AWS runs.", "next": "start it"}))
    view = of_denied(progress, looked(unreachable))
    assert set(gates(view).values()) == {"cannot check"}
    assert "CANNOT CHECK" in as_text(view)
    within = gates(of_denied(progress, looked(shut(Status.CANNOT_CHECK))))
    assert within["refusal"] == "cannot check"


def test_a_gate_that_runs_something_is_left_to_the_check_and_not_called_shut(progress: Progress) -> None:
    left = said("check.left_to_check", {"stage": "build"})
    progress.put("build", StageProgress(begun=ago(minutes=50)))
    report = Report("build", left, ("archive",), "answers")
    view = course(progress, stage("build"), look=looked(report), gates=("archive", "answers"), now=NOW)
    assert gates(view) == {"archive": "open", "answers": "not looked at yet"}
    assert view.next_step.startswith("lab.check()")


def test_a_look_at_another_stage_says_nothing_of_this_one(progress: Progress) -> None:
    other = Report("push-fixed", Verdict(Status.FAIL, "push.fixed.too_wide"), (), "role")
    assert of_denied(progress, looked(other)).finding is None


@pytest.mark.parametrize(
    ("how_long", "words"),
    [
        ({"seconds": 2}, "looked at just now"),
        ({"seconds": 40}, "looked at 40 s ago"),
        ({"minutes": 12}, "looked at 12 min ago"),
        ({"hours": 5}, "looked at 5 h ago"),
        ({"days": 9}, "looked at 9 days ago"),
    ],
)
def test_the_age_of_the_evidence_is_said(progress: Progress, how_long: dict[str, float], words: str) -> None:
    assert words in as_text(of_denied(progress, looked(shut(), **how_long)))


def test_a_passed_stage_shows_its_gates_as_they_were_and_when(progress: Progress) -> None:
    view = course(progress, stage("build"), gates=("archive", "age"), now=NOW)
    assert set(gates(view).values()) == {"open"}
    assert "passed 15 min ago" in as_text(view)
    assert view.next_step == "open 02-push-denied"


@pytest.mark.parametrize(
    ("name", "begun", "words"),
    [
        ("push-fixed", False, 'finish push-denied first, or catch up with lab.solve("push-denied")'),
        ("push-denied", False, 'open 02-push-denied and run its first cell, lab.begin("push-denied")'),
        ("push-denied", True, "go on in the notebook"),
    ],
)
def test_there_is_one_next_step(progress: Progress, name: str, begun: bool, words: str) -> None:
    progress.put("push-denied", StageProgress(begun=ago(minutes=1)) if begun else StageProgress())
    assert course(progress, stage(name), now=NOW).next_step == words


def test_what_a_look_found_right_is_still_to_be_checked(progress: Progress) -> None:
    right = Report("push-denied", Verdict(Status.PASS, "push.denied.pass"), GATES)
    view = of_denied(progress, looked(right))
    assert view.next_step.startswith("lab.check()")
    assert states(view)["push-denied"] == "here"


@pytest.mark.parametrize(
    ("put", "notebook", "expected"),
    [
        ({}, "", "start"),
        ({"start": StageProgress(begun=ago(hours=1), passed=ago(hours=1))}, "", "build"),
        ({"start": StageProgress(begun=ago(hours=1)), "fargate": StageProgress(begun=ago(minutes=1))}, "", "fargate"),
        ({"start": StageProgress(begun=ago(hours=1))}, "03-push-fixed", "push-fixed"),
        ({"start": StageProgress(begun=ago(hours=1))}, "my-own", "start"),
        ({each.name: StageProgress(begun=ago(hours=1), passed=ago(hours=1)) for each in stages()}, "", "clean-up"),
    ],
)
def test_the_stage_in_hand_is_the_open_notebooks_else_the_one_in_work(
    tmp_path: Path, put: dict[str, StageProgress], notebook: str, expected: str
) -> None:
    found = Progress(tmp_path / "progress.json")
    for name, own in put.items():
        found.put(name, own)
    assert stage_in_hand(found, notebook).name == expected


def test_the_line_of_the_status_bar_says_the_stage_and_how_far(progress: Progress) -> None:
    view = of_denied(progress, looked(shut()))
    assert view.progress == f"02-push-denied: here, 2 of 5 gates open; 2 of {len(stages())} stages done"


def test_a_reset_says_what_else_it_undoes_of_what_has_begun(progress: Progress) -> None:
    resets = {each.name: each.resets for each in of_denied(progress).stages}
    assert resets["build"] == ("push-denied", "build")
    assert resets["push-fixed"] == ("push-fixed",)


@pytest.mark.parametrize("subject", stages(), ids=lambda each: each.name)
def test_every_stage_names_its_gates(subject) -> None:
    assert gate_names(subject)


def long_view() -> CourseView:
    """Every text as long and as hostile as somebody else could make it."""
    words = f"{HOSTILE} " * 30
    here = StageView("push-denied", "02", words, "02-push-denied", StageState.HERE, 25, 999, True, ("push-denied",))
    finding = FindingView("NOT YET", "push.denied.other_action", words, words, words, words)
    gate = GateView("documented policy", GateState.NOT_REACHED)
    return CourseView(
        target="the local AWS", stages=(here,), gates=(gate,), finding=finding, evidence_age_s=3.0, remark=words,
        cost=words, next_step=words,
    )  # fmt: skip


def test_the_text_fits_eighty_columns_and_needs_no_colour(progress: Progress) -> None:
    for view in (of_denied(progress, looked(shut(found="x " * 200))), long_view()):
        assert max(map(len, as_text(view).splitlines())) <= 80


def test_the_text_holds_no_character_that_moves_a_terminal() -> None:
    text = as_text(long_view())
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_json_holds_words_and_signs_for_every_state(progress: Progress) -> None:
    row = json.loads(json.dumps(as_json(of_denied(progress, looked(shut(), seconds=8)))))
    assert [each["sign"] for each in row["stages"][:4]] == ["✓", "◐", "▶", "○"]
    assert row["stages"][2]["minutes"] == "12 of 25 min"
    assert row["gates"][2] == {"name": "refusal", "state": "shut", "sign": "✗"}
    assert row["finding"]["status"] == "FAIL"
    assert row["age"] == "looked at 8 s ago"


class Tags(HTMLParser):
    """The tags and links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name == "href"]


def test_the_page_links_every_notebook_and_escapes_every_value(progress: Progress) -> None:
    page = Tags(as_html(of_denied(progress, looked(shut()))))
    assert page.links == [f"{each.notebook}.ipynb" for each in stages()]
    assert "img" not in Tags(as_html(long_view())).tags
    assert "\u202e" not in as_html(long_view())


def test_what_the_cleaning_took_back_is_done_and_not_begun_again(tmp_path: Path) -> None:
    found = Progress(tmp_path / "progress.json")
    found.put("start", StageProgress(begun=ago(hours=1), passed=ago(hours=1)))
    found.put("clean-up", StageProgress(begun=ago(minutes=9), passed=ago(minutes=5)))
    passed = Verdict(Status.PASS, "x.pass")
    before = [
        Happened(at=NOW - timedelta(minutes=30), stage=each.name, what=What.CHECKED, verdict=passed)
        for each in stages()[1:-1]
    ]
    view = course(found, stage_in_hand(found, events=before), events=before, now=NOW)
    assert view.here.name == "clean-up"
    assert set(states(view).values()) == {"done", "done, taken back"}
    assert view.progress.endswith(f"{len(stages())} of {len(stages())} stages done")
    for again in (What.BEGUN, What.RESET):
        after = [*before, Happened(at=NOW, stage="build", what=again)]
        assert stage_in_hand(found, events=after).name == "build"
        assert states(course(found, stage_in_hand(found, "02-push-denied"), events=after))["build"] == "not yet"
