"""Long work shows how far it is, keeps what was refused in sight, and folds at the end; as text it prints its lines."""

from typing import Any

import pytest

from labs.ui import live
from labs.ui.live import End, Work, watched

Said = pytest.CaptureFixture[str]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Work]:
    """Every state that a notebook would have shown; the clock that redraws it each second is off."""
    found: list[Work] = []
    monkeypatch.setenv("LAB_WIDGETS", "1")
    monkeypatch.setattr(live, "_EACH_S", 3600)
    monkeypatch.setattr("labs.ui.cell.Place.tell", lambda _self, work: found.append(work))
    return found


def test_as_text_each_line_is_printed_when_it_comes_and_nothing_else(
    capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAB_WIDGETS", raising=False)
    with watched("Work", 2) as work:
        work.line("one")
        assert capsys.readouterr().out == "one\n"
        work.phase("not for a terminal")
        work.line("two", counts=True)
    assert capsys.readouterr().out == "two\n"


def test_in_a_notebook_nothing_is_printed_beside_what_is_shown(shown: list[Work], capsys: Said) -> None:
    with watched("Work", 2) as work:
        work.line("one", counts=True)
        work.phase("half")
        work.show()
    assert capsys.readouterr().out == ""
    assert [each.end for each in shown] == [End.RUNNING, End.RUNNING, End.DONE]
    assert [words for _, words in shown[-1].lines] == ["one", "half"]
    assert (shown[-1].done, shown[-1].of) == (1, 2)


@pytest.mark.parametrize(("error", "end"), [(KeyboardInterrupt, End.INTERRUPTED), (ValueError, End.STOPPED)])
def test_work_that_does_not_end_well_says_so_and_the_reason_goes_on(shown: list[Work], error: Any, end: End) -> None:
    def broken() -> None:
        with watched("Work"):
            raise error

    with pytest.raises(error):
        broken()
    assert shown[-1].end is end
    assert end.value in shown[-1].html


def test_work_that_came_to_its_end_and_not_to_what_it_was_for_is_not_done(shown: list[Work]) -> None:
    with watched("Solving") as work:
        work.line("build: NOT YET")
        work.missed()
    assert shown[-1].end is End.STOPPED
    assert "done" not in shown[-1].html


REFUSALS = [
    "  left      ecr repository  x  (cannot check: AccessDenied)",
    "  not ours  ecs service     y",
    "push: failed Push (3.1 s)",
    "error: 403 Forbidden",
    "AccessDeniedException when calling PutImage",
    "User: u is not authorized to perform: ecr:PutImage",
    "ecr:GetDownloadUrlForLayer was refused",
]


@pytest.mark.parametrize("line", REFUSALS)
@pytest.mark.parametrize("end", End)
def test_a_refusal_stays_in_sight_while_it_goes_on_and_when_it_is_folded(line: str, end: End) -> None:
    work = Work("Work", 9, ((1, line), *((number, f"line {number}") for number in range(2, 9))), end=end)
    before_the_fold = work.html.partition("<details>")[0]
    assert before_the_fold.count(line.strip()) == 1
    assert "line 2<" not in before_the_fold


@pytest.mark.parametrize(
    "line",
    [
        "  gone      ecr repository  x",
        "deploy: ok     Push the image (1.0 s)",
        "leftover",
        "push-denied: PASS",
        "push-denied: at work",
    ],
)
def test_what_is_no_refusal_is_none(line: str) -> None:
    assert Work("Work", lines=((0, line),)).refused == ()


def test_when_it_is_done_three_lines_and_a_fold_are_left() -> None:
    lines = tuple((float(number), f"line {number}") for number in range(30))
    html = Work("Work", 30, lines, 30, 30, End.DONE).html
    seen, _, folded = html.partition("<details>")
    assert seen.count("<p") == 2
    assert "Work: done, 30 of 30, 30 s" in seen
    assert "All 30 lines" in folded
    assert folded.count("<li>") == 30


def test_a_reader_hears_the_end_and_not_each_second() -> None:
    assert 'role="status"' not in Work("Work").html
    assert 'role="status"' in Work("Work", end=End.DONE).html


def test_progress_has_a_name_and_what_others_wrote_is_text() -> None:
    html = Work("<b>", 1, ((0, "<script>"),), 1, 2).html
    assert '<progress aria-label="&lt;b&gt;: 1 of 2" value="1" max="2">' in html
    assert "<script>" not in html
