"""What a notebook imports: ``from labs import lab``, then ``lab.begin("build")``.

Every function finds its state in files and in the account, never in kernel variables: a restarted kernel goes on where
it was. What goes wrong is said in a sentence or two, without a traceback. The verbs that every notebook needs are here;
the others (``lab.index``, ``lab.vpc`` ...) come from the stage in hand, or from another stage that has them. Names of
the lab are attributes (``lab.image``, ``lab.repository``, ``lab.work`` ...), and in capitals variables of shell cells
(``$IMAGE``, ``$REPOSITORY``, ``$WORK`` ...). ``lab.names()`` lists them all, and ``help(lab.check)`` explains one.
"""

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ParamSpec

from labs.desk import afresh
from labs.errors import LabError
from labs.failures import RAISED, explain
from labs.lesson import additions, cleaning, hints, reads, runner, verdict_card, work_file
from labs.lesson.bench import Bench, open_bench
from labs.lesson.history import What
from labs.lesson.stage import Stage, stage
from labs.subjects.vpc import ids, vpc_names
from labs.ui import cell, live, text, widgets
from labs.ui.card import Note
from labs.verdict import Report, Status

__all__ = [
    "begin",
    "check",
    "clean",
    "client",
    "confirm",
    "diagnose",
    "hint",
    "names",
    "predict",
    "reset",
    "solve",
    "status",
    "write",
]

# lab.<name>, whatever the stage: what reads it, and what it is.
_NAMES: dict[str, tuple[Callable[[Bench], Any], str]] = {
    "account": (lambda bench: bench.target.account, "The number of the AWS account."),
    "engine": (lambda bench: bench.engine, "What builds, pushes and runs images."),
    "identity": (lambda bench: bench.target.identity, "The ARN of who you are."),
    "image": (lambda bench: bench.image, "The local name of the image that stage 01 builds."),
    "prefix": (lambda bench: bench.target.prefix, "What the names of the lab's resources begin with."),
    "push_role_name": (lambda bench: bench.push_role, "The name of the role that pushes."),
    "python_image": (lambda bench: bench.python_image, "The base image of the app."),
    "region": (lambda bench: bench.target.region, "The AWS Region."),
    "registry": (lambda bench: bench.target.registry, "The host of the ECR registry."),
    "repository": (lambda bench: bench.repository, "The repository as image names carry it: HOST/NAME."),
    "repository_arn": (lambda bench: bench.repository_arn, "The ARN of the ECR repository."),
    "repository_name": (lambda bench: bench.repository_name, "The name of the ECR repository."),
    "tags": (lambda bench: bench.target.tags, "The tags of everything the lab creates."),
    "target": (lambda bench: bench.target, "Where the lab runs: the local AWS, or an account."),
    "work": (lambda bench: bench.work, "Your folder, $WORK."),
}

# What a stage cannot bring under a name of its own.
EVERYWHERE = frozenset({*__all__, *_NAMES})

Arguments = ParamSpec("Arguments")


class _Open:
    """What this kernel has open: the bench and the stage in hand. Both can be found again at any time."""

    bench: Bench | None = None
    stage: Stage | None = None

    def the_bench(self) -> Bench:
        if self.bench is None:
            self.bench = open_bench()
        return self.bench

    def in_hand(self) -> Stage:
        if self.stage is None:
            raise LabError(
                "No stage has begun in this notebook.", "run the first cell, lab.begin(...)", id="no-stage-in-hand"
            )
        return self.stage


_open = _Open()


