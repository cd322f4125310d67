"""The kit in a folder of any name, under a locale that cannot write it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labs import bootstrap
from tests.stage_bench import ODD_NAME

ROOT = Path(__file__).parent.parent
# No locale of this machine has another encoding than UTF-8 but these, when Python is kept from mending them.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd") / ODD_NAME.strip()
    shutil.copytree(ROOT / "labs", folder / "labs", ignore=shutil.ignore_patterns("__pycache__"))
    for each in ("notebooks", "sample-app"):
        shutil.copytree(ROOT / each, folder / each)
    return folder


def labs(checkout: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "AWS_", "PYTHON"))}
    return subprocess.run(
        [sys.executable, str(checkout / "labs" / "__main__.py"), *words],
        env={**env, **ASCII, "LAB_HOME": str(checkout / ".lab"), "LAB_ENGINE": "embedded"},
        cwd=checkout, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_stage_is_done_and_what_is_printed_names_the_folder(checkout: Path) -> None:
    try:
        solved = labs(checkout, "solve", "build")
        assert solved.returncode == 0, solved.stdout.decode() + solved.stderr.decode()
        assert b"build: PASS" in solved.stdout
        assert b"Traceback" not in solved.stderr
        doctor = labs(checkout, "doctor")
        assert doctor.returncode == 0, doctor.stdout.decode() + doctor.stderr.decode()
        assert "[\u00e9]" in doctor.stdout.decode()
        for command in ("status", "report"):
            assert labs(checkout, command).returncode == 0
    finally:
        assert labs(checkout, "stop").returncode == 0


def test_a_mistyped_word_beyond_ascii_is_answered_in_a_sentence(checkout: Path) -> None:
    answer = labs(checkout, "lösen")
    assert answer.returncode == 2
    assert "lösen" in answer.stderr.decode()
    assert b"Traceback" not in answer.stderr


def test_the_environment_names_the_checkout_by_a_path_of_ascii(tmp_path: Path) -> None:
    checkout = tmp_path / ODD_NAME.strip()
    packages = checkout / ".venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    file = packages / "_fargate_lab_kit.pth"
    file.write_text(f"{checkout}\n", "utf-8")
    for _ in ("at first", "and once more"):
        bootstrap._point_by_relative_path(checkout / ".venv")
    assert file.read_bytes() == b"../../../..\n"
    # An environment elsewhere has no other name for it than the whole one.
    elsewhere = tmp_path / "plain" / "lib" / "python3.12" / "site-packages"
    elsewhere.mkdir(parents=True)
    (elsewhere / file.name).write_text(f"{checkout}\n", "utf-8")
    bootstrap._point_by_relative_path(tmp_path / "plain")
    assert (elsewhere / file.name).read_text("utf-8") == f"{checkout}\n"
