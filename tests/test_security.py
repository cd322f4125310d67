"""docs/security.md names tests that exist; what the repository shows holds no credential."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "security.md"
SAVED = sorted(
    [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb"), *ROOT.glob("tests/notebooks/unsolved/*.ipynb")]
)


def test_every_test_that_the_security_page_names_is_there():
    named = re.findall(r"`([\w/]+/test_\w+\.py)`", PAGE.read_text())
    assert len(set(named)) > 10
    assert [each for each in named if not (ROOT / "tests" / each).is_file()] == []


def test_every_row_of_claims_names_a_test():
    claims = PAGE.read_text().partition("## What it protects")[2].partition("## ")[0]
    rows = [line for line in claims.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 5
    assert all(".py`" in row for row in rows)


def test_the_sizes_on_the_security_page_are_those_of_the_program():
    from labs.cloud.protocols import services
    from labs.engine import archive

    text = PAGE.read_text()
    limits = {service.name: service.body_most >> 20 for service in services.BY_NAME.values()}
    assert f"{limits['s3']} MiB for an object" in text
    assert f"{limits['ecr']} MiB for an ECR call" in text
    assert f"{limits['iam']} MiB for any other" in text
    assert f"more than {archive.MAX_LAYER >> 30} GiB a layer" in text


@pytest.mark.parametrize("notebook", SAVED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_saved_notebook_shows_a_credential(notebook):
    text = notebook.read_text()
    assert re.findall(r"\b(?:AKIA|ASIA)(?!\w*EXAMPLE)[A-Z0-9]{16}\b", text) == []
    assert re.findall(r"(?i)secret_?access_?key[\\\"' ]*[:=][\\\"' ]*[\w/+]{30,}", text) == []
    assert re.findall(r"\bQVdTO[\w+/=]{20,}", text) == []  # base64 of AWS:<password>
    assert re.findall(r"(?i)authorization: *(?:basic|bearer) +[\w+/=]{20,}", text) == []
