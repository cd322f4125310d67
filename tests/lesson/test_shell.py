"""What a docker command says when it fails: its own last line, and its own advice."""

import pytest

from labs.errors import LabError
from labs.lesson.shell import Done, must


def failed(output: str, code: int = 1) -> LabError:
    with pytest.raises(LabError) as told:
        must(Done(code, output), "The build")
    return told.value


def test_the_last_line_is_told_and_the_engines_advice_is_the_next_step() -> None:
    told = failed("step 1\nERROR: public.ecr.aws: name or service not known\nNext: see whether it can be reached\n")
    assert told.what == "The build failed: ERROR: public.ecr.aws: name or service not known"
    assert told.next_step == "see whether it can be reached"


@pytest.mark.parametrize(("output", "said"), [("ERROR: no\n\n", "ERROR: no"), ("", "exit code 7"), ("Next: x", "exit")])
def test_without_advice_or_words_the_doctor_is_asked(output: str, said: str) -> None:
    told = failed(output, 7)
    assert said in told.what
    assert told.next_step == ("x" if "Next" in output else "run: labs doctor")


def test_what_went_well_is_given_back() -> None:
    done = Done(0, "Next: not an advice")
    assert must(done, "The build") is done
