"""What others have named stands in the outputs of a notebook in JupyterLab as text: nothing of it is run or linked.

The outputs are those of the kit: a verdict, a refusal, a table, a picture, an error, a line of a log.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Checkout
from .test_escaping import HOSTILE
from .test_jupyterlab import open_notebook, run_all

pytestmark = pytest.mark.browser

# Each name as a tag, a role, a line of a log and an error, by the means by which the kit shows such a thing.
SHOWN = """
from IPython.display import display
from labs.errors import LabError
from labs.printable import printable_lines
from labs.ui import pictures, text
from labs.verdict import Status, Verdict

for name in {names}:
    display(pictures.push_picture([pictures.PushCall(name, name, "refused")]))
    print(Verdict(Status.FAIL, "x.y", expected=f"tag {{name}}", found=f"role {{name}}", next_step=f"line {{name}}"))
    print(text.table(["tag", "role"], [[name, name]]))
    print(text.facts(dict(log=name)))
    print(printable_lines(name))
    print(LabError(name, "do it again", id="x"))
print("all shown")
"""
FAILS = """
raise LabError("<img src=x onerror='window.hit = 1'> was refused", "say <script>window.hit = 1</script>", id="x")
"""


def cell(source: str) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source, "id": "a"}


@pytest.fixture
def hostile(checkout: Checkout, tmp_path: Path) -> str:
    """A notebook that shows every hostile name in every way, and ends in an error."""
    cells = [cell(SHOWN.format(names=json.dumps(HOSTILE))), {**cell(FAILS), "id": "b"}]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "hostile.ipynb").write_text(json.dumps(notebook))
    return checkout.put_on_desk(tmp_path / "hostile.ipynb", "hostile.ipynb")


def test_hostile_names_stay_text_in_the_outputs_of_a_notebook(page: Page, lab_url: str, hostile: str) -> None:
    open_notebook(page, lab_url, hostile)
    run_all(page)
    outputs = page.locator(".jp-Notebook .jp-OutputArea")
    expect(outputs.first).to_contain_text("all shown", timeout=PATIENCE_MS)
    expect(outputs.last).to_contain_text("was refused", timeout=PATIENCE_MS)
    found = page.evaluate(
        """() => {
            const areas = [...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output')];
            const all = areas.flatMap(area => [...area.querySelectorAll('*')]);
            return {
                hit: window.hit ?? null,
                tags: [...new Set(all.map(each => each.tagName.toLowerCase()))],
                handlers: all.flatMap(each => each.getAttributeNames().filter(one => one.startsWith('on'))),
                links: all.map(each => each.getAttribute('href')).filter(each => each),
                said: areas.map(area => area.textContent).join(),
            };
        }"""
    )
    assert found["hit"] is None
    assert found["handlers"] == []
    assert not {"script", "iframe", "foreignobject", "form", "object", "embed"} & set(found["tags"])
    assert [each for each in found["links"] if each.startswith("javascript:")] == []
    assert "<script>window.hit = 1</script>" in found["said"]
    assert "\u202e" not in found["said"]
