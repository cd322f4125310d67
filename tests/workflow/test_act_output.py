"""act's lines as a record and a log: nothing that comes in them is an error here, and nothing secret stays."""

import json

import pytest

from labs.workflow.act_output import Reader
from labs.workflow.document import parse

pytestmark = pytest.mark.unit
BEGINS = "\u2b50 Run Main"


def reader(script="echo x"):
    text = json.dumps(script)
    return Reader(
        parse(f"on: push\njobs: {{push: {{runs-on: x, steps: [{{run: {text}}}]}}}}\n"), (), {}, lambda _line: None
    )


def feed(to, **entry):
    to.feed(json.dumps({"jobID": "push", "stepID": ["0"], "stage": "Main", **entry}))


@pytest.mark.parametrize("script", [" ", "\n", "\t\n ", "echo x"])
def test_a_script_of_nothing_has_a_beginning_too(script):
    to = reader(script)
    feed(to, msg=f"{BEGINS} step")
    feed(to, stepResult="success", executionTime=2_000_000_000)
    assert to.jobs({}, {})["push"].steps[0].seconds == 2.0
    assert "##[group]Run" in to.log()


@pytest.mark.parametrize("took", ["x", None, [1], {}])
def test_a_time_that_is_none_is_no_error(took):
    to = reader()
    feed(to, stepResult="success", executionTime=took)
    assert to.jobs({}, {})["push"].steps[0].conclusion == "success"


def test_an_output_that_is_told_as_secret_later_is_hidden_in_the_record_too():
    to = reader()
    feed(to, command="set-output", name="token", arg="a-quiet-word")
    feed(to, raw="::add-mask::a-quiet-word")
    assert to.jobs({}, {})["push"].steps[0].outputs == {"token": "***"}
