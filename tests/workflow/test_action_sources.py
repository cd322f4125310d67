"""Where a workflow's actions come from: a description that cannot be read is told by its line."""

import pytest

from labs.errors import LabError
from labs.workflow.action_sources import sources
from labs.workflow.document import parse

pytestmark = pytest.mark.unit
USING = parse("on: push\njobs:\n  push:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./mine\n")


@pytest.mark.parametrize("text", ["", "x: 2026-13-45", "[" * 5000, "x: " + "1" * 5000, "a: b: c", "\x00", "[a]"])
def test_a_description_that_is_none_is_told_with_the_line_that_uses_it(tmp_path, text):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "action.yml").write_text(text)
    with pytest.raises(LabError, match=r"line 6: \./mine .* has no action.yml"):
        sources(USING, tmp_path, None)
