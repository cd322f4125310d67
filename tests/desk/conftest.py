"""A lab home of its own for each test of the desk, and nothing of the machine's settings."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """LAB_HOME in a fresh folder."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "LAB_")):
            monkeypatch.delenv(name)
    place = tmp_path / "lab"
    place.mkdir(mode=0o700)
    monkeypatch.setenv("LAB_HOME", str(place))
    return place
