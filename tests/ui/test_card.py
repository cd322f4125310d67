"""A card says what the text says: the status in a word, what to do first, and nothing that somebody else wrote runs."""

import re
from html import unescape

import pytest

from labs.ui.card import SIGNS, Card, Fold, Note

PARTS = (("Expected", "six actions"), ("Found", "five"), ("Why", "one is missing"), ("Next", "add it, then open 03-x"))
CARD = Card(
    "FAIL",
    "push.denied.other",
    PARTS,
    remark="at policy; not reached: trail",
    place="policy",
    notes=("A hint.",),
    folds=(Fold("Gates: 1 open, 1 shut", ("open: repository", "shut: policy")),),
    pages={"03-x": "03-x.ipynb"},
)


def words(html: str) -> str:
    """What a person reads: without the style and the tags."""
    return unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", html)))


def test_the_text_of_a_card_is_that_of_the_verdict_and_its_notes() -> None:
    assert CARD.as_text() == (
        "FAIL  push.denied.other  (at policy; not reached: trail)\n"
        "Expected: six actions\nFound:    five\nWhy:      one is missing\nNext:     add it, then open 03-x\n\nA hint."
    )


def test_a_card_says_what_to_do_before_what_was_found() -> None:
    said = words(CARD.html)
    places = [said.index(word) for word in ("FAIL", "add it", "six actions", "five", "one is missing", "A hint.")]
    assert places == sorted(places)


@pytest.mark.parametrize("status", SIGNS)
def test_a_status_is_a_word_and_a_sign_and_not_a_colour_alone(status: str) -> None:
    html = Card(status, "a.b", PARTS).html
    assert f'<span aria-hidden="true">{SIGNS[status][0]}</span> {status}' in html
    assert f"lab-{SIGNS[status][1]}" in html


def test_no_two_statuses_share_a_sign() -> None:
    assert len({sign for sign, _ in SIGNS.values()}) == len(SIGNS)


def test_a_screen_reader_hears_a_card_and_a_note() -> None:
    for html in (CARD.html, Note("It was refused.", "try again").html):
        assert html.count('role="status"') == 1


def test_what_is_folded_can_be_opened_and_stands_in_the_card_only() -> None:
    assert "<details><summary>Gates: 1 open, 1 shut</summary>" in CARD.html
    assert "open: repository" not in CARD.as_text()


@pytest.mark.parametrize(
    ("step", "links"),
    [
        ("open 03-x", ["open 03-x"]),
        ("open 03-x.ipynb", ["open 03-x.ipynb"]),
        ("open 03-x; or 03-x again", ["open 03-x", "03-x"]),
        ("open 03-xyz", []),
        ("open 103-x", []),
        ("open 04-y", []),
        ("nothing", []),
    ],
)
def test_a_next_step_links_the_notebooks_that_there_are(step: str, links: list[str]) -> None:
    html = Card("NOT YET", "a.b", (("Next", step),), pages={"03-x": "03-x.ipynb"}).html
    assert re.findall(r'<a href="03-x.ipynb">(.*?)</a>', html) == links


def test_after_a_pass_the_link_looks_like_a_button() -> None:
    html = Card("PASS", "a.b", (("Next", "open 03-x"),), pages={"03-x": "03-x.ipynb"}).html
    assert '<a class="lab-button" href="03-x.ipynb">open 03-x</a>' in html


def test_a_note_is_what_happened_and_what_to_do() -> None:
    assert Note("Two\nlines", "go on").as_text() == "Two\nlines\nNext: go on"
    assert Note("Two\nlines").as_text() == "Two\nlines"
    assert CARD._repr_mimebundle_() == {"text/html": CARD.html, "text/plain": CARD.as_text()}
