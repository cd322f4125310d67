"""``labs ...``: one table of commands, each loaded only when it is called."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from labs.errors import LabError


class Command(Protocol):
    """What the module behind a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


# name: (module with add_arguments and run, one line of help)
COMMANDS: dict[str, tuple[str, str]] = {
    "start": ("labs.commands.start", "start the local AWS and JupyterLab, and print the URL"),
    "doctor": ("labs.commands.doctor", "say what this machine has and what to mend"),
    "cloud": ("labs.commands.cloud", "serve the local AWS until SIGTERM"),
    "stop": ("labs.commands.stop", "stop the local AWS that a notebook or a command left running"),
    "env": ("labs.commands.env", "print the variables that point a shell at the local AWS"),
    "login-password": ("labs.commands.login_password", "print a registry password for docker login"),
    "base": ("labs.commands.base", "put the base image into the local registry"),
    "docker": ("labs.engine.embedded.docker_command", "the embedded engine behind the docker command"),
    "check": ("labs.commands.check", "check a stage and print the verdict"),
    "solve": ("labs.commands.solve", "do a stage as the solution would"),
    "reset": ("labs.commands.reset", "undo a stage"),
    "course": ("labs.commands.course", "run the solved course without a browser and print the table of stages"),
    "reach": ("labs.commands.reach", "say whether a network interface reaches a host, hop by hop"),
    "diagnose": ("labs.commands.diagnose", "say why a task does not start, or a service does not settle"),
    "clean": ("labs.commands.clean", "remove what the lab created, and only that"),
    "sweep": ("labs.commands.sweep", "list or delete what labs have forgotten in the account"),
    "docs": ("labs.commands.docs", "write the generated parts of docs/, or compare them with the product"),
    "notebooks": ("labs.commands.notebooks", "generate notebooks/ from solutions/, and execute both"),
}


def _load(name: str) -> Command:
    return cast(Command, importlib.import_module(COMMANDS[name][0]))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 not passed, 2 cannot, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    return _guard(lambda: _run(words))


def _run(words: list[str]) -> int:
    if words and words[0] == "docker":
        # The embedded engine reads docker's own words; argparse must not see them.
        module = importlib.import_module(COMMANDS["docker"][0])
        return cast(int, module.main(words[1:]))
    parser = argparse.ArgumentParser(prog="labs", description="The Fargate Lab Kit.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, line) in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=line)
        if words and words[0] == name:
            _load(name).add_arguments(command)
    args, unknown = parser.parse_known_args(words)
    if unknown:  # told with the usage of the command that was called, not of all
        commands.choices[args.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    return _load(args.command).run(args)


def _guard(call: Callable[[], int]) -> int:
    try:
        return call()
    except LabError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
