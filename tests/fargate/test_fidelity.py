"""The test that a text names has that text's cause; a service says only words that have evidence."""

import ast
from pathlib import Path

import pytest

from labs.aws_texts import Mark, texts
from labs.cloud.ecs.rules import scheduler
from labs.cloud.ecs.rules.event_texts import say
from labs.fargate.refusals import REFUSALS
from labs.fargate.texts import TEXTS
from tests.fargate.causes import ROWS
from tests.fargate.test_validation import REGISTERED, RUNS

EVERY = {**TEXTS, **REFUSALS}
WORDS = texts("ecs_services")
START = "fargate/test_start.py::test_the_start_stops_at_the_step_with_the_text_of"
REGISTER = "fargate/test_validation.py::test_a_definition_fargate_cannot_run_is_refused"
RUN = "fargate/test_validation.py::test_a_run_that_cannot_be_placed_is_refused"


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_the_named_test_has_the_cause(text):
    function, _, parameter = text.test.partition("[")
    if function == START:
        assert parameter.removesuffix("]") in {cause.name for cause in ROWS if cause.text_id == text.id}
    if function in (REGISTER, RUN):
        assert text.id in {row[0] for row in (*REGISTERED, *RUNS)}


def test_a_service_says_only_words_that_have_evidence():
    """Each text has a mark, and is said somewhere in the local AWS's ECS; no event is worded elsewhere."""
    folder = Path(scheduler.__file__).parent.parent
    said = {
        node.args[0].value
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
    }
    assert said == set(WORDS)
    simulated = {id for id, words in WORDS.items() if words.mark is Mark.SIMULATED}
    assert simulated == {id for id, words in WORDS.items() if words.words.endswith("(simulated wording)")}


def test_words_of_a_service_are_filled_from_the_real_objects():
    assert say("service.started", count=1, tasks="(task 0a)") == "has started 1 tasks: (task 0a)."
    assert say("service.failed", deployment="ecs-svc/1") == (
        "(deployment ecs-svc/1) deployment failed: tasks failed to start."
    )
