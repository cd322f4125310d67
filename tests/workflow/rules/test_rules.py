"""A wrong workflow is told by what is wrong with it, on its line; a right one is never blamed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.errors import LabError
from labs.workflow.document import parse
from labs.workflow.review import Known, Weight, errors, review
from labs.workflow.rules import actions
from tests.workflow.right_workflows import RIGHT_ONES
from tests.workflow.wrong_workflows import KNOWN, RIGHT, WRONG, with_changes

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_wrong_workflow_is_told_on_its_line(wrong):
    found = [each for each in review(parse(wrong.text), wrong.known) if each.id == wrong.id]
    assert [(each.line, each.weight.value) for each in found] == [(wrong.line, wrong.weight)]
    (finding,) = found
    assert finding.what.endswith(".")
    assert finding.next_step
    assert not finding.next_step.endswith(".")
    assert finding.evidence
    assert finding.found_by == "kit"


@pytest.mark.parametrize("text", RIGHT_ONES.values(), ids=RIGHT_ONES)
def test_a_right_workflow_is_not_blamed(text):
    found = review(parse(text), KNOWN)
    assert [each for each in found if each.weight is not Weight.ADVICE] == []


@pytest.mark.parametrize("text", RIGHT_ONES.values(), ids=RIGHT_ONES)
def test_a_right_workflow_is_not_blamed_when_no_value_is_known(text):
    assert errors(review(parse(text))) == ()


def test_the_right_workflow_gets_not_even_advice():
    assert review(parse(RIGHT), KNOWN) == ()


@pytest.mark.parametrize(
    ("known", "weight"),
    [(None, Weight.ERROR), (False, Weight.ERROR), (True, Weight.ADVICE)],
    ids=["not known", "the classic store", "the containerd store"],
)
def test_what_is_said_of_a_missing_builder_depends_on_the_runners_docker(known, weight):
    wrong = next(each for each in WRONG if each.name == "no builder")
    (finding,) = [each for each in review(parse(wrong.text), Known(containerd=known)) if each.id == "no-builder"]
    assert finding.weight is weight
    assert ("unless the runner's Docker has" in finding.what) is (known is None)


def test_latest_on_an_immutable_repository_says_that_the_second_push_is_refused():
    text = with_changes((":${{ github.sha }}\n", ":latest\n"))
    (finding,) = [each for each in review(parse(text), KNOWN) if each.id == "latest-tag"]
    assert "the second push is refused" in finding.what
    (finding,) = [each for each in review(parse(text), Known(vars=KNOWN.vars)) if each.id == "latest-tag"]
    assert "refused" not in finding.what


def test_a_pin_is_mended_by_the_line_that_is_shown():
    text = with_changes(("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "actions/checkout@v7"))
    (finding,) = review(parse(text), KNOWN)
    assert review(parse(text.replace("actions/checkout@v7", finding.next_step.removeprefix("write "))), KNOWN) == ()


@pytest.mark.parametrize("action", sorted(actions.known()))
def test_the_newest_release_of_each_known_action_is_on_a_runtime_that_runners_have(action):
    newest = actions.newest(action)
    assert newest.runtime == "node24"
    assert actions.is_commit(newest.commit)
    assert actions.of_commit(action, newest.commit) == newest
    assert actions.of_version(action, newest.version) == newest
    assert actions.of_version(action, f"v{newest.numbers[0]}") == newest


@given(st.data())
def test_no_workflow_makes_the_review_fail(data):
    lines = RIGHT.splitlines()
    pieces = ["${{", "}}", "${{ steps.", "[0]", "'", "needs.push", "*", ":", "@", "\\", "${{ env.A }}", "a" * 300, "é"]
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[number])))
        lines[number] = lines[number][:place] + data.draw(st.sampled_from(pieces)) + lines[number][place:]
    try:
        workflow = parse("\n".join(lines))
    except LabError:
        return
    for finding in review(workflow, KNOWN):
        assert 1 <= finding.line <= len(lines)


def test_a_ring_of_variables_ends():
    text = with_changes(
        ("permissions: {}", "permissions: {}\nenv:\n  A: ${{ env.B }}\n  B: ${{ env.A }}"),
        ("tags: ${{ vars.REGISTRY }}", "tags: ${{ env.A }}"),
    )
    assert [each.id for each in review(parse(text), KNOWN)] == ["registry-not-known"]
