"""Each verb, with a target whose calls raise each error that botocore has: a verdict or a sentence, no traceback."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labs.account.case import Place
from labs.account.survey import clients_of, look, where
from labs.errors import LabError
from labs.ledger import cleanup, patience, removal, sweep
from labs.ledger.receipt import Item, Receipt
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stage
from labs.verdict import Status
from tests.every_error import errors, raising

ERRORS = errors()


@pytest.fixture(autouse=True)
def _clock_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sleep takes no time, and the deadline comes all the same."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep, time=time.time)
    for module in (patience, removal, cleanup, runner):
        monkeypatch.setattr(module, "time", clock)


@pytest.fixture
def apart(bench: Bench, tmp_path: Path) -> Bench:
    """The bench with a home of its own: an empty ledger, no progress."""
    return replace(bench, target=replace(bench.target, home=tmp_path))


def passed(bench: Bench, name: str) -> None:
    """What the stage needs has been passed."""
    for need in stage(name).needs:
        bench.progress.put(need, replace(bench.progress.begin(need), passed="2026-01-01T00:00:00+00:00"))


def said(call: Callable[[], Any]) -> str:
    """The sentence that it ends in, or nothing."""
    try:
        call()
    except LabError as error:
        return str(error)
    return ""


def for_each(bench: Bench) -> Iterator[tuple[str, Bench]]:
    for name, error in ERRORS.items():
        target = raising(bench.target, error)
        yield name, replace(bench, target=target, reader=target.client)


def test_check_cannot_check(apart: Bench) -> None:
    subject = stage("push-denied")
    passed(apart, subject.name)
    for name, bench in for_each(apart):
        report = runner.ask(subject, bench)
        assert report.verdict.status is Status.CANNOT_CHECK, name
        assert report.verdict.next_step, name


VERBS: dict[str, Callable[[Bench], Any]] = {
    "solve": lambda bench: runner.solve("push-denied", bench),
    "diagnose": lambda bench: look(clients_of(bench.target), where(bench.target, "", Place())),
    "diagnose a service": lambda bench: look(clients_of(bench.target), where(bench.target, "", Place()), "app"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_says_a_sentence(apart: Bench, verb: str) -> None:
    passed(apart, "push-denied")
    for name, bench in for_each(apart):
        assert "Next: " in said(partial(VERBS[verb], bench)), name


def test_clean_says_a_sentence_or_what_it_could_not_read(apart: Bench) -> None:
    for name, bench in for_each(apart):
        receipts: list[Receipt] = []
        told = said(lambda bench=bench, into=receipts: into.append(cleanup.clean(bench.target, lambda _line: None)))
        assert "Next: " in told or receipts[0].left, name
        assert all("cannot check" in item.reason for receipt in receipts for item in receipt.left), name
        previews: list[list[Item]] = []
        told = said(lambda bench=bench, into=previews: into.append(cleanup.preview(bench.target)))
        assert "Next: " in told or previews[0], name


def test_sweep_says_a_sentence_or_what_it_could_not_read(apart: Bench) -> None:
    for name, bench in for_each(apart):
        searches: list[sweep.Search] = []
        told = said(lambda bench=bench, into=searches: into.append(sweep.search(bench.target)))
        assert "Next: " in told or searches[0].unread, name
        assert not any(search.found for search in searches), name
