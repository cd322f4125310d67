"""The watcher: keeps the view of the course true while somebody looks at it, in a process of its own.

It is asked over its standard input, one JSON object a line, and answers each with one on its standard output; it ends
when the input does. It only reads, except for the three buttons (``labs.desk.buttons``). A look at the gates has a
thread of its own, so that one that hangs keeps no answer back.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from labs.desk import changes, copies, pace
from labs.desk.reading import Look, cannot_look, course, gate_names, stage_in_hand
from labs.desk.view import ActionView, as_json
from labs.errors import LabError
from labs.ledger.lab_account import TargetName
from labs.lesson.history import Happened, History
from labs.lesson.progress import Progress
from labs.lesson.stage import Stage, catalogue, stage
from labs.verdict import Status

if TYPE_CHECKING:
    from labs.desk.looking import Looker

# Who has not asked for so long does not look any more.
WATCHED_S = 6.0
TICK_S = 0.5
COST_EVERY_S = 30.0
# From here on a look that has not ended is told of.
SLOW_S = 5.0
# When the input has ended, a button's work is given this long to end by itself.
FINISH_S = 20.0
BUTTONS = ("check", "hint", "reset")


class Watcher:
    """What is known of the course. ``answer`` never waits; ``watch`` is the thread that looks."""

    def __init__(self, home: Path, env: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self.home, self.env, self.clock = home, env, clock
        self.progress = Progress.at(home)
        self._history = Remembered(home)
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._asked_s = clock()
        self._notebook = ""
        self._in_hand: Stage | None = None
        self._gates: dict[str, tuple[str, ...]] = {}
        self._looks: dict[str, Look] = {}
        self._looked: dict[str, pace.Looked] = {}
        self._began_s: float | None = None
        self._cost, self._cost_s = "", -COST_EVERY_S
        self._target = "the local AWS" if env.get("LAB_TARGET", "").strip().lower() != "aws" else "AWS"
        self._action: ActionView | None = None
        self._worker: threading.Thread | None = None

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """``{"view": ..., "pages": ...}``, ``{"started": true}``, or ``{"what": ..., "next": ...}`` for what cannot be.

        ``pages``: when each notebook of the desk was begun anew.
        """
        try:
            if "do" in request:
                return self._start(str(request["do"]), stage(str(request.get("stage", ""))))
            return {"view": self._view(str(request.get("notebook", ""))), "pages": copies.begun_anew(self.home)}
        except LabError as error:
            return {"what": error.what, "next": error.next_step}

    def _view(self, notebook: str) -> dict[str, Any]:
        now_s = self.clock()
        with self._lock:
            events = self._history.events()
            in_hand = stage_in_hand(self.progress, notebook, events)
            self._asked_s, self._notebook, self._in_hand = now_s, notebook, in_hand
            view = course(
                self.progress,
                in_hand,
                look=self._looks.get(in_hand.name),
                events=events,
                gates=self._gates.get(in_hand.name, ()),
                target=self._target,
                cost=self._cost,
                remark=self._remark(now_s),
                action=self._action,
            )
        self._asked.set()
        return as_json(view)

    def _remark(self, now_s: float) -> str:
        began_s = self._began_s
        if began_s is None or now_s - began_s < SLOW_S:
            return ""
        return f"a look that began {now_s - began_s:.0f} s ago has not ended"

    # --- the buttons

    def _start(self, name: str, subject: Stage) -> dict[str, Any]:
        if name not in BUTTONS:
            raise LabError(
                f"The panel has no button '{name}'.", f"use one of: {', '.join(BUTTONS)}", id="no-such-button"
            )
        with self._lock:
            if self._action is not None and self._action.at_work:
                raise LabError(
                    f"The panel's {self._action.name} is still at work.", "wait until it has ended", id="button-at-work"
                )
            number = self._action.number + 1 if self._action is not None else 1
            self._action = ActionView(name, subject.name, number, True)
        self._worker = threading.Thread(target=self._press, args=(name, subject, number), daemon=True)
        self._worker.start()
        return {"started": True}

    def _press(self, name: str, subject: Stage, number: int) -> None:
        # It brings boto3: the watcher's first answer does not wait for that.
        from labs.desk import buttons

        report, began = None, datetime.now(UTC)
        try:
            report, lines = buttons.press(name, subject)
        except LabError as error:
            lines = tuple(str(error).splitlines())
        except Exception as error:  # noqa: BLE001  (a fault of the kit; the panel says so, the log keeps the rest)
            lines = _fault(error)
        with self._lock:
            self._action = ActionView(name, subject.name, number, False, lines)
            if name == "reset":
                self._looks, self._looked = {}, {}
            if report is not None:
                self._looks[subject.name] = Look(subject.name, report, began)
        self._asked.set()

    # --- the looks

    def watch(self) -> None:
        """Look, as long as somebody looks at the view. A thread's whole life."""
        from labs.desk.looking import Looker

        looker = Looker(self.home)
        while True:
            self._asked.wait()
            if self.clock() - self._asked_s > WATCHED_S:
                self._asked.clear()
                continue
            try:
                self._tick(looker)
            except Exception as error:  # noqa: BLE001  (whatever it is, the panel goes on, and says that it cannot look)
                _fault(error)
                time.sleep(TICK_S)
            time.sleep(TICK_S)

    def _tick(self, looker: "Looker") -> None:
        subject = self._in_hand or stage_in_hand(self.progress, self._notebook)
        if subject.name not in self._gates:
            self._gates[subject.name] = gate_names(subject)
        if self.clock() - self._cost_s >= COST_EVERY_S:
            self._cost, self._cost_s = looker.cost(), self.clock()
        own = self.progress.of(subject.name)
        if not own.begun or own.passed:
            # What has passed is not asked again: a later stage, or the cleaning, has changed it rightly.
            self._looks.pop(subject.name, None)
            return
        paces = pace.ON_AWS if looker.target is TargetName.AWS else pace.LOCAL
        last = self._looked.get(subject.name)
        changed = looker.changed(paces.changed_s, self.clock())
        if changed:
            self._cost_s = -COST_EVERY_S
            last = pace.unrest(last) if last is not None else None
        if pace.due(paces, last, self.clock(), changed=looker.unseen(subject.name)):
            self._look(looker, subject, last)

    def _look(self, looker: "Looker", subject: Stage, last: pace.Looked | None) -> None:
        began_s, began = self.clock(), datetime.now(UTC)
        self._began_s = began_s
        try:
            report = looker.look(subject)
        except LabError as error:
            report = cannot_look(subject, error.what, error.next_step)
        except Exception as error:  # noqa: BLE001  (a fault of the kit is CANNOT CHECK, never the trainee's)
            report = cannot_look(subject, *_fault(error))
        finally:
            self._began_s = None
        ended_s = self.clock()
        before = self._looks.get(subject.name)
        same = before is not None and str(before.report) == str(report) and last is not None
        waits = catalogue().messages[report.verdict.message_id].waits
        with self._lock:
            self._looks[subject.name] = Look(subject.name, report, began)
            self._looked[subject.name] = pace.after(
                last, ended_s=ended_s, took_s=ended_s - began_s, same=same, waits=waits
            )
            self._target = looker.line
        if report.verdict.status is Status.CANNOT_CHECK:
            looker.forget()

    def finish(self) -> None:
        """Let a button's work end, within bounds."""
        if self._worker is not None:
            self._worker.join(FINISH_S)


