"""Widgets do what the cells do, and only where they are wanted."""

from typing import Any

import pytest

from labs.ui import widgets


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr("IPython.display.display", found.append)
    return found


def test_no_widgets_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_WIDGETS", raising=False)
    assert not widgets.wanted()
    monkeypatch.setenv("LAB_WIDGETS", "1")
    assert widgets.wanted()


def test_the_choice_calls_back_with_the_answer(shown: list[Any]) -> None:
    chosen: list[str] = []
    widgets.choice({"yes": "yes, always", "no": "no, never"}, chosen.append)
    radio, button, _ = shown[0].children
    button.click()
    assert chosen == []
    radio.value = "no"
    button.click()
    assert chosen == ["no"]
    assert radio.description
    assert button.description


def test_the_hint_button_gives_hints(shown: list[Any]) -> None:
    given: list[int] = []
    widgets.hint_button(lambda: given.append(1))
    shown[0].children[0].click()
    shown[0].children[0].click()
    assert given == [1, 1]
