"""One local AWS for the tests of a process; tests that stop it or break it start their own."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

_PATH = Path(__file__).with_name("lab_cloud.py")
_SPEC = importlib.util.spec_from_file_location("lab_cloud", _PATH)
lab_cloud = importlib.util.module_from_spec(_SPEC)
sys.modules["lab_cloud"] = lab_cloud
_SPEC.loader.exec_module(lab_cloud)

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A running local AWS."""
    running = lab_cloud.LabCloud(tmp_path_factory.mktemp("cloud"))
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
