"""``labs ...``: the table of commands, in groups; each is loaded only when it is called."""

import argparse
import contextlib
import errno
import importlib
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol, cast

from labs.errors import LabError
from labs.printable import printable


class Command(Protocol):
    """What the module behind a command offers."""

    # Both stand in its help and in docs/reference.md: command lines and what each does; what its exit codes say.
    EXAMPLES: Mapping[str, str]
    EXITS: Mapping[int, str]

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


class Listed(NamedTuple):
    """A command in the table: its module, and one line of help."""

    module: str
    line: str


GROUPS: Mapping[str, Mapping[str, Listed]] = {
    "start": {
        "start": Listed("labs.commands.start", "start the local AWS and JupyterLab, and print the URL"),
        "stop": Listed("labs.commands.stop", "stop the local AWS that a notebook or a command left running"),
        "doctor": Listed("labs.commands.doctor", "say what this machine has and what to fix"),
        "base": Listed("labs.commands.base", "put the base image into the local registry"),
        "completion": Listed("labs.commands.completion", "print a script that lets the Tab key complete labs"),
    },
    "stages": {
        "status": Listed("labs.commands.status", "say where you are in the course, and what is next"),
        "check": Listed("labs.commands.check", "check a stage and print the verdict"),
        "hint": Listed("labs.commands.hint", "give the next hint for what the last check found"),
        "solve": Listed("labs.commands.solve", "do a stage as the solution would"),
        "reset": Listed("labs.commands.reset", "undo a stage and those that build on it, after asking"),
        "report": Listed("labs.commands.report", "write down what you did: what failed, what fixed it, how long"),
        "course": Listed("labs.commands.course", "run the solved course without a browser, print its table"),
    },
    "the pipeline": {
        "workflow": Listed("labs.commands.workflow", "run a GitHub Actions workflow here, or show the last run"),
    },
    "diagnosis": {
        "diagnose": Listed("labs.commands.diagnose", "say why a task, a service or a run of GitHub Actions fails"),
        "policy": Listed("labs.commands.policy", "say what a policy may ever allow, or how two differ"),
        "reach": Listed("labs.commands.reach", "say whether a network interface reaches a host, hop by hop"),
    },
    "other tools on the local AWS": {
        "env": Listed("labs.commands.env", "print the variables that point a shell at the local AWS"),
        "login-password": Listed("labs.commands.login_password", "print a registry password for docker login"),
        "watch": Listed("labs.commands.watch", "answer JupyterLab's course panel: JSON lines in and out"),
        "docker": Listed("labs.commands.docker", "the embedded engine behind the docker command"),
        "cloud": Listed("labs.commands.cloud", "serve the local AWS until SIGTERM"),
    },
    "real AWS": {
        "confirm": Listed("labs.commands.confirm", "say which AWS account the lab may use, by its number"),
        "clean": Listed("labs.commands.clean", "remove what the lab created, and only that"),
        "sweep": Listed("labs.commands.sweep", "list or delete what labs have forgotten in the account"),
    },
    "for authors": {
        "stage": Listed("labs.commands.stage", "write a new stage that works, or look a stage over"),
        "facts": Listed("labs.commands.facts", "list what the course says about AWS, with sources and age"),
        "docs": Listed("labs.commands.docs", "write the generated parts of docs/, or compare them"),
        "notebooks": Listed("labs.commands.notebooks", "generate notebooks/ from solutions/, and run them"),
    },
}
COMMANDS: Mapping[str, Listed] = {name: each for group in GROUPS.values() for name, each in group.items()}
EXAMPLES: Mapping[str, str] = {
    "labs start": "begin: a URL for the browser",
    "labs check build": "the verdict of a stage, and what to do next",
    "labs diagnose": "what most needs a look in the lab's cluster",
    "labs help reach": "one command, explained",
}
# Wide enough for every line, on the narrowest terminal that people use.
WIDTH = 80


