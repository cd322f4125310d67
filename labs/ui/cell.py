"""The cell magic ``%%work FILE``: the cell's body becomes a file in the trainee's folder."""

from collections.abc import Callable

from labs.errors import LabError


def register(write: Callable[[str, str], str]) -> bool:
    """Give the running IPython the magic; False outside IPython. ``write(name, text)`` returns what to print."""
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
    return True
