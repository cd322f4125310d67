"""What tests/stages, tests/lesson and tests/subjects share: one bench a worker, and ``--stage NAME``.

Read at the start of every run, so it imports the kit only where it is asked for.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from labs.lesson.bench import Bench


# What a person may call a folder: spaces, quotes, what a shell reads as its own, letters beyond ASCII.
ODD_NAME = 'lab it\'s "one" & $HOME [é] '


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--stage NAME``: only the tests of one stage, for its author."""
    parser.addoption("--stage", metavar="NAME", default="", help="only the tests that are about this stage")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--stage``, leave out what is about another stage, or about none."""
    wanted = config.getoption("--stage")
    if not wanted:
        return
    from labs.errors import LabError
    from labs.lesson.stage import stage

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
    return str(getattr(subject, "name", subject))


@pytest.fixture(scope="session")
def bench() -> "Iterator[Bench]":
    """A bench with a local AWS of its own, and the embedded engine unless LAB_TEST_ENGINE names another."""
    from labs.lesson import shell
    from labs.lesson.throwaway import room
    from tests.forked_docker import Forked

    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    with (
        room(
            {**env, "LAB_PACE": "quick", "LAB_ENGINE": os.environ.get("LAB_TEST_ENGINE", "embedded")}, ODD_NAME
        ) as opened,
        pytest.MonkeyPatch.context() as patch,
    ):
        if opened.engine.name == "embedded":
            patch.setattr(shell, "subprocess", Forked(opened.engine.line))
        yield opened
