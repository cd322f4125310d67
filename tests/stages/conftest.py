"""A bench with the embedded engine and a local AWS of its own; one for all tests of a worker."""

import os
from collections.abc import Iterator

import pytest

from labs.lesson.bench import Bench
from labs.lesson.throwaway import room


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    with room({**env, "LAB_ENGINE": os.environ.get("LAB_TEST_ENGINE", "embedded")}) as opened:
        yield opened
