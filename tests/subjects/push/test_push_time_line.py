"""The time line of a push: each call with its decision and what decided it, and no statement where none is known."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from labs.iam import Decision, DecisionKind, MatchedStatement, PolicyKind
from labs.subjects.push.push_time_line import alike, call
from labs.ui.time_line import Call, Outcome, TimeLine
from labs.verdict import Event

CHANGED = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENTENCE = (
    "User: arn:aws:sts::111122223333:assumed-role/push/lab is not authorized to perform: ecr:PutImage on resource: "
    "arn:aws:ecr:us-east-1:111122223333:repository/app because no identity-based policy allows the ecr:PutImage action"
)


def event(after: int = 1, error: str = "", message: str = "", action: str = "ecr:PutImage") -> Event:
    return Event(CHANGED + timedelta(seconds=after), "arn:p", action, "arn:r", error, message)


def allows(action: str, resource: str) -> Decision:
    assert (action, resource) == ("ecr:PutImage", "arn:r")
    by = MatchedStatement("push", PolicyKind.IDENTITY, "Push", 1)
    return Decision(True, DecisionKind.ALLOW, by, "")


def refuses(_action: str, _resource: str) -> Decision:
    return Decision(False, DecisionKind.IMPLICIT_DENY, None, "because no identity-based policy allows it")


def test_an_allowed_call_names_the_statement() -> None:
    shown = call(event(), allows, CHANGED)
    assert (shown.at, shown.request, shown.outcome) == ("12:00:01", "PUT manifest", Outcome.ALLOWED)
    assert shown.by == "statement 2 (Push) of the policy push"


def test_a_refused_call_has_the_words_of_aws() -> None:
    shown = call(event(error="AccessDeniedException", message=SENTENCE), refuses, CHANGED)
    assert shown.outcome is Outcome.REFUSED
    assert shown.by == "no identity-based policy allows the ecr:PutImage action"


@pytest.mark.parametrize(
    ("found", "decide", "changed", "by"),
    [
        (event(0), allows, CHANGED, "not told: the policies changed in that second"),
        (event(-9), allows, CHANGED, "policies that have changed since"),
        (event(), refuses, CHANGED, "not told"),
        (event(), None, None, "not told"),
        (event(), allows, None, "not told"),
        (event(error="DENIED", message="requested access to the resource is denied"), refuses, CHANGED, "not told"),
        (event(error="RepositoryNotFoundException", message="x"), allows, CHANGED, "RepositoryNotFoundException"),
    ],
)
def test_no_statement_is_named_where_none_is_known(found: Event, decide: object, changed: object, by: str) -> None:
    assert call(found, decide, changed).by == by


ROW = Call("12:00:01", "HEAD blob", "ecr:BatchCheckLayerAvailability", Outcome.ALLOWED, "statement 1 of push")
NO = Call("12:00:02", "PUT manifest", "ecr:PutImage", Outcome.REFUSED, "no policy allows it")


def test_calls_alike_in_a_row_are_one_row() -> None:
    later = Call("12:00:09", "HEAD blob", "ecr:BatchCheckLayerAvailability", Outcome.ALLOWED, "statement 1 of push")
    assert [each.count for each in alike([ROW, later, NO, ROW])] == [2, 1, 1]


def test_a_refused_row_is_marked_by_a_word_in_both_renderings() -> None:
    shown = TimeLine("Who asked", (ROW, NO), "A remark.")
    assert "REFUSED" in shown.as_text().splitlines()[5]
    assert shown.as_text().endswith("A remark.")
    (row,) = re.findall(r'<tr class="lab-refused">.*?</tr>', shown.html)
    assert "REFUSED" in row
    assert "ecr:PutImage" in row
    assert shown.html.count('<th scope="col">') == 5
    assert "<caption>Who asked</caption>" in shown.html


def test_a_long_time_line_says_what_it_leaves_out() -> None:
    shown = TimeLine("Who asked", (ROW,) * 50)
    assert "10 earlier rows are not shown." in shown.as_text()
    assert shown.html.count("<tr>") == 41


def test_a_time_line_of_nothing_is_a_sentence() -> None:
    assert TimeLine("No call yet.", ()).as_text() == "No call yet."
    assert "<table" not in TimeLine("No call yet.", ()).html
