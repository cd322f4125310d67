"""A Dockerfile as data: global ARGs, stages, instructions with their lines, flags and here-documents.

dockerfile-parse reads the lines (continuations, comments, the escape directive); added here is what it leaves out:
here-documents, empty lines inside a continuation, instructions without arguments, flags, stages, and every error with
its line. Source: the Dockerfile reference; error words as BuildKit has them (frontend/dockerfile/parser, instructions).
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dockerfile_parse import DockerfileParser

from labs.errors import LabError

# instruction: the flags it takes
KNOWN: dict[str, frozenset[str]] = {
    "ADD": frozenset({"chown", "chmod", "link", "checksum", "keep-git-dir", "unpack", "exclude"}),
    "ARG": frozenset(),
    "CMD": frozenset(),
    "COPY": frozenset({"from", "chown", "chmod", "link", "parents", "exclude"}),
    "ENTRYPOINT": frozenset(),
    "ENV": frozenset(),
    "EXPOSE": frozenset(),
    "FROM": frozenset({"platform"}),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "start-interval", "retries"}),
    "LABEL": frozenset(),
    "MAINTAINER": frozenset(),
    "ONBUILD": frozenset(),
    "RUN": frozenset({"mount", "network", "security", "device"}),
    "SHELL": frozenset(),
    "STOPSIGNAL": frozenset(),
    "USER": frozenset(),
    "VOLUME": frozenset(),
    "WORKDIR": frozenset(),
}
_BOOLS = frozenset({"link", "keep-git-dir", "unpack", "parents"})
_SEVERAL = frozenset({"exclude", "mount"})
# instruction: how many words BuildKit asks for where it has none; "at least one argument" for the others
_WORDS = dict.fromkeys(("COPY", "ADD"), "at least two arguments, but only one was provided. "
                       "Destination could not be determined")  # fmt: skip
_WORDS |= dict.fromkeys(("USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER"), "exactly one argument")
_WORDS["FROM"] = "either one or three arguments"
_HEREDOC = re.compile(r"<<(-?)(['\"]?)([^<>\s'\"]+)\2")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*")


class DockerfileError(LabError):
    """Something in a Dockerfile that cannot be built; ``line`` is 1-based, 0 when it is about the whole file."""

    def __init__(self, what: str, line: int = 0, next_step: str = "", end: int = 0, *, id: str) -> None:
        super().__init__(what, next_step, id=id)
        self.line, self.end = line, end or line


def parse_error(line: int, words: str, next_step: str = "") -> DockerfileError:
    """BuildKit's sentence for a Dockerfile that cannot be read."""
    return DockerfileError(
        f"dockerfile parse error on line {line}: {words}", line, next_step, id="dockerfile-parse-error"
    )


def plain_error(line: int, words: str, next_step: str = "") -> DockerfileError:
    """What BuildKit refuses while it reads the lines, or while it builds: the same without the number of the line."""
    return DockerfileError(words, line, next_step, id="dockerfile-refused")


@dataclass(frozen=True)
class Heredoc:
    """A file written inside the Dockerfile: its name, text, and whether variables in it are replaced."""

    name: str
    text: str
    expand: bool


