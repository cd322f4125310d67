"""docs/facts.toml: what is used is listed, what is listed is used, and AWS's enums have no value that nobody knows."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from botocore.loaders import Loader

from labs import cli
from labs.errors import LabError
from labs.fargate.steps import StopCode
from labs.pages import facts
from labs.pages.facts import Fact, FactMark

ROOT = Path(__file__).parents[2]
FACTS = {each.id: each for each in facts.facts()}
EVERY = pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)

# What says so when it was true, of which version, or whether AWS documents it: a sentence that may grow old.
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_PRODUCTS = "BuildKit|buildx|Docker|Docker Engine|containerd|AWS CLI"
AGEING = re.compile(
    rf"(?:{_MONTHS}) 20\d\d"
    r"|\b(?:since|until|about|of|before) 20\d\d\b(?!-)"
    r"|\b20\d\d-\d\d-\d\d\b"
    rf"|\b(?:{_PRODUCTS}) \d+(?:\.\d+)*"
    r"|\bAWS (?:documents|promises|names|publishes|keeps|waits|asks|does not say)\b",
    re.IGNORECASE,
)
PLACES = (
    *sorted(ROOT.glob("solutions/*.ipynb")),
    ROOT / "README.md",
    ROOT / "docs/instructor.md",
    *sorted(ROOT.glob("labs/stages/*/*.toml")),
)


@cache
def said(path: Path) -> str:
    """What a reader reads there, in one line: of a notebook its Markdown without the generated tables."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        cells = [each for each in json.loads(text)["cells"] if each["cell_type"] == "markdown"]
        text = "\n".join("".join(each["source"]) for each in cells)
    text = re.sub(r"<!-- generated: .*?<!-- end -->", "", text, flags=re.DOTALL)
    return " ".join(line.removeprefix("> ").strip() for line in text.splitlines())


def unlisted(path: Path, text: str) -> list[str]:
    """The ageing words of a place that no fact has among its own."""
    place = path.relative_to(ROOT).as_posix()
    known = [use.words for fact in FACTS.values() for use in fact.used if use.place == place]
    spans = [(at.start(), at.end()) for words in known for at in re.finditer(re.escape(words), text)]
    return [
        text[max(0, at.start() - 40) : at.end() + 20]
        for at in AGEING.finditer(text)
        if not any(start <= at.start() and at.end() <= end for start, end in spans)
    ]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_may_grow_old_is_a_listed_fact(path: Path) -> None:
    assert unlisted(path, said(path)) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "since December 2027 it is on",
        "with Docker 31 it changed",
        "(Until about 2023 it was off)",
        "AWS documents nothing of it",
        "read on 2027-01-02",
    ],
)
def test_a_fact_that_is_used_and_not_listed_is_noticed(sentence: str) -> None:
    path = ROOT / "solutions/05-fargate.ipynb"
    assert len(unlisted(path, f"{said(path)} {sentence}")) == 1


@EVERY
def test_a_listed_fact_is_used_where_it_says(fact: Fact) -> None:
    assert facts.places(fact), "nobody uses it: take it out"
    for use in fact.used:
        assert use.words in said(ROOT / use.place), f"{use.place} does not say so any more"
    if fact.table:
        assert f"<!-- generated: facts {fact.table} -->" in (ROOT / f"solutions/{fact.table}.ipynb").read_text("utf-8")


@EVERY
def test_a_fact_was_read_on_a_day_that_has_been(fact: Fact) -> None:
    assert date(2026, 1, 1) <= (fact.read or date.min) <= date.today()


def test_every_table_of_a_notebook_is_made_from_the_facts() -> None:
    for path in ROOT.glob("solutions/*.ipynb"):
        headings = path.read_text("utf-8").count("## How sure are we?")
        assert path.read_text("utf-8").count(f"<!-- generated: facts {path.stem} -->") == headings


# Age.


def fact(read: date | None) -> Fact:
    return Fact("x", "a sentence", "a source", FactMark.DOC, read)


AGES = {
    "the same day": (date(2026, 11, 30), 6, False),
    "six months to the day": (date(2026, 5, 30), 6, False),
    "a day more": (date(2026, 5, 29), 6, True),
    "over a year's end": (date(2025, 12, 31), 11, False),
    "long ago": (date(2024, 1, 1), 24, True),
    "no month at all": (date(2026, 11, 29), 0, True),
    "on no day that is known": (None, 120, True),
}


@pytest.mark.parametrize(("read", "months", "old"), AGES.values(), ids=AGES)
def test_a_fact_is_stale_after_so_many_months(read: date | None, months: int, old: bool) -> None:
    assert fact(read).is_older(months, date(2026, 11, 30)) is old


