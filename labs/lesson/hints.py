"""Hints: five rungs, chosen by what the check found. No counter: a number makes people fish for the answer."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Template

from labs.lesson.bench import Bench
from labs.lesson.history import What
from labs.lesson.message_file import RUNGS, hint_mistakes
from labs.lesson.stage import Stage
from labs.lesson.stage_file import read_toml

# The first rung is a sentence that says where to look; it needs no title.
_TITLES = {
    "concept": "Idea",
    "locate": "Where",
    "neighbour": "A similar case",
    "solution": "Solution",
}
OFFER_AFTER = 3


@dataclass(frozen=True)
class Topic:
    """The five rungs for some message ids."""

    name: str
    ids: tuple[str, ...]
    rungs: tuple[str, ...]


def topics(stage: Stage) -> tuple[Topic, ...]:
    """The topics of a stage, from its ``hints.en.toml``."""
    return _read(stage.folder / "hints.en.toml")


@cache
def _read(path: Path) -> tuple[Topic, ...]:
    raw = read_toml(path)
    for error in hint_mistakes(path, raw):
        raise error
    return tuple(
        Topic(name, tuple(entry["for"]), tuple(str(entry[rung]).strip() for rung in RUNGS))
        for name, entry in raw.items()
    )


def topic_for(stage: Stage, message_id: str) -> Topic | None:
    """The topic for a message; the stage's first topic before any check; None when there is no hint to give."""
    if not message_id:
        return topics(stage)[0]
    return next((topic for topic in topics(stage) if message_id in topic.ids), None)


def next_hint(stage: Stage, bench: Bench) -> str:
    """The next rung for what the last check found, and remember that it was given."""
    progress = bench.progress.of(stage.name)
    if not progress.begun:
        return f"{stage.notebook} has not begun: run the first cell of its notebook."
    topic = topic_for(stage, progress.last_id)
    if topic is None:
        return "There is no hint to give: the last check passed, or the kit could not look."
    rung = min(progress.rung, len(RUNGS) - 1) if progress.hint_id == topic.name else 0
    if RUNGS[rung] == "solution" and not (progress.failed and progress.prediction):
        lacking = "predict with lab.predict(...)" if not progress.prediction else "check once with lab.check()"
        return f"The next hint is the solution. First {lacking}."
    after = replace(progress, hint_id=topic.name, rung=rung + 1, helped=progress.helped or RUNGS[rung] == "solution")
    bench.progress.put(stage.name, after)
    bench.history.add(stage.name, What.HINTED, word=RUNGS[rung])
    text = Template(topic.rungs[rung]).safe_substitute(bench.names())
    if progress.hint_id == topic.name and progress.rung >= len(RUNGS):
        text = f"{text} There is no further hint."
    return f"{_TITLES[RUNGS[rung]]}: {text}" if RUNGS[rung] in _TITLES else text


def offer(stage: Stage, bench: Bench) -> str:
    """The next rung, when the same message has come three times in a row; else nothing."""
    progress = bench.progress.of(stage.name)
    if progress.repeated and progress.repeated % OFFER_AFTER == 0 and topic_for(stage, progress.last_id) is not None:
        return next_hint(stage, bench)
    return ""
