"""A client's log that ``tee`` kept, as steps: what each was, how long it took, and the line that was refused.

The form is that of ``docker buildx build --progress=plain`` (docs.docker.com, docker buildx build): a step has a
number, ``#5 [linux/amd64 2/3] WORKDIR /app``, and ends with ``#5 DONE 0.1s``, ``#5 CACHED`` or ``#5 ERROR: ...``. What
a plain ``docker push`` says is taken line by line.
"""

import re

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.ui.live import End, Work

_STEP = re.compile(r"#(?P<number>\d+) (?P<words>.+)")
_ENDED = re.compile(r"DONE (?P<seconds>[\d.]+)s|CACHED|ERROR: .*|CANCELED")
# Colours and the moving of a cursor (ECMA-48, control sequences).
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def read(bench: Bench, name: str) -> Work:
    """The steps of a log in ``$WORK``. LabError when there is none."""
    path = (bench.work / name).resolve()
    if not path.is_relative_to(bench.work.resolve()) or not path.is_file():
        raise LabError(f"There is no log {name} in $WORK.", "run the cell that pushes", id="no-such-client-log")
    return steps(name, path.read_text("utf-8", "replace"))


def steps(title: str, log: str) -> Work:
    """The steps of a log, in the order in which they began; a step without an end says so."""
    begun: dict[str, str] = {}
    ended: dict[str, str] = {}
    others: list[str] = []
    for raw in log.splitlines():
        line = _ESCAPE.sub("", raw).rstrip()
        found = _STEP.fullmatch(line)
        if found is None:
            others += [line.strip()] if line.strip(" -") and line.strip() not in others else []
            continue
        begun.setdefault(found["number"], found["words"])
        if _ENDED.fullmatch(found["words"]):
            ended.setdefault(found["number"], found["words"])
    lines = [f"{words}: {_end(ended.get(number, ''))}" for number, words in begun.items() if number != "0"] + others
    work = Work(title, None, tuple((0.0, line) for line in lines))
    return Work(title, None, work.lines, end=End.STOPPED if work.refused else End.DONE)


def _end(words: str) -> str:
    if not words:
        return "did not end"
    found = _ENDED.fullmatch(words)
    seconds = found["seconds"] if found else None
    return f"{seconds} s" if seconds else words.replace("CACHED", "cached").replace("CANCELED", "stopped")
