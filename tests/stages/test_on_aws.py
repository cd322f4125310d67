"""``LAB_TARGET=aws`` against an AWS-compatible endpoint: the same code, nothing created before a confirmation."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labs.engine.base import ensure_base
from labs.files import read_json
from labs.lesson import notebooks
from labs.lesson.bench import Bench, open_bench
from labs.lesson.progress import Progress
from labs.lesson.stage import stage, stages
from labs.session import local


@pytest.fixture
def env(bench: Bench, tmp_path: Path) -> dict[str, str]:
    """The environment of a trainee with an account of their own, and a lab home of its own."""
    cloud = local.find_cloud(bench.home)
    assert cloud is not None
    base = ensure_base(bench.target, bench.engine)
    own = {"LAB_TARGET": "aws", "LAB_HOME": str(tmp_path), "LAB_ENGINE": "embedded", "LAB_TRAINEE": "anna"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    return {**clean, **cloud.variables(), **own, "LAB_PYTHON_IMAGE": base}


def labs(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labs.cli", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)


def test_nothing_is_created_before_the_account_is_confirmed(bench: Bench, env: dict[str, str]) -> None:
    done = labs(env, "solve", "push-fixed")
    assert done.returncode == 2
    assert f"AWS account {bench.target.account}" in done.stderr
    assert "Nothing is created until you confirm." in done.stderr
    names = [each["RoleName"] for each in bench.client("iam").list_roles()["Roles"]]
    assert not any(name.startswith("fargate-lab-anna") for name in names)


def test_the_course_runs_and_clean_leaves_nothing(bench: Bench, env: dict[str, str]) -> None:
    asked = labs(env, "confirm")
    assert (asked.returncode, f"Next: if that is right, labs confirm {bench.target.account}" in asked.stdout) == (
        1,
        True,
    )
    confirmed = labs(env, "confirm", bench.target.account)
    assert confirmed.returncode == 0, confirmed.stderr
    course = labs(env, "course", "--keep")
    assert course.returncode == 0, course.stdout + course.stderr
    assert "Target: aws" in course.stdout
    # AWS trusts GitHub's keys, and the kit's tokens have its own: nothing of it is told as passed.
    assert "06-pipeline        left out" in course.stdout
    assert "06-pipeline, which can be done on the local AWS alone, was left out" in course.stdout
    repositories = [each["repositoryName"] for each in bench.client("ecr").describe_repositories()["repositories"]]
    assert "fargate-lab-anna/app" in repositories
    cleaned = labs(env, "clean")
    assert "left 0" in cleaned.stdout
    after = [each["repositoryName"] for each in bench.client("ecr").describe_repositories()["repositories"]]
    assert after == [name for name in repositories if name != "fargate-lab-anna/app"]
    # As lab.clean(): the receipt is kept, and what is gone is no longer passed.
    home = Path(env["LAB_HOME"])
    assert read_json(home / "desk" / "work" / "receipt.json")["left"] == []
    progress = Progress.at(home)
    assert [each.name for each in stages() if progress.of(each.name).passed] == ["start", "build"]


def test_the_words_of_a_check_name_the_trainees_own_things(bench: Bench, env: dict[str, str]) -> None:
    labs(env, "confirm", bench.target.account)
    labs(env, "solve", "build")
    done = labs(env, "check", "push-denied")
    assert done.returncode == 1
    assert "fargate-lab-anna/app" in done.stdout
    labs(env, "clean")


def test_the_solved_notebooks_run_to_pass_unchanged(
    bench: Bench, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labs(env, "confirm", bench.target.account)
    before = labs(env, "solve", "private-subnet")
    assert before.returncode == 0, before.stdout + before.stderr
    # boto3 reads the process's own environment.
    for variable, value in env.items():
        monkeypatch.setenv(variable, value)
    theirs = open_bench({**env, "LAB_WIDGETS": "0"})
    assert theirs.on_aws
    try:
        for name in ("fargate", "clean-up"):
            notebook = notebooks.read(notebooks.path_of(stage(name), notebooks.SOLVED))
            cells = {cell.id: cell for cell in notebooks.played(notebook, theirs).cells}
            assert cells["check"].outputs[0].text.startswith("PASS  "), name
            assert "Target   aws: account " in cells["begin"].outputs[0].text
    finally:
        labs(env, "clean")