def _in_sentences(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The same, but what goes wrong is printed instead of raised: a notebook shows sentences, not tracebacks."""

    @functools.wraps(function)
    def say(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            _require_call(function, *args, **kwargs)
            function(*args, **kwargs)
        except LabError as error:
            cell.tell(verdict_card.note_of(error))
        except RAISED as error:
            cell.tell(verdict_card.note_of(explain(error, f"lab.{function.__name__}() was at work")))
        except KeyboardInterrupt:
            # Raised, so that the cells that wait behind this one do not run.
            raise LabError(
                f"lab.{function.__name__}() was interrupted. What it had done by then is kept.",
                "run the cell again: it goes on from there",
                id="verb-interrupted",
            ) from None

    return say


def _require_call(function: Callable[..., None], *args: object, **kwargs: object) -> None:
    """LabError where a verb does not take these arguments."""
    signature, name = inspect.signature(function), f"lab.{function.__name__}"
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        parameters = (str(each.replace(annotation=inspect.Parameter.empty)) for each in signature.parameters.values())
        like = f"{name}({', '.join(parameters)})"
        raise LabError(f"{name}(): {error}.", f"write it like {like}", id="verb-called-otherwise") from None


def _with_bench(verb: additions.Verb) -> Callable[..., None]:
    """A stage's verb without its first parameter, the bench."""

    @functools.wraps(verb)
    def given(*args: Any, **kwargs: Any) -> None:
        verb(_open.the_bench(), *args, **kwargs)

    signature = inspect.signature(verb)
    given.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    return _in_sentences(given)


@_in_sentences
def begin(name: str) -> None:
    """Begin a stage or take it up again: connect, find the engine, restore the files, say what is missing.

    Example: ``lab.begin("push-denied")``
    """
    _open.bench, _open.stage = None, stage(name)
    bench = _open.bench = open_bench()
    os.environ.update(bench.shell())
    cell.register(_write, verdict_card.note_of)
    subject = _open.stage
    target = bench.target
    print(f"{subject.notebook}  {subject.title}\n")
    facts = {
        "Time": f"about {subject.minutes} min",
        "Cost": subject.cost,
        "Target": f"{target.name}: account {target.account}, region {target.region}",
        "You are": target.identity,
        "Engine": bench.engine.line,
        "Work": str(bench.work),
    }
    begun = runner.begin(subject.name, bench)
    print(text.facts(facts | begun.facts))
    if not target.confirmed:
        print(f"\nNothing is created before you confirm this account: lab.confirm({target.account!r}).")
    if begun.missing:
        first, last = stage(begun.missing[0]).notebook, begun.missing[-1]
        verb = "has" if len(begun.missing) == 1 else "have"
        print(f"\nNot yet: {subject.notebook} needs {text.series(begun.missing)}, which {verb} not been passed.")
        print(f'Next: open {first}, or catch up with lab.solve("{last}") and run this cell again')
        return
    progress = bench.progress.of(subject.name)
    print("\nAlready passed; everything below still works." if progress.passed else "\nReady.")
    # Where the course panel is beside the notebook, it shows the same.
    if widgets.wanted() and not os.environ.get("LAB_PANEL"):
        _show_status(subject)


@_in_sentences
def status() -> None:
    """Where you are in the course: stages, gates of the stage in hand, cost so far, the next step. It only looks.

    Example: ``lab.status()``
    """
    _show_status(_open.stage)


def _show_status(subject: Stage | None) -> None:
    # A cell that does not ask for it does not import it.
    from labs.desk.asking import view_now
    from labs.desk.page import as_html
    from labs.desk.view import as_text

    view = view_now(subject)
    cell.show_html(as_html(view), as_text(view)) if widgets.wanted() else print(as_text(view))


@_in_sentences
def check(until: str = "") -> None:
    """Check the stage in hand and say what was found; after the same answer three times a hint offers itself.

    ``until``: the gate as far as which to look, for a part of the stage.

    Example: ``lab.check()``
    """
    bench, subject, place = _open.the_bench(), _open.in_hand(), cell.Place()

    def say(line: str) -> None:
        place.tell(Note(line))

    with reads.heard(bench) as (heard, found):
        if until:
            report = runner.check_part(subject.name, until, heard, say=say)
        else:
            report = runner.check_and_record(subject.name, heard, say=say)
    whole = report.verdict.passed and not until
    notes = [_settled(subject, bench.progress.of(subject.name).prediction)] if whole else []
    wrong = report.verdict.status not in (Status.PASS, Status.CANNOT_CHECK)
    notes += [hints.offer(subject, bench)] if wrong else []
    place.tell(verdict_card.card_of(report, [note for note in notes if note], found))
    if wrong and widgets.wanted():
        widgets.hint_button(hint)


def _settled(subject: Stage, predicted: str) -> str:
    """The prediction held against what happened; without one, nothing is said."""
    asked = subject.prediction
    if predicted not in asked.options:
        return ""
    answer = "That was right." if predicted == asked.right else f"In fact: {asked.options[asked.right]}."
    return f"You predicted: {asked.options[predicted]}.\n{answer} {asked.why}"


@_in_sentences
def hint() -> None:
    """The next hint for what the last check found: look, idea, where, a similar case, and at last the solution.

    Example: ``lab.hint()``
    """
    cell.tell(Note(text.wrapped(hints.next_hint(_open.in_hand(), _open.the_bench()))))


@_in_sentences
def predict(answer: str = "") -> None:
    """Say what you expect before you try; without an answer: the question and the answers there are.

    Example: ``lab.predict("layer")``
    """
    bench, subject = _open.the_bench(), _open.in_hand()
    asked = subject.prediction
    given = str(answer).strip()
    if not given:
        print(text.wrapped(asked.question))
        print(text.facts({f'  "{word}"': meaning for word, meaning in asked.options.items()}))
        if widgets.wanted():
            widgets.choice(asked.options, predict)
        return
    if given not in asked.options:
        known = text.series(tuple(f'"{word}"' for word in asked.options), last="or")
        raise LabError(f'"{answer}" is not one of the answers.', f"predict {known}", id="not-an-answer")
    progress = bench.progress.of(subject.name)
    bench.progress.put(subject.name, replace(progress, prediction=given))
    bench.history.add(subject.name, What.PREDICTED, word=given)
    print(f"You predict: {asked.options[given]}.\nNow try it: what happens decides.")


@_in_sentences
def solve(name: str = "") -> None:
    """Do a stage as the solution would, and those before it that are not passed; for latecomers.

    What you have made in that stage goes, where it stands in the way.

    Example: ``lab.solve("push-fixed")``
    """
    bench = _open.the_bench()
    subject = stage(name) if name else _open.in_hand()
    with live.watched(f"Solving {subject.notebook}") as work:

        def told(name: str, report: Report | None) -> None:
            if report is None:
                work.phase(f"{name}: at work")
            else:
                work.line(f"{name}: {report.verdict.status.value}")
                if not report.verdict.passed:
                    work.missed()

        reports = runner.solve(subject.name, bench, told)
    for report in reports:
        if not report.verdict.passed:
            cell.tell(verdict_card.card_of(report))


@_in_sentences
def reset(name: str = "") -> None:
    """Undo a stage and those that build on it. Your files of these stages are taken away, too.

    Its notebook on your desk begins anew; the old one is kept beside it, with the day's date.

    Example: ``lab.reset("push-denied")``
    """
    bench = _open.the_bench()
    subject = stage(name) if name else _open.in_hand()
    again = afresh.begin_again((subject,), bench)
    print(afresh.told(again))
    if _open.stage is not None and _open.stage.name in again.undone:
        runner.begin(_open.stage.name, bench)


@_in_sentences
def confirm(account: str = "") -> None:
    """Confirm the account by its number: on real AWS nothing is created before.

    Example: ``lab.confirm("111122223333")``
    """
    bench = _open.the_bench()
    runner.confirm(bench.target, str(account))
    print(f"Confirmed: account {bench.target.account}." if account else "No number yet.")


@_in_sentences
def diagnose(name: str = "") -> None:
    """Why a task did not start or would not: a task, a service or a definition; without a name what needs it most.

    Example: ``lab.diagnose()``
    """
    # A quarter of what importing lab would take, and few cells ask.
    from labs.account.case import Place
    from labs.account.report import report
    from labs.account.survey import clients_of, look, where

    bench = _open.the_bench()
    groups = ids.group_ids(bench)
    tasks_group = (groups[vpc_names.TASKS],) if vpc_names.TASKS in groups else None
    place = Place(tuple(ids.subnet_ids(bench)), tasks_group)
    print(report(look(clients_of(bench.target), where(bench.target, "", place), name)))


@_in_sentences
def clean() -> None:
    """Remove everything that the lab created in this account, and only that; print the receipt.

    Example: ``lab.clean()``
    """
    bench = _open.the_bench()
    with live.watched("Taking back what the lab made", cleaning.remaining(bench)) as work:
        receipt = cleaning.clean(bench, lambda line: work.line(line, counts="  waiting " not in line))
    print(receipt)


def client(service: str) -> Any:
    """A boto3 client of the target; what it creates is named, tagged and written to the ledger first.

    Example: ``lab.client("ecs").list_clusters()``
    """
    return _open.the_bench().client(service)


@_in_sentences
def names() -> None:
    """The names and verbs of ``lab``, and what each is.

    Example: ``lab.names()``
    """
    own = {name: _in_short(globals()[name]) for name in __all__}
    print(text.facts({f"lab.{name}()": line for name, line in sorted((own | _lines(additions.verbs())).items())}))
    print()
    read = {name: line for name, (_, line) in _NAMES.items()} | _lines(additions.names())
    print(text.facts({f"lab.{name}": line for name, line in sorted(read.items())}))


def _lines(found: dict[str, Callable[..., Any]]) -> dict[str, str]:
    return {name: _in_short(each) for name, each in found.items()}


def _in_short(explained: object) -> str:
    """The first line of its docstring."""
    return (inspect.getdoc(explained) or "").partition("\n")[0]


@_in_sentences
def write(name: str, content: str) -> None:
    """What ``%%work NAME`` does: write a file in ``$WORK``; in a .json file ``$REPOSITORY_ARN`` is filled in.

    Example: ``lab.write("notes.txt", "the seventh action")``
    """
    cell.tell(_write(name, content))


def _write(name: str, content: str) -> cell.Shown:
    # A policy's reader and analysis are loaded by the first cell that writes one.
    from labs.subjects.policies import written_cell

    bench = _open.the_bench()
    file = work_file.write(bench, name, content)
    where = written_cell.Where(bench.target.account, bench.target.region)
    reviewed = written_cell.review(file.said, file.text, file.before, where) if file.is_json else None
    return reviewed or Note(file.said)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return _NAMES[name][0](_open.the_bench())
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    verb = additions.verb(name, _open.stage)
    if verb is not None:
        return _with_bench(verb)
    read = additions.read(name, _open.stage)
    if read is not None:
        return read(_open.the_bench())
    raise AttributeError(f"lab has no '{name}'; its names are: {', '.join(__dir__())}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_NAMES, *additions.verbs(), *additions.names()})
