"""A bench with the embedded engine and a local AWS of its own, one for all tests of a worker; and ``--stage NAME``."""

import os
from collections.abc import Iterator

import pytest

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.lesson.stage import Stage, stage
from labs.lesson.throwaway import room


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--stage NAME``: only the tests of one stage, for its author."""
    parser.addoption("--stage", metavar="NAME", default="", help="only the tests that are about this stage")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--stage``, leave out what is about another stage, or about none."""
    wanted = config.getoption("--stage")
    if not wanted:
        return
    try:
        name = stage(wanted).name
    except LabError as error:
        raise pytest.UsageError(str(error)) from error
    chosen = [item for item in items if _about(item) == name]
    config.hook.pytest_deselected(items=[item for item in items if _about(item) != name])
    items[:] = chosen


def _about(item: pytest.Item) -> str:
    """The stage a test is about: its parameter ``subject``, or ``name``; empty when it has neither."""
    values = getattr(getattr(item, "callspec", None), "params", {})
    subject = values.get("subject", values.get("name", ""))
    return subject.name if isinstance(subject, Stage) else str(subject)


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    with room({**env, "LAB_ENGINE": os.environ.get("LAB_TEST_ENGINE", "embedded")}) as opened:
        yield opened
