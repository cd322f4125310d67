"""One local AWS for the tests of a process; tests that stop it or break it start their own."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest


def _beside(name):
    """A module of this folder, under its own name."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


lab_cloud = _beside("lab_cloud")
_beside("whole_state")

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
