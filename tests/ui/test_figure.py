"""A picture and its table are one output where widgets are wanted, and printed one after the other where not."""

from typing import Any

import pytest

from labs.ui import figure
from labs.ui.figure import Figure, Table
from labs.ui.pictures import PushCall, push_picture

SHOWN = Figure(push_picture([PushCall("<b>", "ecr:PutImage", "allowed")]), (Table(("a", "b"), (("<b>", "2"),)),))


def test_the_table_has_a_caption_and_headers_for_its_columns_and_rows() -> None:
    html = SHOWN.html
    assert html.count('<th scope="col">') == 2
    assert '<th scope="row">&lt;b&gt;</th>' in html
    assert "<caption>The same as a table</caption>" in html
    assert html.index("<img ") < html.index("<table>")


def test_the_text_alternative_has_the_description_and_the_table() -> None:
    text = SHOWN._repr_mimebundle_()["text/plain"]
    assert text == f"{SHOWN.picture.description}\n\na    b\n---  -\n<b>  2"


@pytest.mark.parametrize(("wanted", "shown", "printed"), [("1", [SHOWN], ""), ("0", [SHOWN.picture], "a    b")])
def test_both_are_one_thing_only_where_widgets_are_wanted(
    wanted: str, shown: list[Any], printed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[Any] = []
    monkeypatch.setenv("LAB_WIDGETS", wanted)
    monkeypatch.setattr("IPython.display.display", lambda one, **_: found.append(one))
    figure.show(SHOWN, before=True)
    assert found == shown
    assert capsys.readouterr().out.startswith(printed)
