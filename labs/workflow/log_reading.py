"""A log of a GitHub Actions run as jobs, steps and numbered lines, in every form that people have it.

Sources: actions/runner v2.336.0 (ExecutionContext.cs: the marks ``##[error]`` and their like; JobExtension.cs: "Current
runner version" begins a job, "Cleaning up orphan processes" ends it, "Complete job name" names it); cli/cli,
pkg/cmd/run/view (``JOB<tab>STEP<tab>TIME TEXT``; ``UNKNOWN STEP`` where only the job's whole log was kept); nektos/act
v0.2.87 (pkg/runner/logger.go, command.go, step.go). GitHub's page shows ``##[error]`` as ``Error:``.
"""

import enum
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

UNKNOWN_STEP = "UNKNOWN STEP"
_BEGINS, _ENDS = "Current runner version:", "Cleaning up orphan processes"
SET_UP, COMPLETE, POST = "Set up job", "Complete job", "Post job cleanup"
# A longer line is data, not words: a minified file, a layer in base64.
LONGEST = 4000
_LOOKED_AT = 400

_TIME = r"\ufeff?(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)(?: (?P<text>.*)|(?P<nothing>))$"
_TIMED = re.compile(rf"^{_TIME}", re.DOTALL)
_TABBED = re.compile(rf"^(?P<job>[^\t]+)\t(?P<step>[^\t]*)\t(?:{_TIME}|\ufeff?(?P<untimed>.*)$)", re.DOTALL)
# The page's own "Show timestamps".
_PAGE_TIME = re.compile(r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT ?")
_ACT = re.compile(r"^(?:\*DRYRUN\* )?\[(?P<job>[^\]]+)\] ?(?:\[DEBUG\] )?(?P<text>.*)$", re.DOTALL)
_ACT_SIGN = re.compile(r"^(?:\*DRYRUN\* )?\[[^\]]+\] +(?:\| |[\u2b50\u2705\u274c\u2757\u2753\U0001f300-\U0001faff])")
_ACT_RAW = re.compile(r"^ *\| ?(?P<text>.*)$", re.DOTALL)
_ACT_RUN = re.compile(r"^\u2b50 Run (?:(?P<stage>Main|Pre|Post) )?(?P<title>.*)$", re.DOTALL)
_ACT_END = re.compile(
    r"^ *(?P<sign>[\u2705\u274c]) +(?:Success|Failure) - (?:(?:Main|Pre|Post) )?(?P<title>.*)$", re.DOTALL
)
_ACT_COMMAND = re.compile(r"^ *[\u2757\u2753\u2699\U0001f300-\U0001faff]\ufe0f? +(?P<text>.*)$", re.DOTALL)
_ACT_JOB_END = re.compile(r"^ *\U0001f3c1 +Job (?P<how>succeeded|failed)")
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_MARK = re.compile(
    r"^(?:##)?\[(?P<mark>error|warning|notice|debug|command|group|endgroup|section)\](?P<text>.*)$", re.DOTALL
)
_COMMAND = re.compile(r"^::(?P<mark>error|warning|notice|debug|group|endgroup)(?: [^:]*)?::(?P<text>.*)$", re.DOTALL)
_SHOWN = re.compile(r"^(?P<mark>Error|Warning|Notice): (?P<text>.*)$", re.DOTALL)
_USES = re.compile(r"^(?:Run )?(?P<action>[\w.-]+/[\w./-]+)@(?P<version>[\w./-]+)\s*$")
_BLOCK = re.compile(r"^\s*(?:with|env|shell):")


class Form(enum.Enum):
    """How the log was had."""

    GH = "gh run view --log"
    JOB = "a job's log as GitHub keeps it"
    ACT = "act's output"
    PLAIN = "text without GitHub's times"


class Level(enum.Enum):
    """What kind of line it is, by its mark."""

    PLAIN = ""
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    DEBUG = "debug"
    COMMAND = "command"
    GROUP = "group"
    ENDGROUP = "endgroup"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in its file, from 1, its text without time, colours and mark, its time as written or ""."""

    number: int
    text: str
    level: Level = Level.PLAIN
    at: str = ""


@dataclass(frozen=True)
class Step:
    """A step's lines. ``action`` is ``owner/name@version`` or ""; ``outcome``: ``success``, ``failure`` or "".

    ``job`` is "" where the log names none; ``file`` the file of a zip, else "".
    """

    job: str
    title: str
    lines: tuple[Line, ...] = field(repr=False)
    action: str = ""
    outcome: str = ""
    file: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is a step of the workflow, and no part of the runner's own beginning and end."""
        return not self.title.startswith((SET_UP, COMPLETE, POST, "Post ")) and bool(self.title)

    def of(self, level: Level) -> tuple[Line, ...]:
        """Its lines of one level."""
        return tuple(line for line in self.lines if line.level is level)


@dataclass(frozen=True)
class Log:
    """A whole log. ``unread`` says, in sentences, what was not read; ``whole`` whether every job has both ends."""

    form: Form
    steps: tuple[Step, ...]
    lines: int
    whole: bool
    unread: tuple[str, ...] = ()

    @property
    def jobs(self) -> tuple[str, ...]:
        """The names of the jobs, in the log's order; "" is one without a name."""
        return tuple(dict.fromkeys(step.job for step in self.steps))


def read_log(text: str, unread: Iterable[str] = ()) -> Log:
    """The log of a text. Never raises: what is no log at all is one step without a title."""
    return read_lines(enumerate(text.split("\n"), 1), unread)


def read_lines(numbered: Iterable[tuple[int, str]], unread: Iterable[str] = (), job: str = "", file: str = "") -> Log:
    """The log of lines with their numbers; ``job`` and ``file`` are those of a zip's entry."""
    raw = [(number, _clean(line)) for number, line in numbered]
    while raw and not raw[-1][1].strip():
        raw.pop()
    form = _form(line for _, line in raw)
    reader = _READERS[form](job, file)
    for place, (number, line) in enumerate(raw):
        reader.take(number, line, raw[place + 1 : place + 13])
    steps = tuple(each.step() for each in reader.steps if each.lines or each.outcome)
    missing = tuple(unread)
    whole = bool(steps) and not missing and all(reader.whole(name) for name in {step.job for step in steps})
    return Log(form, steps, len(raw), whole, missing)


def _clean(line: str) -> str:
    plain = _ANSI.sub("", line.rstrip("\r").replace("\r", " ")).removeprefix("\ufeff")
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]} ..."


