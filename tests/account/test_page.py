"""docs/diagnosis.md names tests that are there, and enough of them."""

import re
from pathlib import Path

import pytest

from tests.account.mutations import MUTATIONS
from tests.fargate.causes import HARMLESS, ROWS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "diagnosis.md").read_text("utf-8")
FILES = {
    "S": ["tests/fargate/test_start.py"],
    "N": sorted(str(file.relative_to(ROOT)) for file in (ROOT / "tests" / "network").glob("test_*.py")),
    "C": ["tests/account/test_diagnose.py"],
    "P": ["tests/account/test_permissions.py"],
}


def named():
    """Each (where, name) of the tables' last column."""
    for line in PAGE.splitlines():
        cell = line.split("|")[-2] if line.startswith("|") else ""
        for where, names in re.findall(r"\b([SMNCP]) ((?:`\w+`(?:, )?)+)", cell):
            yield from ((where, name) for name in re.findall(r"`(\w+)`", names))


@pytest.mark.parametrize(("where", "name"), sorted(set(named())))
def test_a_named_test_is_there(where, name):
    if where == "M":
        assert name in MUTATIONS
        return
    text = "".join((ROOT / file).read_text("utf-8") for file in FILES[where])
    rows = {row.name for row in ROWS} | {change.__name__ for change in HARMLESS}
    assert f"def test_{name}(" in text or (where == "S" and name in rows)


def test_every_check_of_the_three_lists_has_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and " | " in line]
    tests = [line.split("|")[-2].strip() for line in rows if len(line.split("|")) == 5]
    assert len([each for each in tests if re.match(r"[SMNCP] `", each)]) >= 35
