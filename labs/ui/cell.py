"""The cell magic ``%%work FILE``, and what a cell says when AWS refuses a call in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from labs.errors import LabError
from labs.failures import RAISED, explain
from labs.ui import widgets
from labs.ui.pictures import Picture


class Shown(Protocol):
    """A value with two renderings: text, and what a notebook shows in its place."""

    def as_text(self) -> str: ...

    def _repr_mimebundle_(self) -> dict[str, str]: ...


def tell(shown: Shown) -> None:
    """Show a value in the cell where widgets are wanted; else print its text."""
    Place().tell(shown)


class Place:
    """A place below the cell that shows one thing after the other; as text, each is printed."""

    def __init__(self) -> None:
        self._handle: Any = None

    def tell(self, shown: Shown) -> None:
        """Show this in place of what was there."""
        if not widgets.wanted():
            print(shown.as_text())
        elif self._handle is None:
            from IPython.display import display

            self._handle = display(shown, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown)


def register(write: Callable[[str, str], Shown], note: Callable[[LabError], Shown]) -> bool:
    """Give the running IPython the magic and the words; False outside IPython.

    ``write(name, text)`` returns what to show, ``note(error)`` how to say what went wrong.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    if shell is None:
        return False

    def work(line: str, cell: str) -> None:
        try:
            tell(write(line.strip(), cell))
        except LabError as error:
            tell(note(error))

    def said(_shell: object, _kind: type, error: Exception, _traceback: object, tb_offset: int | None = None) -> None:
        tell(note(in_words(error)))

    shell.register_magic_function(work, "cell", "work")
    shell.set_custom_exc((LabError, *RAISED, FileNotFoundError), said)
    return True


def in_words(error: Exception) -> LabError:
    """A call in a cell of the trainee's that AWS refused, or a file that is not there: a sentence, no traceback."""
    if isinstance(error, FileNotFoundError):
        return LabError(
            f"There is no file {Path(str(error.filename)).name}.", "run the cell that writes it", id="no-such-file"
        )
    return error if isinstance(error, LabError) else explain(error, "running this cell")


def show(picture: Picture) -> None:
    """Display a picture below the cell; nothing outside IPython."""
    try:
        from IPython.display import display
    except ImportError:
        return
    display(picture)  # type: ignore[no-untyped-call]


def show_html(html: str, plain: str) -> None:
    """Display a page's part below the cell, with the same as plain text beside it; outside IPython the text."""
    try:
        from IPython.display import display
    except ImportError:
        print(plain)
        return
    display({"text/html": html, "text/plain": plain}, raw=True)  # type: ignore[no-untyped-call]
