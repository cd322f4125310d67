"""One local AWS for the tests of a process; tests that stop it or break it start their own."""

import itertools

import pytest

from tests.cloud import lab_cloud

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A running local AWS."""
    running = lab_cloud.LabCloud(tmp_path_factory.mktemp("cloud"), fresh=True)
    yield running
    running.close()


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"t{next(_numbers)}"


@pytest.fixture
def start(tmp_path):
    """Start a local AWS of the test's own: start(*flags, state=...)."""
    running = []

    def start(*flags, state=None):
        running.append(lab_cloud.LabCloud(state or tmp_path / "state", *flags))
        return running[-1]

    yield start
    for cloud in running:
        cloud.close()
