"""Work that takes long, as it goes on: what is done by now, for how long, and the line that was refused in sight.

Where widgets are wanted one place below the cell is written anew each second and folds to a few lines at the end. As
text each line is printed when it comes, and nothing else.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum

from labs.ui import html, widgets
from labs.ui.cell import Place
from labs.ui.pictures import escaped

# A refusal in the words of AWS, a client, a workflow's step or a clean-up's outcome. A name that holds one of them,
# such as that of a stage, says nothing.
_REFUSED = re.compile(
    r"^\s*(?:left|not ours|error|failed)\b"
    r"|(?<![\w-])(?:refused|denied|AccessDenied\w*|not authorized|forbidden|failed|failure)(?![\w-])",
    re.IGNORECASE,
)
_LAST, _REFUSALS = 3, 5
_EACH_S = 1.0


class End(Enum):
    """How far the work is; the value is the word on it."""

    RUNNING = "at work"
    DONE = "done"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


_TONES = {End.RUNNING: "ours", End.DONE: "good", End.STOPPED: "bad", End.INTERRUPTED: "open"}
_SIGNS = {End.RUNNING: "…", End.DONE: "✓", End.STOPPED: "✗", End.INTERRUPTED: "!"}


@dataclass(frozen=True)
class Work:
    """What is shown: ``lines`` are the words and the second in which each came; ``done`` of ``of``, 0 if unknown.

    ``seconds`` is None for what is only read about.
    """

    title: str
    seconds: float | None = 0.0
    lines: tuple[tuple[float, str], ...] = ()
    done: int = 0
    of: int = 0
    end: End = End.RUNNING

    @property
    def refused(self) -> tuple[str, ...]:
        """The lines that say of a refusal, the first few."""
        return tuple(words for _, words in self.lines if _REFUSED.search(words))[:_REFUSALS]

    @property
    def head(self) -> str:
        """``Solving: at work, 1 of 3, 12 s``."""
        count = f", {self.done} of {self.of}" if self.of else ""
        time = "" if self.seconds is None else f", {self.seconds:.0f} s"
        return f"{self.title}: {self.end.value}{count}{time}"

    def as_text(self) -> str:
        """The head and every line."""
        return "\n".join([self.head, *(words for _, words in self.lines)])

    @property
    def html(self) -> str:
        """The head, what was refused, the last lines while it runs; when it has ended, every line in a fold."""
        sign = f'<span aria-hidden="true">{"!" if self._tone == "open" else _SIGNS[self.end]}</span>'
        body = [f'<p class="lab-head"><span class="lab-word">{sign}</span> {escaped(self.head)}</p>']
        running = self.end is End.RUNNING
        if running and self.of:
            label = escaped(f"{self.title}: {self.done} of {self.of}")
            body.append(f'<progress aria-label="{label}" value="{self.done}" max="{self.of}"></progress>')
        body += [f'<p class="lab-next">{escaped(words.strip())}</p>' for words in self.refused]
        shown = self.lines[-_LAST:] if running else self.lines[-1:]
        body += [f"<p>{escaped(words.strip())}</p>" for _, words in shown if words.strip() not in self._kept]
        if not running and len(self.lines) > 1:
            body.append(html.fold(f"All {len(self.lines)} lines", [self._dated(*line) for line in self.lines]))
        # Only the end is announced: a reader that hears each second hears nothing else.
        return html.framed("".join(body), self._tone, live=not running)

    def _dated(self, at: float, words: str) -> str:
        return words.strip() if self.seconds is None else f"{at:.0f} s: {words.strip()}"

    @property
    def _tone(self) -> str:
        return "open" if self.end is End.DONE and self.refused else _TONES[self.end]

    @property
    def _kept(self) -> frozenset[str]:
        return frozenset(words.strip() for words in self.refused)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.as_text()}


@dataclass
class Watch:
    """What the work tells while it goes on."""

    work: Work
    clock: Callable[[], float] = time.monotonic
    place: Place = field(default_factory=Place)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _began: float = 0.0
    _reached: bool = True

    def __post_init__(self) -> None:
        self._began = self.clock()

    def line(self, words: str, *, counts: bool = False) -> None:
        """One line of what happened: printed, or shown with the rest. ``counts``: one of those that are counted."""
        if not widgets.wanted():
            print(words)
        self._change(words, counts)

    def phase(self, words: str, done: int | None = None, of: int | None = None) -> None:
        """Where the work is, for who watches it; as text nothing is printed."""
        with self._lock:
            work = self.work
            self.work = replace(work, done=work.done if done is None else done, of=work.of if of is None else of)
        self._change(words, counts=False)

    def missed(self) -> None:
        """The work has come to its end, and not to what it was for."""
        self._reached = False

    @property
    def end(self) -> End:
        """How work that came to its end has ended."""
        return End.DONE if self._reached else End.STOPPED

    def _change(self, words: str, counts: bool) -> None:
        with self._lock:
            at = self.clock() - self._began
            last = self.work.lines[-1][1] if self.work.lines else ""
            lines = self.work.lines if words == last else (*self.work.lines, (at, words))
            self.work = replace(self.work, lines=lines, done=self.work.done + counts)

    def show(self, end: End = End.RUNNING) -> None:
        """Show how far it is; nothing where widgets are not wanted."""
        if widgets.wanted():
            with self._lock:
                self.work = replace(self.work, seconds=self.clock() - self._began, end=end)
                self.place.tell(self.work)


@contextmanager
def watched(title: str, of: int = 0) -> Iterator[Watch]:
    """Work under a title; ``of``: how many lines are counted. How it ended is shown, and passed on."""
    watch, over = Watch(Work(title, of=of)), threading.Event()

    def tick() -> None:
        while not over.wait(_EACH_S):
            watch.show()

    ticker = threading.Thread(target=tick, name="labs-live", daemon=True)
    if widgets.wanted():
        watch.show()
        ticker.start()
    end = End.STOPPED
    try:
        yield watch
        end = watch.end
    except KeyboardInterrupt:
        end = End.INTERRUPTED
        raise
    finally:
        over.set()
        if ticker.ident is not None:
            ticker.join()
        watch.show(end)
