"""The lab object over a bench of its own; the process's environment is given back afterwards."""

import os
from collections.abc import Iterator

import pytest

from labs import lab
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.throwaway import room


@pytest.fixture(scope="session")
def own_bench() -> Iterator[Bench]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    with room({**env, "LAB_ENGINE": "embedded"}) as opened:
        yield opened


@pytest.fixture
def bench(own_bench: Bench) -> Iterator[Bench]:
    before = dict(os.environ)
    for name in [each for each in os.environ if each.startswith(("AWS_", "LAB_"))]:
        del os.environ[name]
    os.environ.update({"LAB_HOME": str(own_bench.home), "LAB_ENGINE": "embedded"})
    runner.reset("start", own_bench)
    restart()
    yield own_bench
    os.environ.clear()
    os.environ.update(before)
    restart()


def restart() -> None:
    """Forget everything a kernel would forget."""
    lab._open.bench, lab._open.stage = None, None
