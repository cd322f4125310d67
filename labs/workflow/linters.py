"""zizmor and jactionlint, asked about one workflow: offline, in a folder of their own, each with its time.

They see the text alone: no configuration, no cache and no ignore comment of anybody, no network. A linter that is not
there, does not end or says what is not JSON was not asked, and ``Answer.not_asked`` says why. Sources: each tool's
``--help`` (zizmor 1.32, jactionlint 2.3), zizmor's documentation ("Usage", exit codes), jactionlint's output schema.
"""

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from labs.printable import printable
from labs.workflow.findings import Finding, Weight

TIME_LIMIT_S = 20.0
# What a linter says of a file with the largest number of findings that is of use to anybody.
_LARGEST = 8 * 1024 * 1024
# They ask for files beside the workflow, and the workflow alone is there.
_NOT_OF_ONE_FILE = ("invalid-local-action", "invalid-local-workflow", "local-action-checkout")


@dataclass(frozen=True)
class Answer:
    """What one linter said. ``not_asked``: why it was not, as a clause, "" when it was; ``version``: "" for unknown."""

    linter: str
    version: str = ""
    findings: tuple[Finding, ...] = ()
    not_asked: str = ""


@dataclass(frozen=True)
class Rule:
    """What a linter's rule is for the lab; ``about``: the kit's own finding that says the same, "" for none."""

    weight: Weight
    why: str
    next_step: str
    about: str = ""


@dataclass(frozen=True)
class Linter:
    """How one is called and read. ``fine``: exit codes of a run that looked at the file."""

    name: str
    words: tuple[str, ...]
    fine: Callable[[int], bool]
    read: Callable[[Any], Iterator[Finding]]


@cache
def rules() -> Mapping[str, Mapping[str, Rule]]:
    """Linter -> rule -> what it is for the lab; from linter_rules.toml."""
    raw = tomllib.loads(resources.files("labs.workflow").joinpath("linter_rules.toml").read_text("utf-8"))
    return {
        linter: {
            name: Rule(Weight(row["weight"]), row["why"], row["next"], row.get("as", "")) for name, row in table.items()
        }
        for linter, table in raw.items()
    }


def about(finding: Finding) -> str:
    """The id under which the kit's own rules say the same, or the finding's own."""
    rule = rules().get(finding.found_by, {}).get(finding.id)
    return (rule.about if rule else "") or finding.id


def _zizmor(said: Any) -> Iterator[Finding]:
    for each in said:
        places = each["locations"]
        place = next((each for each in places if each["symbolic"]["kind"] == "Primary"), places[0])
        line = place["concrete"]["location"]["start_point"]["row"] + 1
        remark = place["symbolic"].get("annotation", "")
        what = f"{each['desc']}: {remark}" if remark else each["desc"]
        mild = each["determinations"]["severity"] == "Informational"
        yield _finding("zizmor", each["ident"], line, what, each["url"], mild)


def _jactionlint(said: Any) -> Iterator[Finding]:
    for each in said or ():
        if each["id"] not in _NOT_OF_ONE_FILE:
            mild = each["severity"] != "error"
            yield _finding("jactionlint", each["id"], each["line"], each["message"], each.get("doc_url", ""), mild)


def _finding(linter: str, name: str, line: int, what: str, url: str, mild: bool) -> Finding:
    rule = rules()[linter].get(name)
    weight = Weight.ADVICE if mild or rule is None else rule.weight
    next_step = rule.next_step if rule else f"read {url}" if url else f"look at line {line}"
    sentence = printable(what.strip().rstrip("."))
    sentence = sentence[:1].upper() + sentence[1:] + "."
    return Finding(name, line, sentence, next_step, linter, weight, url)


LINTERS = (
    Linter(
        "zizmor",
        ("--offline", "--format", "json", "--no-progress", "--no-config", "--no-ignores", "--persona", "regular"),
        # 0 and 10 to 14: the highest severity found; 1 to 3: it did not look.
        lambda code: code == 0 or 10 <= code <= 14,
        _zizmor,
    ),
    Linter(
        "jactionlint",
        (
            "--no-online",
            "--format",
            "json",
            "--no-ignores",
            "--no-color",
            "--no-baseline",
            "--shellcheck=",
            "--pyflakes=",
        ),
        lambda code: code in (0, 1),
        _jactionlint,
    ),
)


def ask(text: str, file: str = "push.yml", *, within_s: float = TIME_LIMIT_S) -> tuple[Answer, ...]:
    """What each linter says of a workflow; never raises for what one of them does."""
    return tuple(ask_one(linter, text, file, within_s=within_s) for linter in LINTERS)


def ask_one(linter: Linter, text: str, file: str = "push.yml", *, within_s: float = TIME_LIMIT_S) -> Answer:
    """What one linter says."""
    program = shutil.which(linter.name, path=sysconfig.get_path("scripts"))
    if program is None:
        return Answer(linter.name, not_asked=f"{linter.name} is not installed")
    with tempfile.TemporaryDirectory(prefix="labs-linter-") as folder:
        home = Path(folder, "home")
        home.mkdir()
        place = Path(folder, "repository", ".github", "workflows", Path(file).name or "push.yml")
        place.parent.mkdir(parents=True)
        place.write_text(text, "utf-8")
        command = [program, *linter.words, str(place.relative_to(Path(folder, "repository")))]
        try:
            done = subprocess.run(
                command,
                cwd=Path(folder, "repository"),
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=within_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(linter.name, not_asked=f"{linter.name} did not end within {within_s:g} s")
        except OSError as error:
            return Answer(linter.name, not_asked=f"{linter.name} cannot be started: {error.strerror or error}")
    return _answer(linter, done)


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the user's: no token, no configuration, no cache, no proxy."""
    own = {"HOME": str(home), "PATH": os.defpath, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return own | {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "CACHE", "DATA", "STATE")}


def _answer(linter: Linter, done: "subprocess.CompletedProcess[bytes]") -> Answer:
    version = _version(linter.name)
    if not linter.fine(done.returncode):
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        said = f": {printable(lines[-1].strip())[:200]}" if lines else ""
        return Answer(linter.name, version, not_asked=f"{linter.name} ended with {done.returncode}{said}")
    try:
        if len(done.stdout) > _LARGEST:
            raise ValueError
        found = tuple(linter.read(json.loads(done.stdout or b"[]")))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Answer(linter.name, version, not_asked=f"what {linter.name} said could not be read")
    return Answer(linter.name, version, tuple(sorted(found, key=lambda each: each.line)))


@cache
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
