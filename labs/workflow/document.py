"""A workflow file as plain data, with the line of everything in it.

Source: GitHub docs, "Workflow syntax for GitHub Actions". Scalars are those of YAML 1.2's core schema, as GitHub reads
them: ``on`` is a word, not true. Anchors are read (GitHub does since 2025-09), merge keys are not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from labs.errors import LabError
from labs.printable import printable

_LARGEST = 512 * 1024
_MOST_NODES = 50_000
_NEXT = "correct that line, then run this again"
# YAML 1.2.2 section 10.3.2, the core schema.
_WORDS = {"null": None, "Null": None, "NULL": None, "~": None, "": None}
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
# A longer one is kept as its text: no place of a workflow takes such a number.
_LONGEST_NUMBER = 100
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# The scopes of GITHUB_TOKEN (GitHub docs, "permissions"); id-token knows write and none only.
READ_ALL, WRITE_ALL = "read-all", "write-all"
ID_TOKEN = "id-token"

# GitHub docs, "Workflow syntax": jobs.<job_id>.
_JOB_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Step:
    """One step. ``uses`` and ``run`` are empty where not written; ``inputs`` is ``with``, each value as its text."""

    index: int
    line: int
    id: str = ""
    name: str = ""
    uses: str = ""
    run: str = ""
    condition: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """``owner/name`` (or ``owner/name/folder``) of the action, in lower case; empty for a script or a path."""
        name = self.uses.partition("@")[0].lower()
        return "" if name.startswith(("./", "docker:")) or "/" not in name else name

    @property
    def version(self) -> str:
        """What stands behind the ``@``."""
        return self.uses.partition("@")[2]

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.uses or (self.run.strip().splitlines() or ["a step"])[0] or self.id


@dataclass(frozen=True)
class Job:
    """One job. ``permissions`` is None where not written, else scope to access, or ``read-all``/``write-all``."""

    id: str
    line: int
    name: str = ""
    uses: str = ""
    condition: str = ""
    environment: str = ""
    runs_on: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    permissions: Mapping[str, str] | str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """A workflow file. ``triggers`` maps each event to its filters; ``lines`` each place in the file to its line."""

    file: str
    text: str = field(repr=False)
    name: str
    triggers: Mapping[str, Any]
    permissions: Mapping[str, str] | str | None
    env: Mapping[str, str]
    jobs: tuple[Job, ...]
    raw: Mapping[str, Any] = field(repr=False)
    lines: Mapping[Place, int] = field(repr=False)

    def job(self, name: str) -> Job | None:
        """The job of that id."""
        return next((each for each in self.jobs if each.id == name), None)

    def access(self, job: Job, scope: str) -> str:
        """``write``, ``read`` or ``none``: what a job's token may do in a scope.

        A job's own ``permissions`` stand in place of the workflow's, and a scope that a block does not name is ``none``
        (GitHub docs, "permissions"). Where neither is written, the repository's setting decides, which never gives
        ``id-token``; contents and packages are then at least read.
        """
        written = job.permissions if job.permissions is not None else self.permissions
        if written is None:
            return "read" if scope in ("contents", "packages") else "none"
        if isinstance(written, str):
            return {WRITE_ALL: "write", READ_ALL: "none" if scope == ID_TOKEN else "read"}.get(written, "none")
        return written.get(scope, "none")

    def gives_token(self, job: Job) -> bool:
        """Whether the job may ask GitHub for an OIDC token."""
        return self.access(job, ID_TOKEN) == "write"

    def line(self, *place: str | int) -> int:
        """The line of a place, or of the nearest that holds it: ``line("jobs", "push", "steps", 0, "with")``."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 1


