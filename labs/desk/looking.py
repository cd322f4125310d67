"""One who looks at the gates for the watcher: connected to the target while it is there, starting nothing."""

import os
from pathlib import Path
from typing import Any

from labs.desk import changes, spending
from labs.failures import RAISED, explain
from labs.ledger.lab_account import TargetName
from labs.lesson import runner
from labs.lesson.bench import Bench, open_bench
from labs.lesson.stage import Stage
from labs.session import home as places
from labs.session import local
from labs.session.target import target_name
from labs.verdict import Report


class Looker:
    """The bench of the watcher's looks, and what had changed when it looked last."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.target = target_name(os.environ)
        self._bench: Bench | None = None
        self._cloud: changes.Stamp = ()
        self._state: tuple[object, ...] = ()
        self._event = ""
        self._event_s = float("-inf")
        self._seen: dict[str, tuple[object, ...]] = {}

    @property
    def line(self) -> str:
        """The target in a few words."""
        name = "AWS" if self.target is TargetName.AWS else "the local AWS"
        target = self._bench.target if self._bench is not None else None
        return f"{name}, account {target.account}, {target.region}" if target is not None else name

    def cost(self) -> str:
        """What the lab has cost so far, in one line."""
        return spending.so_far(self.home, self.target, os.environ)

    def changed(self, event_every_s: float, now_s: float) -> bool:
        """Whether files or the account have changed since this was asked last; the trail is asked so often at most."""
        if self._bench is not None and now_s - self._event_s >= event_every_s:
            self._event_s = now_s
            try:
                self._event = changes.newest_write(self._trail())
            except RAISED:
                # The look itself says what is wrong; a trail that may not be read changes nothing.
                self._event_s = now_s + 60.0
        before, self._state = self._state, (changes.of_files(self.home, places.work(self.home)), self._event)
        return before != self._state

    def unseen(self, name: str) -> bool:
        """Whether something has changed since the last look at this stage."""
        return self._seen.get(name) != self._state

    def look(self, subject: Stage) -> Report:
        """One pass through the gates, which runs nothing. LabError when the target or the engine is not there."""
        # Before the look: what changes meanwhile is looked at again.
        self._seen[subject.name] = self._state
        return runner.look(subject, self._open())

    def forget(self) -> None:
        """Connect anew next time."""
        self._bench = None

    def _trail(self) -> Any:
        assert self._bench is not None, "asked only with a bench"
        return self._bench.reader("cloudtrail")

    def _open(self) -> Bench:
        cloud = changes.of_file(places.cloud_file(self.home))
        if self._bench is not None and cloud == self._cloud:
            return self._bench
        if self.target is TargetName.LOCAL:
            # A look does not start what the trainee has stopped.
            local.running_cloud(home=self.home)
        self._cloud = cloud
        try:
            self._bench = open_bench()
        except RAISED as error:
            raise explain(error, "connecting to the target") from error
        return self._bench