@dataclass(frozen=True)
class Instruction:
    """One instruction: upper-case name, flags in order, the rest as written, first and last line (1-based)."""

    name: str
    value: str
    line: int
    end: int
    flags: tuple[tuple[str, str], ...] = ()
    heredocs: tuple[Heredoc, ...] = ()

    def flag(self, name: str) -> str:
        """The last value given for a flag, "" when absent; a flag without a value is "true"."""
        return dict(self.flags).get(name, "")

    def words_json(self) -> list[str] | None:
        """The exec form: a JSON array of strings; None when the value is no JSON array.

        DockerfileError for an array of anything else: BuildKit does not take that for the shell form.
        """
        if not self.value.startswith("["):
            return None
        try:
            found = json.loads(self.value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return None
        if not all(isinstance(word, str) for word in found):
            raise plain_error(
                self.line,
                "when using JSON array syntax, arrays must be comprised of strings only",
                f'write each word in quotes, like {self.name} ["python", "1"]',
            )
        return [word.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for word in found]

    def __str__(self) -> str:
        flags = "".join(f" --{key}" + (f"={value}" if value != "true" else "") for key, value in self.flags)
        return f"{self.name}{flags} {self.value}"


@dataclass(frozen=True)
class BuildStage:
    """FROM and what follows it; ``base`` and ``platform`` still hold their variables."""

    base: str
    name: str
    platform: str
    line: int
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True)
class Dockerfile:
    """A whole Dockerfile; ``arguments`` are the ARG instructions before the first FROM."""

    arguments: tuple[Instruction, ...]
    stages: tuple[BuildStage, ...]
    escape: str
    lines: tuple[str, ...]
    directives: Mapping[str, str] = field(default_factory=dict)  # above everything else: escape, syntax, check


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def read(data: bytes) -> Dockerfile:
    """Read a Dockerfile; DockerfileError in BuildKit's words, with the line, when it cannot be."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise DockerfileError(
            f"the Dockerfile is not UTF-8 text: {error.reason} at byte {error.start}", id="dockerfile-not-utf8"
        ) from None
    lines = text.split("\n")
    directives = _directives(lines)
    escape = directives.get("escape", "\\")
    instructions = [_instruction(entry, docs) for entry, docs in _entries(lines, escape)]
    if not instructions:
        raise DockerfileError("file with no instructions", id="dockerfile-empty")
    first = next((at for at, each in enumerate(instructions) if each.name == "FROM"), len(instructions))
    for each in instructions[:first]:
        if each.name != "ARG":
            raise plain_error(each.line, "no build stage in current context", "begin the Dockerfile with FROM")
    if first == len(instructions):
        raise DockerfileError(
            "dockerfile contains no stages to build",
            next_step="begin the Dockerfile with FROM",
            id="dockerfile-without-stages",
        )
    stages = tuple(_stages(instructions[first:]))
    return Dockerfile(tuple(instructions[:first]), stages, escape, tuple(lines), directives)


def _directives(lines: list[str]) -> dict[str, str]:
    """The parser directives above everything else, by name: ``escape``, ``syntax``, ``check``."""
    directives: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        found = re.match(r"\s*#\s*([A-Za-z]+)\s*=\s*(.*?)\s*$", line)
        if not found:
            break
        name = found[1].lower()
        if name in directives:
            raise plain_error(number, f"only one {name} parser directive can be used", "take one of them out")
        directives[name] = found[2]
        if name == "escape" and found[2] not in ("\\", "`"):
            raise plain_error(number, f"invalid escape token '{found[2]}' does not match ` or \\", "write \\ or `")
    return directives


def _entries(lines: list[str], escape: str) -> list[tuple[dict[str, Any], tuple[Heredoc, ...]]]:
    """dockerfile-parse's entries, each with its here-documents; bodies are blanked out before it reads again."""
    working = list(lines)
    docs: dict[int, tuple[Heredoc, ...]] = {}
    while True:
        entries = _structure(working, escape)
        pending = [e for e in entries if e["startline"] not in docs and _heredoc_marks(e)]
        if not pending:
            break
        entry = pending[0]
        docs[entry["startline"]] = _take_bodies(entry, lines, working)
    covered = {line for entry in entries for line in range(entry["startline"], entry["endline"] + 1)}
    for at, line in enumerate(working):
        if line.strip() and not line.lstrip().startswith("#") and at not in covered:
            word = line.split()[0].upper()
            wanted = _WORDS.get(word, "at least one argument")
            known = f"{word} requires {wanted}" if word in KNOWN else f"unknown instruction: {word}"
            raise parse_error(at + 1, known)
    return [(entry, docs.get(entry["startline"], ())) for entry in entries]


