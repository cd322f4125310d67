"""One local AWS with the pipeline's roles for the tests of a file, and the right trust and policy for each test."""

import pytest

from tests.workflow import pipeline as pipelines


@pytest.fixture(scope="module")
def one_room():
    """A room with the embedded engine."""
    with pipelines.opened("embedded") as found:
        yield found


@pytest.fixture
def pipeline(one_room):
    """The same, with the right trust and the right policy."""
    one_room.said.clear()
    one_room.trust()
    one_room.allow()
    return one_room
