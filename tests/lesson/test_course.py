"""``labs course``: every stage passes, the table says so, and nothing is left."""

import os
import re
from pathlib import Path

import pytest

from labs.cli import main
from labs.lesson.course import Row, shown
from labs.lesson.stage import stages
from labs.verdict import Report, Status, Verdict


def test_the_course_passes_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user = tmp_path / "user"
    user.mkdir()
    monkeypatch.setenv("LAB_ENGINE", "embedded")
    monkeypatch.setenv("LAB_PACE", "quick")
    # What is kept is kept in the lab home, and nothing where the user's own files are.
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(user))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LAB_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = dict(os.environ)
    assert main(["course"]) == 0
    text = capsys.readouterr().out
    width = max(len(each.notebook) for each in stages())
    for each in stages():
        assert f"{each.notebook:<{width}}  PASS" in text
    assert re.search(r"created (\d+), gone \1, left 0", text)
    assert "Every stage has passed." in text
    assert list(tmp_path.glob("lab-*")) == []
    assert dict(os.environ) == before
    assert list(user.iterdir()) == []


def test_a_stage_that_was_not_reached_is_in_the_table() -> None:
    failed = Report("start", Verdict(Status.FAIL, "start.other_account"))
    table = shown([Row(stages()[0], failed, 1.25)])
    assert "FAIL" in table
    assert table.count("not reached") == len(stages()) - 1
