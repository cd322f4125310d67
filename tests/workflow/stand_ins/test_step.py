"""What an action has at hand is as the toolkit gives it."""

import json

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from labs.workflow.stand_ins.step import Done, Step, StepFailed, words_of

pytestmark = pytest.mark.unit


def test_inputs_are_trimmed_texts_and_a_required_one_is_asked_for_in_the_toolkits_words():
    step = Step({"a": " x ", "b": ""}, {})
    assert (step.get("a"), step.get("b"), step.get("c")) == ("x", "", "")
    with pytest.raises(StepFailed, match=r"^Input required and not supplied: b$"):
        step.get("b", required=True)


@pytest.mark.parametrize(("text", "found"), {"true": True, "TRUE": True, "False": False, "": False}.items())
def test_a_boolean_is_that_of_yamls_core_schema(text, found):
    assert Step({"x": text}, {}).on("x") is found


def test_another_word_is_no_boolean_and_nothing_is_the_default():
    with pytest.raises(StepFailed, match="Core Schema"):
        Step({"x": "yes"}, {}).on("x")
    assert Step({}, {}).on("x", default=True)


@pytest.mark.parametrize(("text", "found"), {"12": 12, "12s": 12, "": 0, "x": 0}.items())
def test_a_number_is_read_as_javascript_does(text, found):
    assert Step({"x": text}, {}).number("x") == found


def test_a_list_is_one_item_a_line_and_commas_separate_where_they_may():
    step = Step({"x": 'a,b\n\n c \n"d,e"'}, {})
    assert step.items("x") == ["a", "b", "c", "d,e"]
    assert step.items("x", commas=False) == ["a,b", "c", '"d,e"']


def test_a_command_for_the_runner_keeps_to_one_line(capsys):
    step = Step({}, {})
    step.error("50%\nof it")
    step.mask("one\n\ntwo")
    assert capsys.readouterr().out == "::error::50%25%0Aof it\n::add-mask::one\n::add-mask::two\n"


def test_outputs_and_variables_of_several_lines_go_whole_into_githubs_files(tmp_path, monkeypatch):
    for name in ("GITHUB_OUTPUT", "GITHUB_ENV"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("LAB_INPUTS", json.dumps({"a": True, "b": None, "c": 1}))
    step = Step.of_environment()
    assert step.inputs == {"a": "true", "b": "", "c": "1"}
    assert "LAB_INPUTS" not in step.env
    step.output("x", "1\n2")
    step.export("Y", "3")
    first, *lines, last = (tmp_path / "GITHUB_OUTPUT").read_text().splitlines()
    assert (first, lines) == (f"x<<{last}", ["1", "2"])
    assert step.env["Y"] == "3"


def test_an_error_of_an_sdk_is_its_message_alone():
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "Not authorized to perform x"}}, "AssumeRole")
    assert words_of(refused) == "Not authorized to perform x"
    assert words_of(NoCredentialsError()) == "Could not load credentials from any providers"


def test_the_last_line_that_says_something_is_what_is_quoted():
    assert Done(1, "", "a\nERROR: b  \n\n").last_line == "ERROR: b"
    assert Done(1, "", "").last_line == "unknown error"
