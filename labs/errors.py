"""The one error the kit shows to a person: what happened, on what, what to do next."""


class LabError(Exception):
    """Something a trainee, an instructor or an author can mend.

    ``what`` says what happened and on what, in one sentence; ``next_step`` is the one thing to do.
    It is printed without a traceback, by the command line and by a notebook alike.
    """

    exit_code = 2

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what}\nNext: {self.next_step}" if self.next_step else self.what

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: a notebook shows these lines instead of a traceback."""
        return str(self).splitlines()
