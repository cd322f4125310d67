"""The one error the kit shows to a person: what happened, on what, what to do next."""

from labs.printable import printable_lines


class LabError(Exception):
    """Something a trainee, an instructor or an author can fix.

    ``what`` says what happened and on what, in one sentence; ``next_step`` is the one thing to do, lower case and
    without a full stop. ``id`` is stable, in kebab-case and used in one place alone; docs/reference.md lists it.
    It is printed without a traceback, by the command line and by a notebook alike.
    """

    exit_code = 2

    def __init__(self, what: str, next_step: str = "", *, id: str) -> None:
        # Either may quote what is not ours: an answer, a file, a name.
        self.what = printable_lines(what)
        self.next_step = printable_lines(next_step)
        super().__init__(self.what)
        self.id = id

    def __str__(self) -> str:
        return f"{self.what}\nNext: {self.next_step}" if self.next_step else self.what

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: a notebook shows these lines instead of a traceback."""
        return str(self).splitlines()
