"""The notebooks: in step with their solutions, well formed, and every committed output is what comes out."""

import itertools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labs.lesson import notebooks, runner
from labs.lesson.bench import Bench
from labs.lesson.stage import Stage, stages
from labs.lesson.throwaway import room
from labs.session.home import checkout
from labs.stages.build_image.solve import FILES
from tests.stage_bench import ODD_NAME

FOLDERS = (notebooks.SOLVED, notebooks.TRAINEE, notebooks.UNSOLVED)
EVERY = pytest.mark.parametrize("subject", stages(), ids=lambda each: each.notebook)
ALL = pytest.mark.parametrize("folder", FOLDERS)
BOTH_RUNS = pytest.mark.parametrize("folder", notebooks.EXECUTED)


@dataclass(frozen=True)
class Desk:
    """A lab home in which the notebooks of one folder are run, in the order of the stages."""

    folder: str
    bench: Bench


@pytest.fixture(scope="module", params=notebooks.EXECUTED)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with room({**env, "LAB_WIDGETS": "0"}, ODD_NAME) as opened:
        yield Desk(request.param, opened)


OF_THE_SOLUTIONS = pytest.mark.parametrize("desk", [notebooks.SOLVED], indirect=True)


def cells(folder: str, subject: Stage, kind: str = "") -> list[Any]:
    found = notebooks.read(notebooks.path_of(subject, folder)).cells
    return [cell for cell in found if not kind or cell.cell_type == kind]


def test_each_stage_has_its_notebook_in_every_folder_and_there_are_no_others() -> None:
    expected = {f"{subject.notebook}.ipynb" for subject in stages()}
    for folder in FOLDERS:
        assert {path.name for path in (checkout() / folder).glob("*.ipynb")} == expected


@EVERY
def test_the_trainees_notebook_is_what_the_solution_generates(subject: Stage) -> None:
    assert notebooks.out_of_step(subject) == (), "run: labs notebooks build"


@EVERY
def test_a_trainee_opens_a_page_that_nobody_has_run(subject: Stage) -> None:
    for cell in cells(notebooks.TRAINEE, subject, "code"):
        assert (cell.outputs, cell.execution_count) == ([], None), cell.id


@EVERY
def test_answers_are_hidden_from_trainees(subject: Stage) -> None:
    solved = {cell.id: cell for cell in cells("solutions", subject, "code")}
    for cell in cells("notebooks", subject, "code"):
        answer = notebooks.ANSWER in cell.metadata.get("tags", [])
        assert (cell.source != solved[cell.id].source) is answer
        assert "placeholder" not in cell.metadata


@EVERY
@BOTH_RUNS
def test_every_code_cell_was_run_and_no_output_goes_uncompared_by_accident(subject: Stage, folder: str) -> None:
    for cell in cells(folder, subject, "code"):
        assert cell.execution_count is not None, cell.id
        tags = set(cell.metadata.get("tags", []))
        assert tags <= {notebooks.ANSWER, "nbval-ignore-output"}, f"{cell.id}: {tags}"
        # An author says why: docker's progress, a machine's own facts, a list whose length depends on the moment.
        why = cell.metadata.get(notebooks.UNCOMPARED, "")
        assert ("nbval-ignore-output" in tags) is bool(why.strip()), f"{cell.id}: a tag and a reason, or neither"


@EVERY
@BOTH_RUNS
def test_the_cells_were_run_once_from_top_to_bottom(subject: Stage, folder: str) -> None:
    counts = [cell.execution_count for cell in cells(folder, subject, "code")]
    assert counts == list(range(1, len(counts) + 1))


@EVERY
def test_the_solution_passes_and_the_trainees_version_says_not_yet(subject: Stage) -> None:
    solved = next(cell for cell in cells("solutions", subject, "code") if cell.id == "check")
    unsolved = next(cell for cell in cells(notebooks.UNSOLVED, subject, "code") if cell.id == "check")
    assert solved.outputs[0].text.startswith("PASS  ")
    assert unsolved.outputs[0].text.startswith("NOT YET  ")


