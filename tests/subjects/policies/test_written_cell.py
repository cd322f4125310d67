"""A policy cell says what is wrong where it stands, names the action that was meant, and what access changed."""

import json

import pytest

from labs.subjects.policies.written_cell import Where, review
from labs.ui.policy_cell import PolicyCell

REPOSITORY = "arn:aws:ecr:us-east-1:111122223333:repository/app"
WHERE = Where("111122223333", "us-east-1")


def policy(*actions: str, resource: str = REPOSITORY) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def reviewed(written: str, before: str = "") -> PolicyCell:
    found = review("Wrote it", written, before, WHERE)
    assert found is not None
    return found


GOOD = policy("ecr:PutImage", "ecr:BatchGetImage")


@pytest.mark.parametrize(
    ("written", "line", "words"),
    [
        (GOOD.replace('"Allow",', '"Allow"'), 6, "a comma is missing"),
        (GOOD.replace('"Allow"', "“Allow”"), 5, "curly quote"),
        (GOOD.replace('"ecr:BatchGetImage"', '"ecr:BatchGetImage",'), 9, "no comma after the last item"),
        (GOOD.replace('"Effect"', '"Effekt"'), 5, "Effekt"),
        (GOOD.replace('"Allow"', '"allow"'), 5, "Effect must be Allow or Deny"),
        (GOOD.rstrip().removesuffix("}"), 13, "is not closed"),
        ("{'a': 1}", 1, "straight double quote"),
    ],
)
def test_a_fault_is_named_with_its_place_and_the_line_is_shown(written: str, line: int, words: str) -> None:
    (fault,) = reviewed(written).faults
    assert fault.line == line
    assert words in fault.words
    text = reviewed(written).as_text()
    assert f"line {line}, column {fault.column}: " in text
    if fault.written:
        assert f"{line:>4} | {fault.written}" in text
        assert text.splitlines()[-1].index("^") == 7 + fault.column - 1


@pytest.mark.parametrize(
    ("meant", "written"),
    [("ecr:PutImage", "ecr:PutImages"), ("ecr:PutImage", "ecs:PutImage"), ("ecr:BatchGetImage", "ecr:BatchGetImages")],
)
def test_an_unknown_action_is_named_with_the_nearest(meant: str, written: str) -> None:
    advice = reviewed(policy(written)).advice[0]
    assert f"did you mean '{meant}'?" in advice.words
    assert advice.line == 7
    assert advice.written.strip() == f'"{written}"'


def test_a_statement_that_is_no_list_has_its_place_too() -> None:
    statement = {"Effect": "Allow", "Action": "ecr:PutImages", "Resource": REPOSITORY}
    (advice,) = reviewed(json.dumps({"Version": "2012-10-17", "Statement": statement}, indent=2)).advice
    assert (advice.line, advice.column) == (5, 15)


def test_what_access_came_and_went_is_told() -> None:
    changed = reviewed(policy("ecr:PutImage", "ecr:GetDownloadUrlForLayer"), GOOD).changed
    assert changed is not None
    assert [line.split()[:2] for line in changed if line.strip()[0] in "+-"] == [
        ["+", "ecr:GetDownloadUrlForLayer"],
        ["-", "ecr:BatchGetImage"],
    ]


def test_another_text_of_the_same_access_changes_nothing() -> None:
    cell = reviewed(policy("ecr:BatchGetImage", "ecr:PutImage"), GOOD)
    assert cell.changed == ()
    assert "the access has not" in cell.html


def test_the_change_from_what_was_no_policy_is_not_told() -> None:
    cell = reviewed(GOOD, GOOD.replace('"Allow",', '"Allow"'))
    assert cell.changed is None
    assert "the version before was not a policy" in cell.html


@pytest.mark.parametrize("before", ["", '{"Version": "2012-10-17", "Statement": []}'])
def test_a_first_version_has_nothing_to_be_compared_with(before: str) -> None:
    assert reviewed(GOOD, before).changed is None


@pytest.mark.parametrize("written", ['{"a": 1}', '{"Version": "2012-10-17", "Statement": []}'])
def test_nothing_is_said_where_there_is_nothing_to_say(written: str) -> None:
    assert review("Wrote it", written, "", WHERE) is None


def test_the_text_of_a_good_policy_is_what_the_cell_says_anyway() -> None:
    assert reviewed(GOOD, policy("ecr:PutImage")).as_text() == "Wrote it"


def test_a_trust_policy_is_read_as_one() -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRoles"}
    (advice,) = reviewed(json.dumps({"Version": "2012-10-17", "Statement": [trust]})).advice
    assert "sts:AssumeRole'" in advice.words
