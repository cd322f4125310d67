"""The view of this moment, for who asks once: a command, a cell."""

import os
from datetime import UTC, datetime

from labs.desk.looking import Looker
from labs.desk.reading import Look, cannot_look, course, gate_names, stage_in_hand
from labs.desk.view import CourseView
from labs.errors import LabError
from labs.lesson.history import History
from labs.lesson.progress import Progress
from labs.lesson.stage import Stage
from labs.session import home as places


def view_now(in_hand: Stage | None = None) -> CourseView:
    """The view; the gates are looked at once if the stage in hand has begun and its target answers.

    LabError when the progress file is damaged. What keeps the kit from looking is CANNOT CHECK in it.
    """
    home = places.lab_home(os.environ)
    progress, looker = Progress.at(home), Looker(home)
    events = History.at(home, places.work(home)).events()
    subject = in_hand or stage_in_hand(progress, events=events)
    own = progress.of(subject.name)
    look, began = None, datetime.now(UTC)
    if own.begun and not own.passed:
        try:
            report = looker.look(subject)
        except LabError as error:
            report = cannot_look(subject, error.what, error.next_step)
        look = Look(subject.name, report, began)
    return course(
        progress,
        subject,
        look=look,
        events=events,
        gates=gate_names(subject),
        target=looker.line,
        cost=looker.cost(),
    )
