"""Every error of botocore becomes a sentence with a next step, and the kit knows which of them pass."""

import re

import pytest

from labs import cli
from labs.errors import LabError
from labs.failures import explain, passing
from tests.every_error import errors, refusal

ERRORS = errors()


@pytest.mark.parametrize("name", ERRORS)
def test_it_is_a_sentence_with_what_was_asked_and_a_next_step(name: str) -> None:
    said = explain(ERRORS[name], "asking for things")
    assert isinstance(said, LabError)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", said.id)
    assert said.what
    assert said.next_step
    assert not said.next_step.endswith(".")


@pytest.mark.parametrize("name", ERRORS)
def test_a_command_ends_with_it_and_without_a_traceback(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def call() -> int:
        raise ERRORS[name]

    assert cli._guard(call, ["check"]) == 2
    shown = capsys.readouterr().err
    assert "Next: " in shown
    assert "Traceback" not in shown


def test_throttling_faults_conflicts_and_cut_connections_pass() -> None:
    passes = {name for name, error in ERRORS.items() if passing(error)}
    assert passes == {
        "CapacityNotAvailableError",
        "ClientError 500",
        "ClientError 502",
        "ClientError 503",
        "ClientError 504",
        "ClientError ConcurrentModification",
        "ClientError InternalError",
        "ClientError RequestLimitExceeded",
        "ClientError ServerException",
        "ClientError ServiceFailure",
        "ClientError ServiceUnavailable",
        "ClientError Throttling",
        "ClientError ThrottlingException",
        "ClientError TooManyRequestsException",
        "ClientError Unavailable",
        "ConnectionClosedError",
        "IncompleteReadError",
        "ReadTimeoutError",
        "ResponseStreamingError",
    }


def test_a_fault_without_a_known_code_passes_by_its_status() -> None:
    assert passing(refusal("Whatever", 500))
    assert not passing(refusal("Whatever", 400))
