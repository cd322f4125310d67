"""``plain`` runs code against moto as it comes, ``patched`` against the kit's: each in a process of its own."""

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("unpatched", Path(__file__).with_name("unpatched.py"))
unpatched = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(unpatched)


@pytest.fixture
def plain():
    return unpatched.moto


@pytest.fixture
def patched():
    return lambda code: unpatched.moto(code, patched=True)
