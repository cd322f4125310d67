"""Docker's command line flags: ``--name value``, ``--name=value``, ``-t value``, switches, words in between."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labs.errors import LabError

# What Go reads as a bool.
TRUE, FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")


class UsageError(LabError):
    """A command line that Docker would refuse, in its words, or one that only a Docker Engine obeys."""

    exit_code = 125


class WordsError(LabError):
    """Too many or too few words."""

    exit_code = 1


class HelpWanted(Exception):
    """``--help`` stood among the flags; the text is the answer."""


@dataclass(frozen=True)
class Flags:
    """What one command takes: flags with a value, switches, short names, how many words."""

    valued: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()
    short: Mapping[str, str] = field(default_factory=dict)
    words_last: bool = False  # everything after the first word belongs to the container, or to the command
    idle: Mapping[str, str] = field(default_factory=dict)  # of the above: what has no effect here, and why, "" unsaid
    refused: frozenset[str] = frozenset()  # what Docker has and the engine does not


@dataclass(frozen=True)
class Given:
    """A parsed command line."""

    words: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]

    def one(self, name: str, default: str = "") -> str:
        """The last value of a flag."""
        return (self.values.get(name) or (default,))[-1]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a flag, in order."""
        return self.values.get(name, ())

    def on(self, name: str, default: bool = False) -> bool:
        """Whether a switch is set; ``--push=false`` is not."""
        return self.one(name) not in FALSE if name in self.values else default


def flags(
    valued: str = "",
    switches: str = "",
    short: str = "",
    words_last: bool = False,
    idle: Mapping[str, str] | None = None,
    refused: str = "",
) -> Flags:
    """Names separated by spaces; ``short`` is like ``t=tag f=file``. No flag is ignored in silence: see ``Flags``."""
    pairs = dict(pair.split("=") for pair in short.split())
    names = frozenset(valued.split()), frozenset(switches.split())
    return Flags(*names, pairs, words_last, idle or {}, frozenset(refused.split()))


def parse(arguments: Sequence[str], takes: Flags, command: str, least: int = 0, most: int | None = None) -> Given:
    """Read a command line; UsageError for what Docker would refuse, HelpWanted for ``--help``."""
    words: list[str] = []
    values: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest:
        each = rest.pop(0)
        if each == "--":
            words.extend(rest)
            break
        if not each.startswith("-") or each == "-":
            words.append(each)
            if takes.words_last:
                words.extend(rest)
                break
            continue
        if each in ("--help", "-h"):
            raise HelpWanted(served(takes, command, least, most))
        name, value = _name(each, takes, command)
        if name in takes.valued:
            if value is None:
                if not rest:
                    raise UsageError(
                        f"flag needs an argument: {each}", f"docker {command} --help", id="docker-flag-needs-value"
                    )
                value = rest.pop(0)
        elif value is None:
            value = "true"
        elif value not in TRUE + FALSE:
            words_ = (
                f'invalid argument "{value}" for "--{name}" flag: strconv.ParseBool: parsing "{value}": invalid syntax'
            )
            raise UsageError(words_, "write true or false", id="docker-flag-not-bool")
        values.setdefault(name, []).append(value)
    _count(words, command, least, most)
    for name in values:
        if name in takes.idle:
            why = takes.idle[name]
            print(f"embedded engine: --{name} has no effect" + (f": {why}" if why else ""), file=sys.stderr, flush=True)
    return Given(tuple(words), {name: tuple(each) for name, each in values.items()})


def served(takes: Flags, command: str, least: int, most: int | None) -> str:
    """The help of one command: how it is written, and its flags."""
    words = " ARGUMENT" * least + (" [ARGUMENT ...]" if most is None else " [ARGUMENT]" * (most - least))
    short = {name: f"-{letter}, " for letter, name in takes.short.items()}
    lines = [
        f"Usage: docker {command} [flags]{words}",
        "",
        "As in Docker, with these flags; any other needs a Docker Engine:",
    ]
    for name in sorted(takes.valued | takes.switches):
        idle = "  (no effect)" if name in takes.idle else ""
        lines.append(f"  {short.get(name, ''):>4}--{name}{' VALUE' if name in takes.valued else ''}{idle}")
    return "\n".join(lines if len(lines) > 3 else [lines[0], "", "It has no flags here."])


def _name(each: str, takes: Flags, command: str) -> tuple[str, str | None]:
    if each.startswith("--"):
        name, equals, value = each[2:].partition("=")
        if name in takes.refused:
            raise _refused(f"--{name}", command)
        if name not in takes.valued | takes.switches:
            next_step = f"docker {command} --help lists the flags that are served"
            raise UsageError(f"unknown flag: --{name}", next_step, id="unknown-docker-flag")
        return name, value if equals else None
    letter, rest = each[1], each[2:]
    if letter not in takes.short:
        raise _unknown_shorthand(letter, each, command)
    name = takes.short[letter]
    if name in takes.refused:
        raise _refused(f"-{letter}", command)
    if name in takes.switches and rest and not rest.startswith("="):  # -it is -i -t
        for other in rest:
            if takes.short.get(other) not in takes.switches:
                raise _unknown_shorthand(other, each, command)
        return name, None
    return name, rest.removeprefix("=") or None


def _refused(flag: str, command: str) -> UsageError:
    shown = f"docker {command}".strip()
    return UsageError(
        f"{shown} {flag} needs a Docker Engine: the embedded engine does not have it",
        f"{shown} --help lists the flags that are served",
        id="docker-flag-not-served",
    )


def _unknown_shorthand(letter: str, each: str, command: str) -> UsageError:
    words = f"unknown shorthand flag: '{letter}' in {each}"
    return UsageError(words, f"docker {command} --help lists the flags that are served", id="unknown-docker-shorthand")


def _count(words: Sequence[str], command: str, least: int, most: int | None) -> None:
    if least <= len(words) and (most is None or len(words) <= most):
        return
    how = "exactly" if least == most else "at least" if len(words) < least else "at most"
    number = least if how != "at most" else most
    plural = "" if number == 1 else "s"
    words_ = f'"docker {command}" requires {how} {number} argument{plural}.'
    raise WordsError(words_, f"see 'docker {command} --help'", id="wrong-number-of-arguments")
