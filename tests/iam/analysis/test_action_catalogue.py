"""The catalogue of actions: generated, complete, and read only when it is asked for."""

import ast
import gzip
import json
import re

import pytest

from labs.iam.actions import PERMISSION_ONLY, WHOLE_SERVICE
from labs.iam.analysis import catalogue
from tests.iam.analysis import make_action_catalogue


def test_the_file_is_what_the_script_writes():
    assert gzip.decompress(make_action_catalogue.FILE.read_bytes()).decode() == make_action_catalogue.catalogue()


def test_every_action_that_the_lab_names_is_in_it():
    extra = {f"{prefix}:{name}" for prefix, names in PERMISSION_ONLY.items() for name in names if name != "*"}
    policies = make_action_catalogue.FILE.parents[2].glob("**/policies/*.json")
    statements = [each for path in policies for each in json.loads(path.read_text("utf-8"))["Statement"]]
    listed = [[each["Action"]] if isinstance(each["Action"], str) else each["Action"] for each in statements]
    written = {action for actions in listed for action in actions if re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", action)}
    assert len(written) > 30
    assert {
        action for action in WHOLE_SERVICE | extra | written if action.lower() not in set(catalogue.every())
    } == set()


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("ecr:putimage", "arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}"),
        ("ecr:GetAuthorizationToken", ""),
        ("iam:PassRole", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"),
        ("s3:GetObject", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"),
        ("nobody:Knows", ""),
    ],
)
def test_an_action_has_the_form_of_its_resource(action, form):
    assert catalogue.form_of(action) == form


def test_the_analysis_is_loaded_at_first_use():
    """Nothing of the kit names it in an import that is carried out when a module is read."""
    eager = []
    for path in sorted((make_action_catalogue.FILE.parents[2]).rglob("*.py")):
        if path.parent != make_action_catalogue.FILE.parent:
            named = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
            eager += [path for node in named if (node.module or "").startswith("labs.iam.analysis")]
            wanted = {alias.name for node in named if node.module == "labs.iam" for alias in node.names}
            eager += [path] if wanted & {"analyse", "excess", "lacking"} else []
    assert eager == []


def test_actions_have_names_and_the_data_a_month():
    assert catalogue.written("ecr:putimage") == "ecr:PutImage"
    assert catalogue.written("nobody:knows") == "nobody:knows"
    assert catalogue.date() == "2026-04"
    assert len(set(catalogue.every())) > 20_000
