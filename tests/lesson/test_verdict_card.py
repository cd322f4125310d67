"""The card of a report: its text is the report's own, and what was not asked or read is never called open or read."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from labs.lesson import reads, verdict_card
from labs.lesson.bench import Bench
from labs.lesson.stage import said, stages
from labs.verdict import Report, Status, Verdict

pytestmark = pytest.mark.unit

VERDICT = Verdict(Status.FAIL, "x.y", expected="a", found="b\nc", next_step="open 01-build")
REPORT = Report("start", VERDICT, ("one", "two"), "three", ("four",))


def test_the_text_of_the_card_is_the_text_of_the_report() -> None:
    assert verdict_card.card_of(REPORT).as_text() == str(REPORT)


def test_every_gate_is_named_with_its_word() -> None:
    (gates,) = verdict_card.card_of(REPORT).folds
    assert gates.title == "Gates: 2 open, 1 shut, 1 not reached"
    assert gates.lines == ("open: one", "open: two", "shut: three", "not reached: four")


def test_a_report_without_gates_folds_nothing() -> None:
    assert verdict_card.card_of(Report("start", VERDICT)).folds == ()


@pytest.mark.parametrize("subject", stages(), ids=lambda each: each.name)
def test_a_pass_links_the_notebook_that_its_next_step_names(subject: Any) -> None:
    later = [each.notebook for each in stages() if each.order > subject.order]
    verdict = Verdict(Status.PASS, "x.pass", next_step=f"open {later[0]}" if later else "open any notebook again")
    html = verdict_card.card_of(Report(subject.name, verdict)).html
    assert (f'href="{later[0]}.ipynb"' in html) if later else "<a" not in html


def test_a_notebook_out_of_order_links_the_one_that_comes_first() -> None:
    report = Report("push-fixed", said("check.out_of_order", {"stage": "push-fixed", "needs": "push-denied"}))
    assert '<a href="02-push-denied.ipynb">push-denied</a> first' in verdict_card.card_of(report).html


def test_the_calls_of_a_check_are_counted_and_no_longer_than_it_lasts() -> None:
    client = boto3.client("ecr", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    bench = Bench(None, None, {}, lambda _service: client)
    with Stubber(client) as stub:
        for _ in range(3):
            stub.add_response("describe_repositories", {"repositories": []})
        with reads.heard(bench) as (heard, found):
            heard.reader("ecr").describe_repositories()
            heard.reader("ecr").describe_repositories()
        client.describe_repositories()
    assert found.lines() == ("ecr:DescribeRepositories, 2 times",)
    (fold,) = verdict_card.card_of(Report("start", VERDICT), reads=found).folds
    assert fold.title == "Calls that were read: 2"


def test_the_refusal_of_a_verb_is_a_note_with_its_next_step() -> None:
    from labs.errors import LabError

    error = LabError("There is no image yet.", "open 01-build", id="x")
    note = verdict_card.note_of(error)
    assert note.as_text() == str(error)
    assert 'href="01-build.ipynb"' in note.html
