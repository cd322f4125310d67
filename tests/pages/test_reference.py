"""docs/reference.md names every command, variable and error of the kit, and no other; an error's id is its own."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from labs import cli
from labs.errors import LabError
from labs.pages.error_sites import error_sites

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference.md").read_text("utf-8")
VARIABLE = re.compile(r"\bLAB_[A-Z]+(?:_[A-Z]+)*\b")


def strings(path):
    """The strings of a module that are not docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in documentation:
            value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            if isinstance(value, str):
                yield value


def read_or_set():
    """Every LAB_ variable that the product, its tests or its scripts read or set, and where."""
    for path in [*ROOT.glob("labs/**/*.py"), *ROOT.glob("tests/**/*.py")]:
        if path != Path(__file__):
            # A whole name, or NAME=value: not a sentence that mentions one.
            for text in strings(path):
                if found := re.match(rf"(?:{VARIABLE.pattern})(?==|$)", text):
                    yield found[0], path
    for path in [ROOT / "Makefile", *(ROOT / ".ci").iterdir()]:
        for name in VARIABLE.findall(path.read_text("utf-8")):
            yield name, path


def test_every_variable_has_a_row_and_no_row_is_left_over():
    assert set(re.findall(r"^\| `(LAB_\w+)` \|", PAGE, re.MULTILINE)) == {name for name, _ in read_or_set()}


def test_every_command_has_a_heading_and_no_heading_is_left_over():
    assert re.findall(r"^#### labs (\S+)$", PAGE, re.MULTILINE) == list(cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_command_stands_with_every_option_its_exit_codes_and_an_example(name):
    part = re.split(r"^###", PAGE.partition(f"\n#### labs {name}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    options = [option for action in cli.actions_of(name) for option in action.option_strings if option.startswith("--")]
    assert all(option in part for option in options if option != "--help")
    assert "Exit codes: 0 " in part
    assert f"labs {name}" in part.partition("```")[2]


def test_every_error_has_an_entry_and_no_entry_is_left_over():
    listed = re.findall(r"^- `([a-z0-9-]+)`: ", PAGE.partition("\n## Errors\n")[2], re.MULTILINE)
    assert listed == sorted(site.id for site in error_sites() if site.id)


def test_an_id_stands_in_one_place_alone():
    assert [id for id, times in Counter(site.id for site in error_sites() if site.id).items() if times > 1] == []


def test_an_error_has_an_id_in_kebab_case():
    assert [
        f"{site.place}: {site.what}" for site in error_sites() if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", site.id)
    ] == []


def test_a_next_step_begins_lower_case_and_has_no_full_stop():
    assert [
        f"{site.place}: {site.next_step}"
        for site in error_sites()
        if re.match(r"[A-Z][a-z]", site.next_step) or re.search(r"[^.\s]\.$", site.next_step)
    ] == []


def test_an_error_keeps_its_id_and_does_not_print_it():
    error = LabError("There is no stage 'x'.", "use one of: build", id="no-such-stage")
    assert error.id == "no-such-stage"
    assert str(error) == "There is no stage 'x'.\nNext: use one of: build"
