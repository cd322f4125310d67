"""A new stage: its folder from ``stage_template/``, and its notebooks. What it writes works as it is.

The template is a small stage of its own (a log group with a retention), to be changed file by file.
"""

import keyword
from dataclasses import dataclass
from pathlib import Path

import nbformat

from labs.errors import LabError
from labs.lesson import notebooks
from labs.lesson.stage import FOLDER, Stage, stages
from labs.lesson.stage_file import NAME
from labs.session.home import checkout

TEMPLATE = Path(__file__).with_name("stage_template")
_LONGEST = 30


@dataclass(frozen=True)
class NewStage:
    """What ``labs stage new`` wrote: the folder, the notebooks, and the stage's number and names."""

    name: str
    order: int
    folder: Path
    notebook: str

    @property
    def python(self) -> str:
        """The name as Python writes it."""
        return self.name.replace("-", "_")

    def filled(self, text: str) -> str:
        """A template's text with the stage's names in it."""
        title = self.name.replace("-", " ").capitalize()
        for mark, value in {
            "@NAME@": self.name,
            "@FOLDER@": self.folder.name,
            "@PYTHON@": self.python,
            "@ID@": self.name.replace("-", "."),
            "@ORDER@": str(self.order),
            "@NOTEBOOK@": self.notebook,
            "@TITLE@": title,
        }.items():
            text = text.replace(mark, value)
        return text


def new(name: str, order: int | None = None) -> NewStage:
    """Write the folder and its notebooks. LabError when the name or the number cannot be had, or files are there."""
    if not (checkout() / notebooks.SOLVED).is_dir():
        raise LabError(
            "A stage is written in a checkout of the kit, and this is an installed package.",
            "clone the repository and run it there",
            id="stage-new-needs-checkout",
        )
    _check_name(name)
    number = _order(order)
    made = NewStage(name, number, FOLDER / name.replace("-", "_"), f"{number:02}-{name}")
    solved = checkout() / notebooks.SOLVED / f"{made.notebook}.ipynb"
    there = next((path for path in (made.folder, solved) if path.exists()), None)
    if there is not None:
        raise LabError(
            f"{there.name} is there already.", "choose another name, or take it away", id="stage-files-in-the-way"
        )
    for path in sorted(TEMPLATE.rglob("*.txt")):
        file = made.folder / path.relative_to(TEMPLATE).with_suffix("")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(made.filled(path.read_text("utf-8")), "utf-8")
    notebooks.write(solved, _solved(made))
    for folder in (notebooks.TRAINEE, notebooks.UNSOLVED):
        notebooks.write(checkout() / folder / solved.name, notebooks.trainee(notebooks.read(solved)))
    return made


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or len(name) > _LONGEST:
        raise LabError(
            f"'{name}' cannot be the name of a stage: lower-case letters and digits, with hyphens between words, "
            f"at most {_LONGEST} characters.",
            "choose a name like: tag-rules",
            id="stage-name-malformed",
        )
    if keyword.iskeyword(name) or name in ("test", "tests", "template"):
        raise LabError(
            f"'{name}' cannot be the name of a stage: Python uses it.", "choose another name", id="stage-name-reserved"
        )
    taken = [each.name for each in stages() if name in (each.name, each.folder.name)]
    if taken:
        raise LabError(
            f"There is a stage '{name}' already.", "choose another name, or change that one", id="stage-name-taken"
        )


def _order(wanted: int | None) -> int:
    """The number that was asked for, else the first free one after the stages that make something."""
    taken = {each.order: each for each in stages()}
    if wanted is None:
        last = max((each.order for each in stages() if not each.lasting), default=-1)
        return next(number for number in range(last + 1, 100) if number not in taken)
    if not 0 <= wanted < 100:
        raise LabError(f"{wanted} cannot be the number of a stage.", "use 0 to 99", id="stage-order-out-of-range")
    if wanted in taken:
        raise LabError(
            f"Number {wanted} is already that of {taken[wanted].name}.",
            "leave --order out, or give that stage another number first",
            id="stage-order-not-free",
        )
    return wanted


def _solved(made: NewStage) -> object:
    """The solved notebook, not executed yet; an answer carries what a trainee finds in its place."""
    verb, group = f"lab.{made.python}()", f"lab.{made.python}_log_group"
    title = made.filled("@TITLE@")
    task = f'logs = lab.client("logs")\nknown = logs.describe_log_groups(logGroupNamePrefix={group})["logGroups"]'
    answer = (
        f"{task}\nif not known:\n    logs.create_log_group(logGroupName={group})\n"
        f"logs.put_retention_policy(logGroupName={group}, retentionInDays=7)\nprint({group})"
    )
    cells = [
        _text("title", f"# {title}\n\nWhat this notebook is about, and what you will be able to say at its end."),
        _code("begin", f'from labs import lab\n\nlab.begin("{made.name}")'),
        _text("predict-text", "## Predict\n\nWhat happens if nobody says how long a log group keeps its lines?"),
        _code("predict", 'lab.predict("always")', "lab.predict()"),
        _text("task-text", f"## The task\n\nMake the log group `{group}`, and let it forget after 7 days."),
        _code("task", answer, f"{task}\n# Make it, unless it is known; then set its retention."),
        _text("look-text", "## Look at what is there"),
        _code("look", verb),
        _text("check-text", "## Check"),
        _code("check", "lab.check()"),
    ]
    made_of = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    made_of.metadata = notebooks.METADATA
    return made_of


def _text(id: str, source: str) -> object:
    return nbformat.v4.new_markdown_cell(source, id=id)  # type: ignore[no-untyped-call]


def _code(id: str, source: str, placeholder: str = "") -> object:
    cell = nbformat.v4.new_code_cell(source, id=id)  # type: ignore[no-untyped-call]
    if placeholder:
        cell.metadata = {"tags": [notebooks.ANSWER], "placeholder": placeholder}
    return cell


def written(made: NewStage) -> Stage:
    """The stage as it is found from now on."""
    stages.cache_clear()
    return next(each for each in stages() if each.name == made.name)