def _form(lines: Iterable[str]) -> Form:
    seen: Counter[Form] = Counter()
    for line in lines:
        if not line.strip():
            continue
        tabbed = _TABBED.match(line)
        if tabbed and tabbed["at"]:
            seen[Form.GH] += 1
        elif _TIMED.match(line):
            seen[Form.JOB] += 1
        elif _ACT_SIGN.match(line):
            seen[Form.ACT] += 1
        else:
            seen[Form.PLAIN] += 1
        if seen.total() >= _LOOKED_AT:
            break
    known = [(count, form) for form, count in seen.items() if form is not Form.PLAIN]
    count, form = max(known, key=lambda each: each[0], default=(0, Form.PLAIN))
    # Lines that a program wrote over several lines have no mark of their own.
    return form if count * 4 >= seen.total() else Form.PLAIN


class _Open:
    """A step while it is read."""

    def __init__(self, job: str, title: str, file: str = "", outer: "_Open | None" = None) -> None:
        self.job, self.title, self.file, self.outer = job, title, file, outer
        self.lines: list[Line] = []
        self.outcome = ""
        self.action = _action(title)
        self.quoting = False

    def step(self) -> Step:
        title = f"{self.outer.title} / {self.title}" if self.outer else self.title
        action = self.action or (self.outer.action if self.outer else "")
        return Step(self.job, title, tuple(self.lines), action, self.outcome, self.file)


