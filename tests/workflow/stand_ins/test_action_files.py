"""The stand-ins' action files: every one has code, what act needs of it, and goes into the wheel."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from labs.workflow import action_sources
from labs.workflow.stand_ins.__main__ import MODULES

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
FILES = sorted(action_sources.STAND_INS.glob("*/*/action.yml"))


def test_every_stand_in_has_a_module_and_every_module_an_action_file():
    assert {file.parent.name for file in FILES} == set(MODULES)
    folder = ROOT / "labs" / "workflow" / "stand_ins"
    assert {f"{module}.py" for module in MODULES.values()} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_an_action_file_hands_all_inputs_to_its_step_and_its_outputs_on(file):
    document = yaml.safe_load(file.read_text())
    (step,) = document["runs"]["steps"]
    assert step["env"] == {"LAB_INPUTS": "${{ toJSON(inputs) }}"}
    assert step["run"].endswith(f" {file.parent.name}")
    for name, output in (document.get("outputs") or {}).items():
        assert output["value"] == f"${{{{ steps.{step['id']}.outputs.{name} }}}}"
    assert re.search(r"those of v\d+\.\d+\.\d+\.", file.read_text())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_a_module_reads_no_input_that_the_action_does_not_have(file):
    document = yaml.safe_load(file.read_text())
    module = ROOT / "labs" / "workflow" / "stand_ins" / f"{MODULES[file.parent.name]}.py"
    read = set(re.findall(r'step\.(?:get|on|number|items)\(\s*"([^"]+)"', module.read_text()))
    assert read <= set(document["inputs"])


def test_the_wheel_takes_the_whole_package_with_its_data():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "labs" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
