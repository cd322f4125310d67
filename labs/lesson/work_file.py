"""What ``%%work NAME`` does: a file of the trainee's in ``$WORK``, with the lab's names filled in where it is JSON."""

from dataclasses import dataclass
from string import Template

from labs.errors import LabError
from labs.lesson.bench import Bench


@dataclass(frozen=True)
class WorkFile:
    """A file that was written: its name, its text, and the text that stood there before, "" when there was none."""

    name: str
    text: str
    before: str = ""

    @property
    def said(self) -> str:
        """What the cell says."""
        return f"Wrote $WORK/{self.name}"

    @property
    def is_json(self) -> bool:
        """Whether it should be JSON."""
        return self.name.lower().endswith(".json")


def write(bench: Bench, name: str, content: str) -> WorkFile:
    """Write a file in ``$WORK``; a file that says the same keeps its time. LabError when it would not be in there."""
    path = (bench.work / name).resolve()
    if not name or not path.is_relative_to(bench.work.resolve()):
        raise LabError(
            f"'{name}' is not a file in $WORK.", "write it like: %%work push-policy.json", id="not-a-work-file"
        )
    if path.suffix == ".json":
        content = Template(content).safe_substitute(bench.names())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = (content if content.endswith("\n") else f"{content}\n").encode()
    old = path.read_bytes() if path.is_file() else b""
    # Nothing that was made from a file becomes older than it when it is written again.
    if old != data or not path.is_file():
        path.write_bytes(data)
    return WorkFile(name, data.decode(), old.decode("utf-8", "replace"))
