"""``plain`` runs code against moto as it comes, ``patched`` against the kit's: each in a process of its own."""

import pytest

from tests.cloud.patches import unpatched


@pytest.fixture
def plain():
    return unpatched.moto


@pytest.fixture
def patched():
    return lambda code: unpatched.moto(code, patched=True)
