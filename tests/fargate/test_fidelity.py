"""The fidelity page is what the code says, and every test that it names is there."""

import ast
from pathlib import Path

import pytest

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
