"""Every notebook as a page: one title, headings in order, words for pictures and links, headers in tables."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import mistune
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = [path for folder in ("notebooks", "solutions") for path in sorted((ROOT / folder).glob("*.ipynb"))]
EVERY = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")


class Outline(HTMLParser):
    """The headings of a page and their words; its links and pictures with theirs; rows and headers of its tables."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[tuple[int, str]] = []
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.tables: list[list[str]] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        elif tag == "a":
            self.links.append("")
        elif tag == "img":
            self.pictures.append(dict(attrs).get("alt") or "")
        elif tag == "table":
            self.tables.append([])
        elif tag == "th":
            self.tables[-1].append("")
        if tag not in ("img", "br", "hr"):
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.headings and re.search(r"h[1-6]", " ".join(self._within)):
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)
        if "a" in self._within:
            self.links[-1] += data
        if "th" in self._within:
            self.tables[-1][-1] += data


def cells(notebook: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(notebook.read_text())["cells"]
    return found


def outline(notebook: Path) -> Outline:
    text = "\n\n".join("".join(each["source"]) for each in cells(notebook) if each["cell_type"] == "markdown")
    found = Outline()
    found.feed(str(mistune.create_markdown(escape=False, plugins=["table"])(text)))
    return found


@EVERY
def test_a_notebook_has_one_title_and_its_headings_come_in_order(notebook: Path) -> None:
    levels = [level for level, _ in outline(notebook).headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@EVERY
def test_every_heading_link_and_picture_has_words_of_its_own(notebook: Path) -> None:
    found = outline(notebook)
    headings = [words.strip() for _, words in found.headings]
    assert all(headings)
    assert len(set(headings)) == len(headings)
    assert all(re.search(r"\w", words) for words in found.links)
    assert all(found.pictures)
    assert not {"here", "this", "link", "click here"} & {words.strip().lower() for words in found.links}


@EVERY
def test_every_table_has_headers(notebook: Path) -> None:
    # The corner of a table whose rows have names may be empty.
    assert all(headers and all(words.strip() for words in headers[1:]) for headers in outline(notebook).tables)


@EVERY
def test_every_picture_that_a_cell_drew_has_words(notebook: Path) -> None:
    for cell in cells(notebook):
        for output in cell.get("outputs", []):
            for kind in ("image/svg+xml", "text/html"):
                drawn = "".join(output.get("data", {}).get(kind, ""))
                assert len(re.findall("<svg", drawn)) == len(re.findall(r'<svg[^>]*role=[\'"]img', drawn))
                assert len(re.findall("<img", drawn)) == len(re.findall(r'<img[^>]*alt=[\'"][^\'"]', drawn))