class Remembered:
    """The history, read anew when its file has changed; without the trainee's files, which nothing here needs."""

    def __init__(self, home: Path) -> None:
        self._history = History.at(home, home)
        self._stamp: changes.Stamp = ()
        self._events: tuple[Happened, ...] = ()

    def events(self) -> tuple[Happened, ...]:
        """All of it. LabError when the file is not ours."""
        stamp = changes.of_file(self._history.path)
        if stamp != self._stamp:
            self._events = tuple(replace(each, files={}) for each in self._history.events())
            self._stamp = stamp
        return self._events


def _fault(error: Exception) -> tuple[str, str]:
    """What and what next of a fault of the kit; its traceback goes to the log."""
    traceback.print_exception(error)
    return f"The kit met a fault of its own: {type(error).__name__}.", "check in the notebook: lab.check()"


def serve(requests: IO[str], answers: IO[str], watcher: Watcher) -> None:
    """Answer each line until the input ends."""
    threading.Thread(target=watcher.watch, daemon=True).start()
    for line in requests:
        number: object = None
        try:
            request = json.loads(line)
            number = request["n"]
            answer = watcher.answer(request)
        except (ValueError, TypeError, KeyError):
            answer = {"what": "That is no question for the watcher.", "next": "send one JSON object a line, with n"}
        except Exception as error:  # noqa: BLE001  (a fault of the kit is an answer, too)
            what, next_step = _fault(error)
            answer = {"what": what, "next": next_step}
        answers.write(json.dumps({"n": number} | answer) + "\n")
        answers.flush()
    watcher.finish()


def main(home: Path) -> None:
    """Serve on this process's streams. What anything else prints goes to the log, never among the answers."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        serve(sys.stdin, answers, Watcher(home, os.environ))
    # A look that hangs must not keep the process.
    sys.stdout.flush()
    os._exit(0)
