"""The cell magic ``%%work FILE``, and what a cell says when AWS refuses a call in it."""

from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from labs.errors import LabError
from labs.failures import explain
from labs.ui.pictures import Picture


def register(write: Callable[[str, str], str]) -> bool:
    """Give the running IPython the magic and the words; False outside IPython.

    ``write(name, text)`` returns what to print.
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
            print(write(line.strip(), cell))
        except LabError as error:
            print(error)

    shell.register_magic_function(work, "cell", "work")
    shell.set_custom_exc((LabError, ClientError, BotoCoreError, FileNotFoundError), _said)
    return True


def _said(_shell: object, _kind: type, error: Exception, _traceback: object, tb_offset: int | None = None) -> None:
    """A call in a cell of the trainee's that AWS refused, or a file that is not there: a sentence, no traceback."""
    if isinstance(error, FileNotFoundError):
        print(
            LabError(
                f"There is no file {Path(str(error.filename)).name}.", "run the cell that writes it", id="no-such-file"
            )
        )
        return
    print(error if isinstance(error, LabError) else explain(error, "running this cell"))


def show(picture: Picture) -> None:
    """Display a picture below the cell; nothing outside IPython."""
    try:
        from IPython.display import display
    except ImportError:
        return
    display(picture)  # type: ignore[no-untyped-call]
