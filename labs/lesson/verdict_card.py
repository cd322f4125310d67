"""A check's report as the card that is shown: where it ended, which gates were asked, what was read."""

from collections.abc import Mapping, Sequence

from labs.errors import LabError
from labs.lesson.reads import Reads
from labs.lesson.stage import stage, stages
from labs.ui.card import Card, Fold, Note
from labs.verdict import Report

_OUT_OF_ORDER = "check.out_of_order"


def pages() -> Mapping[str, str]:
    """Every notebook and its address beside any other notebook."""
    return {each.notebook: f"{each.notebook}.ipynb" for each in stages()}


def card_of(report: Report, notes: Sequence[str] = (), reads: Reads | None = None) -> Card:
    """The card of a report. ``notes``: paragraphs below the verdict; ``reads``: the calls of the check, where heard."""
    verdict = report.verdict
    parts = verdict.parts()
    return Card(
        status=verdict.status.value,
        name=verdict.message_id,
        parts=parts,
        remark=report.remark,
        place=report.shut,
        notes=tuple(notes),
        folds=tuple(fold for fold in (_gates(report), _reads(reads)) if fold.lines),
        pages={**pages(), **_needed(report)},
    )


def _needed(report: Report) -> Mapping[str, str]:
    """The address of the notebook that must come first, by the name of its stage."""
    if report.verdict.message_id != _OUT_OF_ORDER:
        return {}
    return {each: f"{stage(each).notebook}.ipynb" for each in stage(report.stage).needs}


def _gates(report: Report) -> Fold:
    """Each gate with a word; those that were not asked are here and nowhere else in the card."""
    shut = (report.shut,) if report.shut else ()
    lines = (
        *(f"open: {name}" for name in report.open_gates),
        *(f"shut: {name}" for name in shut),
        *(f"not reached: {name}" for name in report.not_reached),
    )
    counted = ((len(report.open_gates), "open"), (len(shut), "shut"), (len(report.not_reached), "not reached"))
    return Fold("Gates: " + ", ".join(f"{count} {word}" for count, word in counted if count), lines)


def _reads(reads: Reads | None) -> Fold:
    if reads is None:
        return Fold("", ())
    count = reads.counts.total()
    return Fold(f"Calls that were read: {count}", reads.lines())


def note_of(error: LabError) -> Note:
    """What went wrong, in a frame, with its next step."""
    return Note(error.what, error.next_step, "open", pages())