class HelpFormatter(argparse.HelpFormatter):
    """Never wider than 80 columns; an epilog keeps its lines."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._width = min(self._width, WIDTH - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """One command's parser: options are spelled out, and what is mistyped gets a suggestion."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, formatter_class=HelpFormatter, allow_abbrev=False)

    def parse_args(self, args: Iterable[str] | None = None, namespace: None = None) -> argparse.Namespace:  # type: ignore[override]
        """As argparse, but an unknown option is named with the one that was probably meant."""
        found, unknown = self.parse_known_args(None if args is None else list(args), namespace)
        if unknown:
            known = [option for action in self._actions for option in action.option_strings]
            typed = next((each for each in unknown if each.startswith("-")), unknown[0])
            self.refuse(f"unrecognized arguments: {' '.join(unknown)}", _nearest(typed.partition("=")[0], known))
        return found

    def _print_message(self, message: str, file: Any = None) -> None:
        """As argparse, but what cannot be written is not passed over."""
        if message:
            (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Usage, the message, and where the options are explained; exit code 2."""
        self.refuse(message, "")

    def refuse(self, message: str, meant: str) -> NoReturn:
        """``error`` with a suggestion, where there is one."""
        self.print_usage(sys.stderr)
        next_step = f"did you mean {meant}? " if meant else ""
        self.exit(2, f"{self.prog}: error: {message}\nNext: {next_step}{self.prog} --help explains it\n")


def load(name: str) -> Command:
    """The module behind a command."""
    return cast(Command, importlib.import_module(COMMANDS[name].module))


def parser_of(name: str) -> Parser:
    """A command's parser, with its examples at the end of its help."""
    command = load(name)
    line = COMMANDS[name].line
    parser = Parser(f"labs {name}", f"{line[0].upper()}{line[1:]}.")
    command.add_arguments(parser)
    exits = ["exit codes:", *(f"  {code}  {says}" for code, says in command.EXITS.items()), ""]
    prose = [*textwrap.wrap(parser.epilog, WIDTH - 2), ""] if parser.epilog else []
    parser.epilog = "\n".join([*prose, *exits, *_shown(command.EXAMPLES)])
    return parser


def actions_of(name: str) -> Sequence[argparse.Action]:
    """The options and arguments of a command, in the order in which its help shows them."""
    return parser_of(name)._actions


def overview() -> str:
    """``labs --help``: every command, in groups."""
    wide = max(map(len, COMMANDS))
    lines = [
        "usage: labs COMMAND [options]",
        "",
        "The Fargate Lab Kit: AWS's ECR, IAM, VPC and Fargate, on this machine.",
        "",
    ]
    for title, group in GROUPS.items():
        lines += [f"{title}:", *(f"  {name:{wide}}  {each.line}" for name, each in group.items()), ""]
    lines += [*_shown(EXAMPLES), "", "labs help COMMAND explains a command, labs --version says which kit this is."]
    return "\n".join(lines)


def _shown(examples: Mapping[str, str]) -> list[str]:
    """Each example with what it does behind it, or under it where one of them is too long for that."""
    wide = max(map(len, examples))
    beside = [f"  {command:{wide}}  {does}" for command, does in examples.items()]
    if max(map(len, beside)) <= WIDTH - 2:
        return ["examples:", *beside]
    return ["examples:", *(line for command, does in examples.items() for line in (f"  {command}", f"      {does}"))]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 not passed, 2 cannot, 130 interrupted."""
    if sys.platform == "win32":
        from labs.bootstrap import refuse_windows

        return refuse_windows()
    words = list(sys.argv[1:] if argv is None else argv)
    return _guard(lambda: _run(words), words)


def _run(words: list[str]) -> int:
    name, *rest = words or ["help"]
    if name == "docker":
        # The embedded engine reads docker's own words; argparse must not see them.
        module = importlib.import_module(COMMANDS["docker"].module)
        return cast(int, module.docker(rest))
    if name == "--version":
        from labs.version import kit_version

        print(f"labs {kit_version()} (the Fargate Lab Kit)")
        return 0
    if name in ("help", "-h", "--help"):
        if not rest or rest[0] in ("help", "-h", "--help"):
            print(overview())
        else:
            parser_of(_known(rest[0])).print_help()
        return 0
    parser = parser_of(_known(name))
    return load(name).run(parser.parse_args(rest))


def _known(name: str) -> str:
    """``name`` if it is a command; else the commands, the one that was probably meant, and exit code 2."""
    if name in COMMANDS:
        return name
    meant = _nearest(name, ["--version", "--help", "help", *COMMANDS])
    lines = ["usage: labs COMMAND [options]", f"labs: error: there is no command {name!r}"]
    lines.append(f"Next: {f'did you mean labs {meant}? ' if meant else ''}labs help lists the commands")
    print("\n".join(lines), file=sys.stderr)
    raise SystemExit(2)


def _nearest(typed: str, known: Sequence[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(typed.lower(), known, n=1)), "")


def _written(call: Callable[[], int]) -> int:
    """The command's exit code, once all that it printed has left; what cannot leave is not tried again at the end."""
    try:
        try:
            return call()
        finally:
            sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _guard(call: Callable[[], int], words: Sequence[str]) -> int:
    try:
        return _written(call)
    except LabError as error:
        from labs.commands.verbs import as_command_lines

        print(as_command_lines(str(error), words[0] if words else ""), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        said = _in_words(error)
        if said is None:
            raise
        print(said, file=sys.stderr)
        return 2


def _in_words(error: Exception) -> str | None:
    """What happened and what to do next, where somebody else than the kit's author can do something; else None."""
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return "The disk is full: not everything was written.\nNext: free some space, and try again"
        if error.filename is not None:
            said = f"{printable(error.filename)} cannot be used: {error.strerror}."
            return f"{said}\nNext: make it what it was, or free that place"
    if "botocore.exceptions" not in sys.modules:
        return None
    # Nothing of AWS was asked where botocore is not loaded, and the commands that ask nothing do not wait for it.
    from labs.failures import RAISED, explain

    return str(explain(error, "the command was at work")) if isinstance(error, RAISED) else None


if __name__ == "__main__":
    sys.exit(main())
