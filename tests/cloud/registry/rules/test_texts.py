"""Every refusal of the registry that has a text of the catalogue gives that text's own code."""

import ast
from pathlib import Path

import pytest

from labs.aws_texts import texts
from labs.cloud import registry
from labs.cloud.registry.rules.registry_errors import Fault

FOLDER = Path(registry.__file__).parent


def refusals():
    """The fault's name and the text's id of each ``refused(Fault.NAME, "id")``."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refused":
                fault, id = node.args[:2]
                if isinstance(fault, ast.Attribute) and isinstance(id, ast.Constant):
                    yield fault.attr, id.value


CALLS = sorted(set(refusals()))


def test_there_are_some():
    assert len(CALLS) > 15


@pytest.mark.parametrize(("fault", "id"), CALLS)
def test_a_refusal_and_its_text_have_one_code(fault, id):
    assert texts("ecr_errors")[id].code == Fault[fault].api_code
