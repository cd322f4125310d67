"""The command line: the installed ``labs``, ``python -m labs``, and this file by its path."""

# Not ``signal``: a Ctrl-C could fall into what that one imports. typeshed has no stub of what it is made of.
import _signal  # type: ignore[import-not-found]
import os
import sys


def main() -> int:
    """``labs``: the exit code. Until there is somebody to hear it, Ctrl-C ends the process without a traceback."""
    _in_utf8()
    heard = _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler
    if heard:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from labs.cli import main as command_line

    if heard:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    return command_line()


def _in_utf8() -> None:
    """Begin anew in Python's UTF-8 mode where the locale has another encoding: a folder may have any name (PEP 540)."""
    if sys.getfilesystemencoding() != "utf-8":
        words = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        os.execve(sys.executable, words, {**os.environ, "PYTHONUTF8": "1"})


def _this_package() -> None:
    """Make ``labs`` the package that this file lies in; no folder of its comes onto ``sys.path`` for that."""
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    folder = Path(__file__).resolve().parent
    spec = spec_from_file_location("labs", folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules["labs"] = package = module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # -m puts the current folder first, a path the file's own: the rest is not imported from there.
        del sys.path[0]
    if not __package__:
        _this_package()
    sys.exit(main())
