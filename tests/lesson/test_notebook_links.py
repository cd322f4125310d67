"""What a notebook names and can be opened is a link: the next notebook, the others, the pages of AWS."""

import re

import pytest

from labs.lesson.notebooks import SOLVED, path_of, read
from labs.lesson.stage import Stage, following, stages

pytestmark = pytest.mark.unit
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
EVERY = pytest.mark.parametrize("subject", stages(), ids=lambda each: each.notebook)


def prose(subject: Stage) -> str:
    return "\n\n".join(cell.source for cell in read(path_of(subject, SOLVED)).cells if cell.cell_type == "markdown")


@EVERY
def test_a_notebook_links_the_one_that_comes_next(subject: Stage) -> None:
    after = following(subject)
    assert not after or f"Next: open [{after}.ipynb]({after}.ipynb)" in prose(subject)


@EVERY
def test_every_link_has_words_and_leads_to_a_notebook_or_out_by_https(subject: Stage) -> None:
    beside = {f"{each.notebook}.ipynb" for each in stages()}
    for words, address in LINK.findall(prose(subject)):
        assert address in beside or address.startswith("https://"), address
        assert words.lower() not in ("here", "this", "link", address.lower()) or address in beside


@EVERY
def test_no_notebook_is_told_to_be_opened_without_a_link(subject: Stage) -> None:
    assert not re.search(r"open `?\d\d-", prose(subject))


def test_the_first_notebook_links_them_all() -> None:
    linked = {address for _, address in LINK.findall(prose(stages()[0]))}
    assert linked >= {f"{each.notebook}.ipynb" for each in stages()}
