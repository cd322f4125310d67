"""The table of README.md says which file covers which section: it is compared with the docstrings."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent


def quoted() -> set[tuple[str, str]]:
    """(section, file) of every test that quotes the specification."""
    found = set()
    for path in HERE.glob("test_*.py"):
        if path == Path(__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                section, colon, sentence = (ast.get_docstring(node) or "").partition(": ")
                assert colon, f"{path.name}: {node.name} does not say its section"
                assert sentence, f"{path.name}: {node.name} does not say its sentence"
                found.add((section, path.name))
    return found


def listed() -> set[tuple[str, str]]:
    """(section, file) of every row of the table."""
    rows = re.findall(r"^\| (.+?) \| (test_.+?) \|$", (HERE / "README.md").read_text(), re.MULTILINE)
    return {(section, file) for section, files in rows for file in files.split(", ")}


def test_the_table_lists_what_the_tests_quote():
    assert quoted() == listed()


def test_every_endpoint_of_the_specification_has_a_row():
    source = (HERE / "test_api.py").read_text()
    numbers = {int(number) for number in re.findall(r'"end-(\d+)[ab]?"', source)}
    assert numbers == set(range(2, 15))  # end-1 is the base, tested by itself
