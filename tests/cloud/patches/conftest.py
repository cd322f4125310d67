"""``plain`` runs code against moto as it comes, ``patched`` against the kit's: each in a process of its own."""

import pytest

from tests.cloud.patches import unpatched


@pytest.fixture(scope="session")
def forks():
    running = unpatched.Moto()
    yield running
    running.close()


@pytest.fixture
def plain(forks):
    return forks.run


@pytest.fixture
def patched(forks):
    return lambda code: forks.run(code, patched=True)
