"""The report: what failed, what changed before it passed, and nobody's name, number or key in it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from labs.desk.report import CourseReport, as_markdown, redaction, stage_report
from labs.desk.report_page import page
from labs.lesson.history import Happened, What
from labs.lesson.progress import StageProgress
from labs.lesson.stage import stage
from labs.verdict import Status, Verdict

pytestmark = pytest.mark.unit
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
REPOSITORY = "arn:aws:ecr:us-east-1:123456789012:repository/fargate-lab/app"
SIX = [
    "BatchCheckLayerAvailability",
    "BatchGetImage",
    "CompleteLayerUpload",
    "InitiateLayerUpload",
    "PutImage",
    "UploadLayerPart",
]
NOTHING = Verdict(Status.NOT_YET, "fixed.not_pushed", "both platforms under the tag", "no push since", "", "push again")
WIDE = Verdict(Status.FAIL, "fixed.wide", "these seven", f"ecr:* on {REPOSITORY}", "it was seen", "name the actions")
PASS = Verdict(Status.PASS, "fixed.pass", "", "both platforms", "", "go on")
DONE = StageProgress(begun=NOON.isoformat(), passed=NOON.isoformat(), prediction="no")


def policy(*actions: str) -> str:
    names = ",\n".join(f'        "ecr:{action}"' for action in actions)
    return (
        '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Action": [\n'
        f'{names}\n      ],\n      "Resource": "{REPOSITORY}"\n    }}\n  ]\n}}\n'
    )


def event(minutes: float, what: What, verdict: Verdict | None = None, **files: str | None) -> Happened:
    named = {name.replace("_", "-") + ".json": text for name, text in files.items()}
    return Happened(at=NOON + timedelta(minutes=minutes), stage="push-fixed", what=what, verdict=verdict, files=named)


STORY = (
    event(0, What.BEGUN, push_policy=policy(*SIX)),
    event(4, What.CHECKED, NOTHING),
    event(5, What.CHECKED, NOTHING),
    event(6, What.HINTED),
    event(9, What.CHECKED, WIDE, push_policy=policy("*")),
    event(14, What.CHECKED, PASS, push_policy=policy("GetDownloadUrlForLayer", *SIX)),
)


def told(*events: Happened, progress: StageProgress = DONE, redact=None, **more) -> str:
    report = CourseReport(
        made_at=NOON,
        where="On the local AWS",
        cost="Cost so far: about 0.00 USD",
        stages=(stage_report(stage("push-fixed"), events or STORY, progress),),
        **more,
    )
    return as_markdown(report, redact or redaction("123456789012", "arn:aws:iam::123456789012:user/alice", {}))


def test_it_tells_what_failed_and_what_was_changed_before_it_passed() -> None:
    page = told()
    assert "### 1. NOT YET at 12:04 UTC, 2 times in a row" in page
    assert "### 2. FAIL at 12:09 UTC" in page
    assert "### 3. PASS at 12:14 UTC" in page
    fixed = page.partition("### 2. FAIL")[2].partition("### 3.")[0]
    assert "Then I changed `push-policy.json`:" in fixed
    assert '\n-        "ecr:*"\n' in fixed
    assert '\n+        "ecr:GetDownloadUrlForLayer",\n' in fixed


def test_it_tells_the_change_of_access_and_not_only_of_text() -> None:
    fixed = told().partition("### 2. FAIL")[2].partition("### 3.")[0]
    access = fixed.partition("What it allows changed:")[2]
    assert re.search(r"(?m) - ecr:\w+, ecr:\w+, ecr:\w+ and 50 more on", re.sub(r"\n +", " ", access))
    reordered = (
        event(0, What.CHECKED, NOTHING, push_policy=policy(*SIX)),
        event(1, What.CHECKED, PASS, push_policy=policy(*reversed(SIX))),
    )
    page = told(*reordered)
    assert "Then I changed" in page
    assert "What it allows changed" not in page


def test_a_file_that_is_no_policy_yet_is_shown_as_text_alone() -> None:
    page = told(
        event(0, What.CHECKED, NOTHING, push_policy='{"Version": '),
        event(1, What.CHECKED, PASS, push_policy=policy(*SIX)),
    )
    assert '\n-{"Version": \n' in page
    assert "What it allows changed" not in page


def test_minutes_hints_checks_and_the_prediction_are_told() -> None:
    page = told()
    assert "| 03-push-fixed | done | 14 | 25 | 4 | 1 |" in page
    assert "I predicted: " in page
    assert "That was right." in page
    assert "In fact: " in told(progress=replace(DONE, prediction="yes"))
    assert "| done with help |" in told(progress=replace(DONE, helped=True))


def test_a_stage_without_a_history_is_not_said_to_have_taken_no_time() -> None:
    assert "| 03-push-fixed | done | not known |" in told(Happened(at=NOON, stage="start", what=What.BEGUN))


def test_what_came_before_a_reset_and_after_the_pass_is_not_told() -> None:
    page = told(
        event(0, What.CHECKED, WIDE),
        event(1, What.RESET),
        event(2, What.CHECKED, PASS),
        event(3, What.CHECKED, NOTHING),
    )
    assert "WIDE" not in page
    assert "fixed.wide" not in page
    assert "NOT YET" not in page
    assert "### 1. PASS at 12:02 UTC" in page


def test_what_the_kit_solved_is_not_told_as_the_trainees_own() -> None:
    assert "The kit did this stage" not in told()
    assert "The kit did this stage" in told(event(0, What.SOLVED), event(1, What.CHECKED, PASS))


def test_lines_of_the_history_that_cannot_be_read_are_counted() -> None:
    assert "2 lines of the history cannot be read" in told(unreadable=2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("account 123456789012", "account 111122223333"),
        ("arn:aws:iam::999988887777:role/x", "arn:aws:iam::444455556666:role/x"),
        ("arn:aws:iam::123456789012:user/alice is", "arn:aws:iam::111122223333:user/you is"),
        ("assumed-role/Admin/alice is", "assumed-role/Admin/you is"),
        ("/home/alice/kit/.lab/work/app.tar", ".lab/work/app.tar"),
        ("/home/alice/x", "~/x"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA***"),
        ("sha256:0123456789012345678901234567890123456789012345678901234567890123",) * 2,
        ("fargate-lab/app",) * 2,
        ("1234567890123 bytes",) * 2,
    ],
)
def test_who_and_where_is_taken_out(before: str, after: str) -> None:
    folders = {"/home/alice": "~", "/home/alice/kit/.lab": ".lab"}
    assert redaction("123456789012", "arn:aws:iam::123456789012:user/alice", folders)(before) == after


def test_every_part_of_the_report_is_redacted() -> None:
    hostile = replace(WIDE, expected="123456789012", cause="user/alice", next_step="AKIAIOSFODNN7EXAMPLE")
    page = told(
        event(0, What.CHECKED, hostile, push_policy=policy("*")),
        event(1, What.CHECKED, PASS, push_policy=policy(*SIX)),
    )
    for word in ("123456789012", "alice", "IOSFODNN7EXAMPLE"):
        assert word not in page


class Tags(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "srcset")]

    def handle_data(self, data: str) -> None:
        self.words += data


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://127.0.0.1/x.png)",
    "[press](javascript:alert(1))",
    "a | b | c",
    "# A title",
    "```\n<script>alert(1)</script>",
    "</pre><script>alert(1)</script>",
    "``````` and more",
    "<!-- hidden",
    "&lt;script&gt;",
    "http://127.0.0.1/<b>",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_was_found_is_shown_as_words_and_never_as_markup(words: str) -> None:
    hostile = replace(WIDE, expected=words, found=words, cause=words)
    html = page(
        told(
            event(0, What.CHECKED, hostile, push_policy=policy(words)),
            event(1, What.CHECKED, PASS, push_policy=f"{words}\n"),
        )
    )
    plain = page(told(event(0, What.CHECKED, WIDE, push_policy="a\n"), event(1, What.CHECKED, PASS, push_policy="b\n")))
    assert set(Tags(html).tags) <= set(Tags(plain).tags) | {"pre", "code"}
    assert Tags(html).tags.count("h1") == 1
    shown = re.sub(r"\s+", " ", Tags(html).words)
    assert re.sub(r"\s+", " ", words).rstrip(".") in shown


def test_the_page_has_a_language_a_title_one_main_part_and_headers_in_its_table() -> None:
    html = page(told())
    tags = Tags(html).tags
    assert '<html lang="en">' in html
    assert "<title>What I did in the Fargate lab</title>" in html
    assert tags.count("main") == 1
    assert tags.count("h1") == 1
    assert tags.count("th") == 6
    assert "http" not in html


def test_a_stage_that_the_cleaning_took_back_is_told_as_done() -> None:
    assert "| done, taken back |" in told(progress=StageProgress())
