"""From the task that starts, one thing is broken: AWS's words when it stops, and the diagnosis' first cause."""

import pytest

from labs.fargate.recognition import recognise
from labs.fargate.steps import OutcomeKind
from labs.fargate.texts import TEXTS
from tests.account.mutations import MUTATIONS


def words(finding):
    return " ".join((finding.cause, finding.next_action, *finding.evidence))


def test_the_world_as_it_is_starts(world):
    looked = world.look(world.definition, placed=True)
    assert looked.diagnosis.verdict == "Nothing stops this task from starting."
    assert (looked.diagnosis.causes, looked.diagnosis.unchecked) == ((), ())
    assert looked.plan.outcome.kind is OutcomeKind.RUNNING


def test_there_are_mutations_enough():
    assert len(MUTATIONS) >= 25
    assert all(step is not None and text_id in TEXTS for _, step, text_id in MUTATIONS.values())


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_broken_is_the_first_cause(world, name):
    break_it, step, text_id = MUTATIONS[name]
    with break_it(world) as named:
        before = world.look(world.definition, placed=True).diagnosis
        task = world.run()
        after = world.look(task["taskArn"]).diagnosis
    # Before it runs.
    assert (before.first.step, before.first.text_id) == (step.value, text_id)
    assert named in words(before.first)
    # How it stops, in AWS's words.
    said = task["stoppedReason"]
    assert text_id in {text.id for text in recognise(said, TEXTS.values())}, said
    # And what is said of the stopped task.
    assert (after.first.step, after.first.text_id, after.explains) == (step.value, text_id, True)
    assert named in words(after.first)
    assert after.next_action == after.first.next_action != ""
    assert after.unchecked == ()


def test_every_mutation_has_been_put_back(world):
    assert world.look(world.definition, placed=True).diagnosis.causes == ()