def read(path: Path) -> Workflow:
    """The workflow in a file. LabError where there is none, or it is not one."""
    try:
        data = path.read_bytes()[: _LARGEST + 1]
    except FileNotFoundError:
        raise LabError(
            f"There is no workflow {path.name} in {path.parent}.", "write it first", id="workflow-missing"
        ) from None
    except OSError as error:
        raise LabError(
            f"{path} cannot be read: {error.strerror}.", "look at what is there", id="workflow-not-read"
        ) from error
    try:
        return parse(data.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _not_one(path.name, line, "it is not UTF-8 text") from error


def parse(text: str, file: str = "push.yml") -> Workflow:
    """The workflow of a text. LabError (``workflow-not-readable``) names the line of what makes it none."""
    if len(text) > _LARGEST:
        raise _not_one(file, 1, "it is larger than the 512 KiB that a workflow may have")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _not_yaml(file, error) from error
    except RecursionError as error:
        raise _not_one(file, 1, "it is nested too deeply") from error
    reading = _Reading(file)
    raw = reading.value(node, ()) if node is not None else None
    if not isinstance(raw, dict):
        raise _not_one(file, 1, "a workflow is a mapping with on: and jobs:")
    return _Shape(file, text, raw, reading.lines).workflow()


class _Reading:
    """YAML's nodes as plain values; remembers each place's line."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: yaml.Node, place: Place) -> Any:
        self._count += 1
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if self._count > _MOST_NODES or id(node) in self._open or len(place) > 50:
            raise _not_one(self.file, line, "its anchors make it larger than a workflow may be")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, place)
            if isinstance(node, yaml.SequenceNode):
                return [self.value(each, (*place, index)) for index, each in enumerate(node.value)]
            return _scalar(node)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _not_one(self.file, line, "a key is not a word")
            key = str(key_node.value)
            if key in found:
                raise _not_one(self.file, line, f"'{key}' is already defined in the same mapping")
            self.lines[(*place, key)] = line
            found[key] = self.value(value_node, (*place, key))
        return found


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Shape:
    """From plain values to a workflow; every wrong shape names its line."""

    def __init__(self, file: str, text: str, raw: dict[str, Any], lines: Mapping[Place, int]) -> None:
        self._file, self._text, self._raw, self._lines = file, text, raw, lines

    def workflow(self) -> Workflow:
        raw = self._raw
        if "on" not in raw:
            raise self._wrong((), "on: is missing, so no event would start it")
        jobs = self._map(raw, ("jobs",))
        if not jobs:
            raise self._wrong(("jobs",), "jobs: is missing or empty")
        return Workflow(
            file=self._file,
            text=self._text,
            name=self._text_of(raw.get("name"), ("name",)),
            triggers=self._triggers(),
            permissions=self._permissions(raw, ()),
            env=self._texts(raw, ("env",)),
            jobs=tuple(self._job(str(name), jobs[name]) for name in jobs),
            raw=raw,
            lines=self._lines,
        )

    def _triggers(self) -> dict[str, Any]:
        on = self._raw["on"]
        if isinstance(on, str):
            return {on: None}
        if isinstance(on, list) and on and all(isinstance(each, str) for each in on):
            return dict.fromkeys(on)
        if isinstance(on, dict) and on:
            return dict(on)
        raise self._wrong(("on",), "on: names an event, a list of events, or events with their filters")

    def _job(self, name: str, raw: Any) -> Job:
        place: Place = ("jobs", name)
        if not _JOB_ID.fullmatch(name):
            raise self._wrong(place, f"'{printable(name)}' is no id of a job: it has letters, digits, _ and - alone")
        if not isinstance(raw, dict):
            raise self._wrong(place, f"job {name} is not a mapping")
        steps = raw.get("steps", [])
        if not isinstance(steps, list) or (not steps and "uses" not in raw):
            raise self._wrong((*place, "steps"), f"job {name} has no steps")
        environment = raw.get("environment")
        if isinstance(environment, dict):
            environment = environment.get("name")
        return Job(
            id=name,
            line=self._line(place),
            name=self._text_of(raw.get("name"), (*place, "name")),
            uses=self._text_of(raw.get("uses"), (*place, "uses")),
            condition=self._text_of(raw.get("if"), (*place, "if")),
            environment=self._text_of(environment, (*place, "environment")),
            runs_on=self._words(raw.get("runs-on"), (*place, "runs-on")),
            needs=self._words(raw.get("needs"), (*place, "needs")),
            permissions=self._permissions(raw, place),
            env=self._texts(raw, (*place, "env")),
            outputs=self._texts(raw, (*place, "outputs")),
            steps=tuple(self._step(index, each, (*place, "steps", index)) for index, each in enumerate(steps)),
        )

    def _step(self, index: int, raw: Any, place: Place) -> Step:
        if not isinstance(raw, dict) or ("uses" in raw) == ("run" in raw):
            raise self._wrong(place, "a step has either uses: or run:")
        return Step(
            index=index,
            line=self._line(place),
            id=self._text_of(raw.get("id"), (*place, "id")),
            name=self._text_of(raw.get("name"), (*place, "name")),
            uses=self._text_of(raw.get("uses"), (*place, "uses")),
            run=self._text_of(raw.get("run"), (*place, "run")),
            condition=self._text_of(raw.get("if"), (*place, "if")),
            inputs=self._texts(raw, (*place, "with")),
            env=self._texts(raw, (*place, "env")),
        )

    def _permissions(self, raw: Mapping[str, Any], place: Place) -> Mapping[str, str] | str | None:
        if "permissions" not in raw:
            return None
        given, place = raw["permissions"], (*place, "permissions")
        if given is None or given == {}:
            return {}
        if isinstance(given, str) and given in (READ_ALL, WRITE_ALL):
            return given
        if isinstance(given, dict) and all(value in ("read", "write", "none") for value in given.values()):
            return {str(name): str(value) for name, value in given.items()}
        raise self._wrong(place, "permissions: gives each scope read, write or none")

    def _map(self, raw: Mapping[str, Any], place: Place) -> dict[str, Any]:
        given = raw.get(str(place[-1]))
        if given is None:
            return {}
        if not isinstance(given, dict):
            raise self._wrong(place, f"{place[-1]}: is not a mapping")
        return given

    def _texts(self, raw: Mapping[str, Any], place: Place) -> dict[str, str]:
        given = raw.get(str(place[-1]))
        if isinstance(given, str) and given.lstrip().startswith("${{"):
            return {}
        return {name: self._text_of(value, (*place, name)) for name, value in self._map(raw, place).items()}

    def _text_of(self, value: Any, place: Place) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None:
            return ""
        if isinstance(value, str | int | float):
            return str(value)
        raise self._wrong(place, f"{place[-1]}: is not a text")

    def _words(self, value: Any, place: Place) -> tuple[str, ...]:
        if isinstance(value, dict):
            value = value.get("labels") or value.get("group")
        if isinstance(value, list):
            return tuple(self._text_of(each, (*place, index)) for index, each in enumerate(value))
        text = self._text_of(value, place)
        return (text,) if text else ()

    def _line(self, place: Place) -> int:
        return next(self._lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self._lines)

    def _wrong(self, place: Place, why: str) -> LabError:
        return _not_one(self._file, self._line(place), why)


def scripts(workflow: Workflow) -> Iterator[tuple[Job, Step]]:
    """Every step that runs a script of its own."""
    return ((job, step) for job in workflow.jobs for step in job.steps if step.run)


def _not_yaml(file: str, error: yaml.YAMLError) -> LabError:
    mark = getattr(error, "problem_mark", None)
    why = str(getattr(error, "problem", "") or "it cannot be read")
    return _not_one(file, mark.line + 1 if mark else 1, f"not YAML: {why}")


def _not_one(file: str, line: int, why: str) -> LabError:
    return LabError(f"{file}, line {line}: {why}.", _NEXT, id="workflow-not-readable")
