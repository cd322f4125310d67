"""A stage owns its room: without any of them the rest goes on, and a new one needs nothing outside its own."""

import ast
import shutil
from pathlib import Path

import pytest

from labs.lesson import additions, runner
from labs.lesson.bench import Bench
from labs.lesson.stage import FOLDER, Stage, stages

from .copies import copy_to, run

EVERY = pytest.mark.parametrize("subject", stages(), ids=lambda each: each.name)
# The others load with all they add to lab, and each answers to a check. Prints: how many answered.
CHECK_THE_OTHERS = """
import sys
from labs import lab
from labs.cli import main
from labs.lesson.stage import stages

assert sys.argv[1] not in [each.name for each in stages()]
dir(lab)
for each in stages():
    for module in ("check", "solve", "wrong"):
        each.module(module)
codes = {each.name: main(["check", each.name]) for each in stages()}
assert set(codes.values()) <= {0, 1}, codes
print("answered", len(codes))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_to(tmp_path_factory.mktemp("without"))


@EVERY
def test_without_one_stage_the_rest_loads_the_course_plans_and_a_check_answers(
    copy: Path, bench: Bench, tmp_path: Path, subject: Stage
) -> None:
    folder = copy / "labs" / "stages" / subject.folder.name
    shutil.move(folder, tmp_path / "away")
    try:
        planned = run(copy, "-m", "labs", "course", "--plan")
        assert planned.returncode == 0, planned.stderr
        listed = [line.split()[0] for line in planned.stdout.splitlines()[2:-1]]
        assert listed == [each.notebook for each in stages() if each.name != subject.name]
        answered = run(copy, "-c", CHECK_THE_OTHERS, subject.name, LAB_HOME=str(bench.home))
        assert answered.returncode == 0, answered.stderr
        assert answered.stdout.splitlines()[-1] == f"answered {len(stages()) - 1}"
    finally:
        shutil.move(tmp_path / "away", folder)
        runner.reset("start", bench)


@EVERY
def test_no_stage_imports_a_stage(subject: Stage) -> None:
    own = f"labs.stages.{subject.folder.name}"
    for path in subject.folder.rglob("*.py"):
        for name in imported(path):
            assert not name.startswith("labs.stages.") or name == own or name.startswith(f"{own}."), f"{path}: {name}"


def test_nothing_outside_the_stages_imports_one() -> None:
    root = FOLDER.parent
    paths = [path for path in root.rglob("*.py") if not path.is_relative_to(FOLDER)]
    assert [str(path) for path in paths for name in imported(path) if name.startswith("labs.stages")] == []


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def test_what_a_new_stage_is_made_of_works_and_nothing_outside_it_was_edited(tmp_path: Path) -> None:
    copy = copy_to(tmp_path)
    before = contents(copy)
    made = run(copy, "-m", "labs", "stage", "new", "tag-rules")
    assert made.returncode == 0, made.stderr
    name = f"{len(stages()):02}-tag-rules"
    assert f"Next: labs notebooks execute {name}" in made.stdout
    changed = {path for path, text in contents(copy).items() if before.get(path) != text}
    notebooks = {f"{folder}/{name}.ipynb" for folder in ("solutions", "notebooks", "tests/notebooks/unsolved")}
    assert {path for path in changed if not path.startswith("labs/stages/tag_rules/")} == notebooks
    # Its structure, and the walk: unsolved, solved, each wrong answer, reset, its published policy.
    tested = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/stages", "tests/lesson",
                 "--stage", "tag-rules", "--ignore", "tests/stages/test_stage_alone.py")  # fmt: skip
    assert tested.returncode == 0, tested.stdout
    assert "no retention was set" not in tested.stdout
    looked_over = run(copy, "-m", "labs", "stage", "check")
    assert looked_over.returncode == 0, looked_over.stderr


def contents(copy: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(copy)): path.read_bytes()
        for path in copy.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_what_two_stages_add_under_one_name_is_the_same_thing() -> None:
    seen: dict[str, object] = {}
    for subject in stages():
        own = additions.additions_of(subject)
        for name, thing in {**own.verbs, **own.names, **own.variables}.items():
            assert seen.setdefault(name, thing) is thing, name
