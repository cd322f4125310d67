"""The fidelity page is what the code says, and every test that it names is there."""

import ast
from pathlib import Path

import pytest

from labs.cloud.ecs.rules import scheduler
from labs.cloud.ecs.rules.event_texts import WORDS, say
from labs.fargate.refusals import REFUSALS
from labs.fargate.texts import TEXTS
from tests.fargate import fidelity
from tests.fargate.causes import ROWS
from tests.fargate.test_validation import REGISTERED, RUNS

EVERY = {**TEXTS, **REFUSALS}
HERE = Path(__file__).parent


def test_the_page_is_up_to_date():
    assert fidelity.PAGE.read_text("utf-8") == fidelity.render(), "run: python -m tests.fargate.fidelity"


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_the_page_has_a_row_for(text):
    rows = [line for line in fidelity.render().splitlines() if line.startswith(f"| `{text.id}`:")]
    assert len(rows) == 1
    assert text.mark.value in rows[0]


@pytest.mark.parametrize("id", EVERY)
def test_the_named_test_exists_and_has_the_cause(id):
    module, _, name = fidelity.test_of(id).partition("::")
    function, _, parameter = name.partition("[")
    defined = {
        node.name
        for node in ast.walk(ast.parse((HERE / module).read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert function in defined
    if parameter:
        assert parameter.removesuffix("]") in {cause.name for cause in ROWS if cause.text_id == id}
    if f"{module}::{function}" in (fidelity.REGISTER, fidelity.RUN):
        assert id in {row[0] for row in (*REGISTERED, *RUNS)}


def test_a_service_says_only_words_that_have_evidence():
    """Each text has a row, a mark, and is said somewhere in the local AWS's ECS; no event is worded elsewhere."""
    folder = Path(scheduler.__file__).parent
    said = {
        node.args[0].value
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
    }
    assert said == set(WORDS)
    page = fidelity.render()
    assert all(f"| `{id}`: " in page for id in WORDS)
    simulated = {id for id, words in WORDS.items() if words.mark == "simulated"}
    assert simulated == {id for id, words in WORDS.items() if words.template.endswith("(simulated wording)")}


def test_words_of_a_service_are_filled_from_the_real_objects():
    assert say("service.started", count=1, tasks="(task 0a)") == "has started 1 tasks: (task 0a)."
    assert say("service.failed", deployment="ecs-svc/1") == (
        "(deployment ecs-svc/1) deployment failed: tasks failed to start."
    )