class _Reader(ABC):
    """Takes lines one after the other; ``steps`` grow in the order in which they begin."""

    shows_marks_as_words = False

    def __init__(self, job: str = "", file: str = "") -> None:
        self.steps: list[_Open] = []
        self._job, self._file = job, file
        self._began: set[str] = set()
        self._ended: set[str] = set()

    def whole(self, job: str) -> bool:
        return job in self._began and job in self._ended

    @abstractmethod
    def take(self, number: int, line: str, following: list[tuple[int, str]]) -> None:
        """Put one line where it belongs; ``following`` are those behind it."""

    def _add(self, step: _Open, number: int, text: str, at: str = "") -> None:
        level, words = _marked(text, self.shows_marks_as_words)
        if level is Level.GROUP and not step.action:
            step.action = _action(words)
        if level is not Level.PLAIN:
            step.quoting = level is Level.GROUP and words.startswith("Run ") and not self.shows_marks_as_words
        elif step.quoting:
            # The script or the inputs of the step, shown before it runs.
            level = Level.COMMAND
        step.lines.append(Line(number, words, level, at))

    def _ends(self, job: str, text: str) -> None:
        if text.startswith(_BEGINS):
            self._began.add(job)
        elif text.startswith(_ENDS):
            self._ended.add(job)


class _Grouped(_Reader):
    """A job's log, whose steps begin with ``##[group]Run ...``."""

    def take(self, number: int, line: str, following: list[tuple[int, str]]) -> None:
        found = _TIMED.match(line)
        text, at = (found["text"] or "", found["at"]) if found else (line, "")
        self._take(self._job, number, text, at)

    def _take(self, job: str, number: int, text: str, at: str) -> None:
        title = self._title(text)
        if text.startswith(_BEGINS) or not self._of(job):
            title = title or (SET_UP if text.startswith(_BEGINS) else "")
            self.steps.append(_Open(job, title, self._file))
        elif title:
            self.steps.append(_Open(job, title, self._file))
        step = self._of(job)[-1]
        self._add(step, number, text, at)
        self._ends(job, text)
        if text.startswith("Complete job name: ") and not job:
            self._name(text.removeprefix("Complete job name: ").strip())

    def _of(self, job: str) -> list[_Open]:
        return self.steps if not job or job == self._job else [step for step in self.steps if step.job == job]

    def _name(self, job: str) -> None:
        """The job's name stands after its first lines."""
        for step in reversed(self.steps):
            if step.job:
                break
            step.job = job
            if step.title == SET_UP:
                break
        self._began.add(job)
        self._job = job

    @staticmethod
    def _title(text: str) -> str:
        if text.startswith("##[group]Run "):
            return text.removeprefix("##[group]")
        if text.startswith("Post job cleanup."):
            return POST
        return COMPLETE if text.startswith(("Evaluate and set job outputs", _ENDS)) else ""


class _Tabbed(_Grouped):
    """``gh run view --log``: job and step stand in each line."""

    def take(self, number: int, line: str, following: list[tuple[int, str]]) -> None:
        found = _TABBED.match(line)
        if found is None:
            if self.steps:
                self._add(self.steps[-1], number, line)
            return
        job, title = found["job"].strip(), found["step"].strip()
        text = (found["text"] or "") if found["at"] else found["untimed"]
        if title in (UNKNOWN_STEP, ""):
            if self._job != job:
                self._job = job
                self.steps.append(_Open(job, SET_UP, self._file))
            self._take(job, number, text, found["at"] or "")
            return
        self._job = job
        if not self.steps or (self.steps[-1].job, self.steps[-1].title) != (job, title):
            self.steps.append(_Open(job, title, self._file))
        self._add(self.steps[-1], number, text, found["at"] or "")
        self._ends(job, text)


class _Plain(_Grouped):
    """Text from GitHub's page, or a few lines that somebody kept."""

    shows_marks_as_words = True

    def take(self, number: int, line: str, following: list[tuple[int, str]]) -> None:
        text = _PAGE_TIME.sub("", line)
        found = _TIMED.match(text)
        text, at = (found["text"] or "", found["at"]) if found else (text, "")
        shown = text.lstrip("\u25b6\u25bc\u2304 ")
        # "Run ..." begins a step only where it is followed by what the page shows of one.
        if shown.startswith("Run ") and (_USES.match(shown) or any(_BLOCK.match(each) for _, each in following)):
            text = f"##[group]{shown}"
        self._take(self._job, number, text, at)


