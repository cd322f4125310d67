"""``labs course`` that is told to end goes through its own clean-up."""

import os
import signal

import pytest

from labs.commands import course


def test_sigterm_unwinds_the_course_and_is_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as end, course._ended_by_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before
