"""The generated parts of docs/ are what the product says, and ``labs docs`` writes and compares them."""

import nbformat
import pytest

from labs import cli
from labs.aws_texts import FILES, texts
from labs.errors import LabError
from labs.pages import page as machinery
from labs.pages import pages
from labs.pages.page import Page

EVERY = [text for file in FILES for text in texts(file).values()]
PAGES = list(pages())


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a page whose block is not yet built, and one without a block."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "page.md").write_text("before\n<!-- generated: texts ecs_services rollout -->\n<!-- end -->\nafter\n")
    (docs / "plain.md").write_text("by hand\n")
    monkeypatch.setattr(machinery, "checkout", lambda: tmp_path)
    return docs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.name)
def test_a_page_says_what_the_product_says(page):
    assert page.current, "run: labs docs build"


@pytest.mark.parametrize("text", EVERY, ids=lambda text: text.id)
def test_a_text_stands_on_one_page_with_its_mark(text):
    lines = [line for page in PAGES for line in page.text.splitlines()]
    at = [number for number, line in enumerate(lines) if line.startswith(f"- **`{text.id}`**: ")]
    assert len(at) == 1
    assert text.words in lines[at[0] + 1]
    assert any(line.startswith(f"  - {text.mark.value} {text.evidence}") for line in lines[at[0] + 2 : at[0] + 4])


def test_build_writes_between_the_marks_and_check_is_then_content(checkout, capsys):
    assert cli.main(["docs", "check"]) == 1
    assert "docs/page.md does not say what the product says" in capsys.readouterr().err
    assert cli.main(["docs", "build"]) == 0
    assert cli.main(["docs", "check"]) == 0
    text = (checkout / "page.md").read_text()
    assert text.startswith("before\n<!-- generated: texts ecs_services rollout -->\n- **`rollout.in_progress`**")
    assert text.endswith("<!-- end -->\nafter\n")
    assert (checkout / "plain.md").read_text() == "by hand\n"


def test_a_block_that_nothing_generates_is_told_with_those_there_are(tmp_path):
    page = Page(tmp_path / "page.md", "<!-- generated: weather today -->\n<!-- end -->\n")
    with pytest.raises(LabError, match="has a block 'weather'") as error:
        _ = page.built
    assert "texts" in error.value.next_step


def test_without_docs_it_says_where_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(machinery, "checkout", lambda: tmp_path)
    assert cli.main(["docs", "build"]) == 2
    assert "run this in a clone of the repository" in capsys.readouterr().err


def test_a_block_in_a_notebooks_cell_is_built_like_one_on_a_page(checkout):
    folder = checkout.parent / "solutions"
    folder.mkdir()
    cells = [nbformat.v4.new_markdown_cell("# Start\n\n<!-- generated: outline -->\n<!-- end -->\n\nafter")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "00-start.ipynb")
    assert cli.main(["docs", "check"]) == 1
    assert cli.main(["docs", "build"]) == 0
    assert cli.main(["docs", "check"]) == 0
    source = nbformat.read(folder / "00-start.ipynb", as_version=4).cells[0].source
    assert source.startswith("# Start\n\n<!-- generated: outline -->\n| notebook | what you do | minutes |\n")
    assert source.endswith("<!-- end -->\n\nafter")