def test_the_oldest_comes_first() -> None:
    days = [date(2026, 2, 1), None, date(2025, 1, 1)]
    found = facts.stale(1, date(2026, 11, 30), map(fact, days))
    assert [each.read for each in found] == [None, date(2025, 1, 1), date(2026, 2, 1)]


def test_the_command_lists_facts_and_prices(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["facts"]) == 0
    shown = capsys.readouterr().out
    assert all(id in shown for id in FACTS)
    assert "price.nat-gateway.us-east-1" in shown
    assert cli.main(["facts", "--stale", "1200"]) == 1
    shown = capsys.readouterr().out
    assert "no day known" in shown
    assert "push.seventh-action" not in shown
    assert "Next: read " in shown


@pytest.mark.parametrize("months", ["six", "-1", "1.5", "٣", "99999"])
def test_months_that_are_no_number_are_refused(months: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["facts", f"--stale={months}"])
    assert "is not a number of months" in capsys.readouterr().err


# The file's form.

ENTRY = 'sentence = "a"\nsource = "b"\nmark = "[doc]"\nread = 2026-11-30\n'
MALFORMED = {
    "no TOML": ("x = ", "cannot be read"),
    "no source": (ENTRY.replace('source = "b"\n', ""), "lacks source"),
    "no day": (ENTRY.replace("read = 2026-11-30\n", ""), "lacks read"),
    "a day in quotes": (ENTRY.replace("2026-11-30", '"2026-11-30"'), "lacks read"),
    "another mark": (ENTRY.replace("[doc]", "[sure]"), "has the mark [sure]"),
    "an unknown key": (f'{ENTRY}wher = "c"\n', "keys that mean nothing: wher"),
    "evidence without a table": (f'{ENTRY}evidence = "c"\n', "both a table and its evidence"),
    "a use without words": (f'{ENTRY}used = [{{ place = "README.md" }}]\n', "a use without place or words"),
}


@pytest.mark.parametrize(("text", "words"), MALFORMED.values(), ids=MALFORMED)
def test_an_entry_that_is_none_is_named(text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / facts.PLACE).write_text(f'["a.fact"]\n{text}' if words != "cannot be read" else text)
    monkeypatch.setattr(facts, "checkout", lambda: tmp_path)
    with pytest.raises(LabError, match=re.escape(words)):
        facts.facts()


# AWS's enums.

ECS, ECR = "labs/cloud/ecs", "labs/cloud/registry"
# Each enum, and where the kit's code names its values.
ENUMS = {
    "ecs.TaskStopCode": ("labs/fargate",),
    "ecs.VersionConsistency": ("labs/fargate",),
    "ecs.DeploymentStrategy": (ECS,),
    "ecs.DeploymentRolloutState": (ECS,),
    "ecs.DeploymentControllerType": (ECS,),
    "ecs.LaunchType": (ECS, "labs/fargate"),
    "ecs.SchedulingStrategy": (ECS,),
    "ecs.AvailabilityZoneRebalancing": (ECS,),
    "ecr.RCTAppliedFor": (ECR,),
    "ecr.ImageTagMutability": (ECR,),
    "ecr.ImageTagMutabilityExclusionFilterType": (ECR,),
    "ecr.EncryptionType": (ECR,),
    "ecr.ArtifactStatus": (ECR,),
    "ecr.ImageStatus": (ECR,),
    "ecr.LayerAvailability": (ECR,),
    "ecr.LayerFailureCode": (ECR,),
    "ecr.ImageFailureCode": (ECR,),
}


@cache
def literals(folder: str) -> frozenset[str]:
    """Every string of a folder's code that is not a docstring."""
    return frozenset(text for path in sorted((ROOT / folder).rglob("*.py")) for text in _strings(path))


def _strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def enum_of(name: str) -> tuple[str, ...]:
    service, _, shape = name.partition(".")
    return tuple(Loader().load_service_model(service, "service-2")["shapes"][shape]["enum"])


@pytest.mark.parametrize("name", ENUMS)
def test_every_value_of_an_enum_is_known_or_set_aside(name: str) -> None:
    known = {text for folder in ENUMS[name] for text in literals(folder)}
    aside = facts.set_aside().get(name, {})
    assert [value for value in enum_of(name) if value not in known and value not in aside] == []


def test_what_is_set_aside_is_there_and_has_a_reason() -> None:
    for name, values in facts.set_aside().items():
        assert name in ENUMS
        assert set(values) <= set(enum_of(name)), f"{name} has lost a value"
        assert all(values.values())


def test_the_kit_knows_every_stop_code_by_name() -> None:
    assert {each.value for each in StopCode} == set(enum_of("ecs.TaskStopCode"))
