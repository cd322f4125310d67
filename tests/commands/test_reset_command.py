"""``labs reset`` as a person meets it: it says what goes, asks, and keeps what was written."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from labs.desk import copies
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stages
from labs.lesson.throwaway import room

TODAY = date.today().isoformat()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    with room({**env, "LAB_ENGINE": "embedded"}) as opened:
        yield opened


@pytest.fixture(autouse=True)
def desk(bench: Bench) -> Path:
    """The trainee has passed 00, begun 01 and written in its notebook."""
    copies.lay_out(bench.home)
    for path in (bench.home / "desk" / "notebooks").iterdir():
        path.unlink()
    copies.lay_out(bench.home)
    notebooks = bench.home / "desk" / "notebooks"
    runner.reset("start", bench)
    assert runner.solve("start", bench)[-1].verdict.passed
    runner.begin("build", bench)
    write(notebooks / "01-build.ipynb", "mine")
    return notebooks


def write(path: Path, text: str) -> None:
    found = json.loads(path.read_text())
    found["cells"][1]["source"] = text
    path.write_text(json.dumps(found))


def reset(bench: Bench, *words: str, typed: str | None = None) -> tuple[int, str]:
    """Run ``labs reset WORDS``, at a terminal if something is typed; its exit code and all that it said."""
    command = [sys.executable, "-m", "labs", "reset", *words]
    if typed is None:
        done = subprocess.run(command, env=dict(bench.env), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)  # fmt: skip
        return done.returncode, done.stdout + done.stderr
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        done = subprocess.run(command, env=dict(bench.env), stdin=theirs, capture_output=True, text=True, check=False)
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("typed", ["n\n", "\n", "maybe\n", "\x04"])
def test_who_does_not_say_yes_keeps_everything(bench: Bench, desk: Path, typed: str) -> None:
    code, said = reset(bench, "start", typed=typed)
    assert code == 1
    assert "This undoes 00-start, and what builds on it: 01-build (begun)." in said
    assert said.endswith("Nothing was undone.\n")
    assert bench.progress.of("start").passed
    assert "mine" in (desk / "01-build.ipynb").read_text()


def test_who_says_yes_begins_again_and_finds_the_old_page_beside_the_new_one(bench: Bench, desk: Path) -> None:
    code, said = reset(bench, "build", typed="y\n")
    assert code == 0, said
    assert f"01-build.ipynb begins anew; what you had saved is kept as 01-build-{TODAY}.ipynb." in said
    assert "mine" in (desk / f"01-build-{TODAY}.ipynb").read_text()
    assert "mine" not in (desk / "01-build.ipynb").read_text()
    assert not bench.progress.of("build").begun
    assert bench.progress.of("start").passed


def test_where_nobody_can_be_asked_nothing_is_undone_without_yes(bench: Bench, desk: Path) -> None:
    code, said = reset(bench, "build")
    assert code == 2
    assert "This undoes 01-build." in said
    assert "Next: run: labs reset build --yes" in said
    assert bench.progress.of("build").begun
    code, said = reset(bench, "build", "--yes")
    assert code == 0
    assert said.startswith("Undone: ")
    assert not bench.progress.of("build").begun


def test_all_begins_the_course_again(bench: Bench, desk: Path) -> None:
    write(desk / "03-push-fixed.ipynb", "mine, too")
    code, said = reset(bench, "--all", "--yes")
    assert code == 0, said
    assert not any(bench.progress.of(each.name).begun for each in stages())
    kept = sorted(path.name for path in desk.glob(f"*-{TODAY}*.ipynb"))
    assert kept == [f"01-build-{TODAY}.ipynb", f"03-push-fixed-{TODAY}.ipynb"]
    assert "mine" not in (desk / "03-push-fixed.ipynb").read_text()


@pytest.mark.parametrize("words", [[], ["build", "--all"]])
def test_a_reset_of_nothing_or_of_two_things_is_one_sentence(bench: Bench, words: list[str]) -> None:
    code, said = reset(bench, *words)
    assert code == 2
    assert "Next: run: labs reset STAGE, or labs reset --all" in said
