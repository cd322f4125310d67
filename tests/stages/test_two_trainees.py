"""Two trainees in two homes on one account, at once and one after the other: neither is in the other's way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labs.engine.base import ensure_base
from labs.lesson.bench import Bench
from labs.session import local


def environment(bench: Bench, home: Path, trainee: str) -> dict[str, str]:
    """A trainee's own, with the account as AWS."""
    cloud = local.find_cloud(bench.home)
    assert cloud is not None
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    own = {"LAB_TARGET": "aws", "LAB_HOME": str(home), "LAB_ENGINE": "embedded", "LAB_TRAINEE": trainee}
    return {**clean, **cloud.variables(), **own, "LAB_PYTHON_IMAGE": ensure_base(bench.target, bench.engine)}


def started(env: dict[str, str], *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "labs.cli", *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


@pytest.fixture
def both(bench: Bench, tmp_path: Path) -> list[dict[str, str]]:
    found = [environment(bench, tmp_path / name, name) for name in ("carla", "dora")]
    for env in found:
        assert ended(started(env, "confirm", bench.target.account))[0] == 0
    return found


def repositories(bench: Bench) -> set[str]:
    found = bench.target.session.client("ecr", endpoint_url=bench.target.endpoint).describe_repositories()
    return {each["repositoryName"] for each in found["repositories"]} & {
        "fargate-lab-carla/app",
        "fargate-lab-dora/app",
    }


def test_both_at_once_pass_and_each_cleans_its_own(bench: Bench, both: list[dict[str, str]]) -> None:
    for code, said in map(ended, [started(env, "solve", "push-fixed") for env in both]):
        assert code == 0, said
    assert len(repositories(bench)) == 2
    code, said = ended(started(both[0], "clean"))
    assert (code, "left 0" in said) == (0, True), said
    assert repositories(bench) == {"fargate-lab-dora/app"}
    # What the one has taken back, the other still passes.
    code, said = ended(started(both[1], "check", "push-fixed"))
    assert code == 0, said
    code, said = ended(started(both[1], "clean"))
    assert (code, "left 0" in said) == (0, True), said
    assert repositories(bench) == set()