class _Act(_Reader):
    """act's output: each line begins with its job, but for those that a program broke."""

    def __init__(self, job: str = "", file: str = "") -> None:
        super().__init__(job, file)
        self._open: dict[str, list[_Open]] = {}
        self._last = ""

    def take(self, number: int, line: str, following: list[tuple[int, str]]) -> None:
        found = _ACT.match(line)
        if found is None:
            raw = _ACT_RAW.match(line)
            self._put(self._last, number, raw["text"] if raw else line, shown=raw is None)
            return
        self._last = found["job"].rpartition("/")[2].strip()
        self._take(self._last, number, found["text"])

    def _take(self, job: str, number: int, text: str) -> None:
        opened = self._open.setdefault(job, [])
        run, end, job_end = _ACT_RUN.match(text), _ACT_END.match(text), _ACT_JOB_END.match(text)
        if run:
            title = f"Post {run['title']}" if run["stage"] == "Post" else run["title"]
            if title == SET_UP:
                self._began.add(job)
            step = _Open(job, title, self._file, next((each for each in reversed(opened) if not each.outcome), None))
            opened.append(step)
            self.steps.append(step)
            step.lines.append(Line(number, text, Level.GROUP))
        elif end:
            # A step of a composite action ends before the step that uses it.
            ending = [
                each for each in opened if not each.outcome and end["title"].startswith(each.title.split("\n")[0])
            ]
            if ending:
                ending[-1].outcome = "success" if end["sign"] == "\u2705" else "failure"
        elif job_end:
            self._ended.add(job)
        else:
            raw, command = _ACT_RAW.match(text), _ACT_COMMAND.match(text)
            self._put(job, number, raw["text"] if raw else command["text"] if command else text)

    def _put(self, job: str, number: int, text: str, shown: bool = False) -> None:
        opened = self._open.get(job) or []
        step = next((each for each in reversed(opened) if not each.outcome), opened[-1] if opened else None)
        if step is None:
            step = self.steps[-1] if self.steps else _Open(job, "", self._file)
            if not self.steps:
                self.steps.append(step)
        level, words = _marked(text, shown and not re.match(r"Error: Job '.*' failed", text))
        step.lines.append(Line(number, words, level))


_READERS: dict[Form, type[_Reader]] = {Form.GH: _Tabbed, Form.JOB: _Grouped, Form.ACT: _Act, Form.PLAIN: _Plain}


def _marked(text: str, shown: bool) -> tuple[Level, str]:
    """A line's level and its words. ``shown``: GitHub's page writes a mark as a word."""
    found = _MARK.match(text) or _COMMAND.match(text) or (_SHOWN.match(text) if shown else None)
    if found is None:
        return Level.PLAIN, text
    return Level(found["mark"].lower()), found["text"].replace("%0D", "").replace("%0A", " ").replace("%25", "%")


def _action(title: str) -> str:
    found = _USES.match(title)
    return f"{found['action']}@{found['version']}" if found else ""


def one_step(numbered: Iterable[tuple[int, str]], job: str, title: str, file: str) -> Log:
    """The log of one step, where each has a file of its own."""
    reader, step = _Grouped(job, file), _Open(job, title, file)
    for number, line in numbered:
        found = _TIMED.match(clean := _clean(line))
        reader._add(step, number, (found["text"] or "") if found else clean, found["at"] if found else "")
    return Log(Form.JOB, (step.step(),), len(step.lines), False)


def join(logs: Iterable[Log], unread: Iterable[str] = ()) -> Log:
    """Several files of one run as one log, in their order."""
    parts, missing = list(logs), tuple(unread)
    steps = tuple(step for part in parts for step in part.steps)
    ends = [{step.job for step in steps if _says(step, words)} for words in (_BEGINS, _ENDS)]
    whole = bool(steps) and not missing and all({step.job for step in steps} == each for each in ends)
    return Log(parts[0].form if parts else Form.PLAIN, steps, sum(part.lines for part in parts), whole, missing)


def _says(step: Step, words: str) -> bool:
    return any(line.text.startswith(words) for line in step.lines)
