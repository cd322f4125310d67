"""Kernels come and go: a notebook goes on where it was, may be run again, and out of order it says so."""

import copy
import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from nbclient import NotebookClient

from labs.lesson import notebooks, runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stage, stages
from labs.lesson.throwaway import room

PRIVATE = stage("private-subnet")
# What a trainee runs again in a new kernel, as the notebook says.
FIRST = ("begin", "clients")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with room({**env, "LAB_WIDGETS": "0", "LAB_ENGINE": "embedded", "LAB_PACE": "quick"}) as bench:
        yield bench


@pytest.fixture
def solved() -> Any:
    return notebooks.read(notebooks.path_of(PRIVATE, notebooks.SOLVED))


def ready(bench: Bench) -> None:
    """The stages before are passed, this one is not begun."""
    runner.reset(PRIVATE.name, bench)
    for name in PRIVATE.needs:
        if not bench.progress.of(name).passed:
            assert runner.solve(name, bench)[-1].verdict.passed


def play(solved: Any, bench: Bench, ids: Sequence[str]) -> dict[str, str]:
    """Run these cells in a new kernel; what each of them printed."""
    notebook = copy.deepcopy(solved)
    notebook.cells = [next(cell for cell in solved.cells if cell.id == each) for each in ids]
    played = notebooks.played(copy.deepcopy(notebook), bench)
    return {cell.id: "".join(each.get("text", "") for each in cell.outputs) for cell in played.cells}


def code_cells(solved: Any) -> list[str]:
    return [cell.id for cell in solved.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("last", ["network", "endpoint-policy"])
def test_a_kernel_restarted_in_the_middle_goes_on_where_it_was(solved: Any, bench: Bench, last: str) -> None:
    ready(bench)
    ids = code_cells(solved)
    cut = ids.index(last) + 1
    play(solved, bench, ids[:cut])
    said = play(solved, bench, [*FIRST, *ids[cut:]])
    assert said["check"].startswith("PASS  private.pass")


def test_every_cell_may_be_run_twice_in_a_row_and_the_notebook_twice(solved: Any, bench: Bench) -> None:
    ready(bench)
    ids = code_cells(solved)
    said = play(solved, bench, [each for each in ids for _ in range(2)])
    assert said["check"].startswith("PASS  private.pass")
    assert play(solved, bench, ids)["check"].startswith("PASS  private.pass")


def test_after_the_last_cell_no_task_of_the_notebook_runs(solved: Any, bench: Bench) -> None:
    ready(bench)
    play(solved, bench, code_cells(solved))
    assert bench.client("ecs").list_tasks(cluster=bench.target.prefix)["taskArns"] == []


def test_out_of_order_the_first_cell_says_what_comes_first_and_no_cell_breaks(solved: Any, bench: Bench) -> None:
    runner.reset(stages()[0].name, bench)
    said = play(solved, bench, code_cells(solved))
    missing = "04-private-subnet needs start, build, push-denied and push-fixed, which have not been passed"
    assert f"Not yet: {missing}." in said["begin"]
    assert said["check"].startswith("NOT YET  check.out_of_order")
    runner.reset(stages()[0].name, bench)


BEFORE_ITS_TIME = pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("routes", "AWS answered InvalidRouteTableID.NotFound"),
        ("bare", "There is no security group 'tasks' yet.\nNext: run the cell that calls create_security_group"),
        ("talk", "There is no subnet or no security group to run a task in."),
        ("endpoints", "There is no security group 'endpoints' yet."),
        ("closed", "There is no VPC of the lab yet.\nNext: run the cell that calls create_vpc"),
        ("inbound", "There is no security group 'tasks' yet."),
        ("gateway", "There is no file endpoint-policy.json.\nNext: run the cell that writes it"),
        ("logs", "There is no security group 'logs' yet."),
    ],
)


@pytest.fixture(scope="module")
def said_too_early(bench: Bench) -> dict[str, list[Any]]:
    """The outputs of all these cells, run in one kernel when nothing is there yet: none of them makes anything."""
    ready(bench)
    early = [*FIRST, *(cell for cell, _ in BEFORE_ITS_TIME.args[1])]
    notebook = notebooks.read(notebooks.path_of(PRIVATE, notebooks.SOLVED))
    notebook.cells = [each for each in notebook.cells if each.id in early]
    for each in notebook.cells:
        each.outputs = []
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute(env=dict(bench.env))
    return {each.id: each.outputs for each in notebook.cells}


@BEFORE_ITS_TIME
def test_a_cell_before_its_time_says_a_sentence(said_too_early: dict[str, list[Any]], cell: str, words: str) -> None:
    """Nothing is there yet: AWS's words or the lab's, and no traceback."""
    outputs = said_too_early[cell]
    # On a busy machine a kernel sends one text in two.
    assert {each.output_type for each in outputs} == {"stream"}
    assert "".join(each.text for each in outputs).startswith(words)