def _structure(lines: list[str], escape: str) -> list[dict[str, Any]]:
    ready, continued = [], False
    for line in lines:
        if not line.strip() and continued:
            ready.append("#")  # Docker skips an empty line inside a continuation; the library would end there
        else:
            ready.append(line)
            if not line.lstrip().startswith("#"):
                continued = line.rstrip().endswith(escape)
    last = next((at for at in reversed(range(len(ready))) if ready[at].strip(" \t#")), None)
    if last is not None and ready[last].rstrip().endswith(escape):
        ready[last] = ready[last].rstrip()[:-1]  # nothing follows the last continuation
    content = io.BytesIO(("\n".join(ready) + "\n").encode())
    return [entry for entry in DockerfileParser(fileobj=content).structure if entry["instruction"] != "COMMENT"]


def _heredoc_marks(entry: dict[str, Any]) -> list[re.Match[str]]:
    if entry["instruction"] not in ("COPY", "ADD", "RUN"):
        return []
    return [mark for word in str(entry["value"]).split() if (mark := _HEREDOC.fullmatch(word))]


def _take_bodies(entry: dict[str, Any], lines: list[str], working: list[str]) -> tuple[Heredoc, ...]:
    at = entry["endline"] + 1
    found = []
    for mark in _heredoc_marks(entry):
        dash, quote, name = mark.groups()
        body: list[str] = []
        while True:
            if at >= len(lines):
                raise plain_error(entry["startline"] + 1, "unterminated heredoc")
            line = lines[at].lstrip("\t") if dash else lines[at]
            working[at] = ""
            at += 1
            if line == name:
                break
            body.append(line + "\n")
        found.append(Heredoc(name, "".join(body), not quote))
    return tuple(found)


def _instruction(entry: dict[str, Any], docs: tuple[Heredoc, ...]) -> Instruction:
    name, value, line = str(entry["instruction"]), str(entry["value"]).strip(), int(entry["startline"]) + 1
    if name not in KNOWN:
        raise parse_error(line, f"unknown instruction: {name}")
    flags: list[tuple[str, str]] = []
    while found := re.match(r"--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)", value):
        if found[1] not in KNOWN[name]:
            raise parse_error(line, f"unknown flag: --{found[1]}")
        if found[1] in dict(flags) and found[1] not in _SEVERAL:
            raise parse_error(line, f"duplicate flag specified: {found[1]}")
        if found[1] in _BOOLS and found[2] not in (None, "true", "false"):
            raise parse_error(line, f"expecting boolean value for flag {found[1]}, not: {found[2]}")
        if found[1] not in _BOOLS and found[2] is None:
            raise parse_error(line, f"missing a value on flag: {found[1]}")
        flags.append((found[1], "true" if found[2] is None else found[2]))
        value = value[found.end() :]
    if not value and name not in ("CMD", "ENTRYPOINT"):
        raise parse_error(line, f"{name} requires {_WORDS.get(name, 'at least one argument')}")
    return Instruction(name, value, line, int(entry["endline"]) + 1, tuple(flags), docs)


def _stages(instructions: list[Instruction]) -> list[BuildStage]:
    stages: list[BuildStage] = []
    for at, each in enumerate(instructions):
        if each.name != "FROM":
            continue
        words = each.value.split()
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
            raise parse_error(each.line, "FROM requires either one or three arguments")
        name = words[2].lower() if len(words) == 3 else ""
        if name and not _STAGE_NAME.fullmatch(name):
            raise parse_error(
                each.line,
                f'invalid name for build stage: "{words[2]}", name can\'t start with a number or contain symbols',
            )
        end = next((i for i in range(at + 1, len(instructions)) if instructions[i].name == "FROM"), len(instructions))
        stages.append(BuildStage(words[0], name, each.flag("platform"), each.line, tuple(instructions[at + 1 : end])))
    return stages