@EVERY
@BOTH_RUNS
def test_no_cell_ends_in_an_error(subject: Stage, folder: str) -> None:
    outputs = [output for cell in cells(folder, subject, "code") for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert not any("Traceback" in output.get("text", "") for output in outputs)


@EVERY
@ALL
def test_headings_are_in_order_under_one_title(subject: Stage, folder: str) -> None:
    levels = [len(level) for cell in cells(folder, subject, "markdown") for level in headings(cell.source)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def headings(source: str) -> list[str]:
    without_code = re.sub(r"(?ms)^```.*?^```", "", source)
    return re.findall(r"(?m)^(#+) \S", without_code)


@EVERY
def test_every_table_has_a_header_and_every_picture_a_text(subject: Stage) -> None:
    for cell in cells("solutions", subject, "markdown"):
        assert re.findall(r"!\[\]\(", cell.source) == []
        assert "<img" not in cell.source
        tables = re.findall(r"(?m)(?:^\|.*\n?)+", cell.source)
        assert all(re.match(r"\|[^\n]*\|\n\| *---", table) for table in tables), cell.id
    for cell in cells("solutions", subject, "code"):
        for output in cell.outputs:
            svg = output.get("data", {}).get("image/svg+xml")
            if svg:
                assert "role='img'" in svg
                assert "<title>" in svg
                assert "<desc>" in svg
                assert output["data"]["text/plain"]


@EVERY
@ALL
def test_files_end_lines_with_lf_and_name_no_machine(subject: Stage, folder: str) -> None:
    data = notebooks.path_of(subject, folder).read_bytes()
    assert b"\r" not in data
    assert data.endswith(b"}\n")
    for word in (b"/tmp/", b"/home/", b"/root/", str(checkout()).encode()):
        assert word not in data


def test_the_solutions_dockerfile_and_policies_are_those_of_the_stages() -> None:
    sources = {cell.id: cell.source for subject in stages() for cell in cells("solutions", subject, "code")
               if cell.id in ("dockerfile",)}  # fmt: skip
    assert sources["dockerfile"] == "%%work app/Dockerfile\n" + (FILES / "Dockerfile.solution").read_text().rstrip()
    for subject in stages():
        for cell in cells("solutions", subject, "code"):
            first, _, body = cell.source.partition("\n")
            if first.startswith("%%work ") and first.endswith(".json"):
                policy = subject.folder / "policies" / first.removeprefix("%%work ")
                assert statements(body) == statements(policy.read_text()), f"{subject.notebook}: {cell.id}"


def statements(policy: str) -> list[dict[str, Any]]:
    """A policy's statements without their names."""
    return [{key: value for key, value in each.items() if key != "Sid"} for each in json.loads(policy)["Statement"]]


def test_a_cell_that_the_author_has_not_changed_keeps_its_output() -> None:
    subject = stages()[0]
    solved = notebooks.read(notebooks.path_of(subject, "solutions"))
    before = notebooks.read(notebooks.path_of(subject, notebooks.UNSOLVED))
    made = notebooks.trainee(solved, before)
    assert [cell.get("outputs") for cell in made.cells] == [cell.get("outputs") for cell in before.cells]


def test_the_first_notebook_lists_the_stages_with_their_minutes() -> None:
    title = next(cell for cell in cells("solutions", stages()[0], "markdown") if cell.id == "title")
    rows = re.findall(r"(?m)^\| \[(\d\d-[\w-]+)\]\((\S+)\) \|.*\| (\d+) \|$", title.source)
    assert rows == [(each.notebook, f"{each.notebook}.ipynb", str(each.minutes)) for each in stages()]


def test_a_policy_cell_is_valid_json_after_its_first_line() -> None:
    for subject in stages():
        for folder in FOLDERS:
            for cell in cells(folder, subject, "code"):
                if cell.source.startswith("%%work") and ".json" in cell.source.splitlines()[0]:
                    json.loads(cell.source.partition("\n")[2])


def at_its_beginning(subject: Stage, bench: Bench) -> bool:
    """Whether all before this stage is passed, and neither it nor a later one was begun."""
    earlier = [each.name for each in stages() if each.order < subject.order] if subject.lasting else subject.needs
    later = [each.name for each in stages() if each.order >= subject.order]
    begun = any(bench.progress.of(name).begun for name in later)
    return not begun and all(bench.progress.of(name).passed for name in earlier)


@EVERY
def test_strict_nbval_finds_every_output_as_committed(subject: Stage, desk: Desk) -> None:
    """Each in a new kernel, from its first cell to its last; what the check must say is told above.

    The solutions lead from one stage to the next by themselves; before a trainee's, the stages are solved for it.
    """
    # The receipt of cleaning up counts what every run before it has made.
    counted = subject.lasting and desk.folder == notebooks.UNSOLVED
    if counted or not at_its_beginning(subject, desk.bench):
        notebooks.prepare(subject, desk.bench)
    assert notebooks.compare(notebooks.path_of(subject, desk.folder), desk.bench) == 0
    if desk.folder == notebooks.UNSOLVED and not subject.lasting:
        assert runner.solve(subject.name, desk.bench)[-1].verdict.passed


def words_of_the_check(subject: Stage, desk: Desk) -> str:
    """What the check's cell says when the notebook is run in a new kernel."""
    played = notebooks.played(notebooks.read(notebooks.path_of(subject, desk.folder)), desk.bench)
    return str(next(cell.outputs[0].text for cell in played.cells if cell.id == "check"))


@OF_THE_SOLUTIONS
def test_a_solved_notebook_may_be_run_twice(desk: Desk) -> None:
    """Every cell again, in a new kernel, over what the first run left: nothing breaks."""
    subject = stages()[-1]
    if not desk.bench.progress.of(subject.name).passed:
        notebooks.prepare(subject, desk.bench)
        assert words_of_the_check(subject, desk).startswith("PASS  ")
    assert words_of_the_check(subject, desk).startswith("PASS  ")


@OF_THE_SOLUTIONS
def test_a_wrong_output_is_found(desk: Desk, tmp_path: Path) -> None:
    """The comparison itself can fail."""
    subject = stages()[0]
    notebooks.prepare(subject, desk.bench)
    notebook = notebooks.read(notebooks.path_of(subject, notebooks.SOLVED))
    check = next(cell for cell in notebook.cells if cell.id == "check")
    check.outputs[0].text = check.outputs[0].text.replace("PASS", "FAIL")
    path = tmp_path / "forged.ipynb"
    notebooks.write(path, notebook)
    assert notebooks.compare(path, desk.bench) != 0


def test_the_command_says_when_a_notebook_is_unknown() -> None:
    from labs.cli import main

    assert main(["notebooks", "build", "09-nothing"]) == 2


def test_git_keeps_lf_in_notebooks() -> None:
    words = ["git", "-C", str(checkout()), "check-attr", "eol", "notebooks/00-start.ipynb"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        assert "eol=lf" in (checkout() / ".gitattributes").read_text()
    else:
        assert done.stdout.strip().endswith("eol: lf")
