"""What leaves JupyterLab: the report, the course as a part of a page, a notebook as HTML and on paper."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from labs.desk.page import as_html
from labs.desk.report_page import page as report_page
from labs.lesson import verdict_card
from labs.lesson.stage import stages
from labs.verdict import Report, Status, Verdict
from tests.desk.test_report import told

from .conftest import ROOT, faults
from .test_jupyterlab import picture
from .test_panel_alone import course

pytestmark = pytest.mark.browser

# A4 without its margins, in CSS pixels.
PAPER = {"width": 718, "height": 1000}
# What is wider than the paper and cannot be scrolled to there.
CUT_OFF = """() => [...document.querySelectorAll('pre, table, img, svg, p, li, h1, h2, .lab-shown')]
  .filter(each => each.getBoundingClientRect().right > innerWidth + 1 || each.scrollWidth > each.clientWidth + 1
    && each.clientWidth && ['auto', 'scroll', 'hidden'].includes(getComputedStyle(each).overflowX))
  .map(each => each.tagName + ': ' + each.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_as_a_page_breaks_no_rule_and_is_whole_on_paper(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_content(report_page(told()))
    picture(page, f"report-{scheme}")
    assert faults(page, "html") == []
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    assert page.evaluate(CUT_OFF) == []


def test_the_report_is_read_by_keyboard_alone(page: Page) -> None:
    page.set_content(report_page(told()))
    reached = page.locator("pre").count()
    assert reached
    for number in range(reached):
        page.keyboard.press("Tab")
        expect(page.locator("pre").nth(number)).to_be_focused()


def test_the_course_below_a_cell_breaks_no_rule(page: Page) -> None:
    page.set_content(f'<!doctype html><html lang="en"><title>t</title><main>{as_html(course())}</main></html>')
    picture(page, "course-below-a-cell")
    assert faults(page, "main") == []
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="00-start")).to_be_focused()


def exported(notebook: Path) -> str:
    """The notebook as one HTML page, and what it would load from elsewhere left out: there is no network."""
    found = nbformat.read(notebook, as_version=4)
    last = next(each for each in reversed(found.cells) if each.source == "lab.check()")
    # As JupyterLab shows and saves it: a card over the same words.
    said = Report("x", Verdict(Status.PASS, "x.pass", found="f", next_step="open 01-build"), ("one", "two"))
    shown = verdict_card.card_of(said)
    last.outputs = [
        nbformat.v4.new_output("display_data", {"text/html": shown.html, "text/plain": shown.as_text()}),
        *last.outputs,
    ]
    body, _ = HTMLExporter().from_notebook_node(found)
    return re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL)


@pytest.mark.parametrize("notebook", [each.notebook for each in stages()])
def test_a_notebook_on_paper_is_whole_and_has_its_cards_and_pictures(page: Page, tmp_path: Path, notebook: str) -> None:
    solved = ROOT / "solutions" / f"{notebook}.ipynb"
    page.set_content(exported(solved))
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    expect(page.locator(".lab-word")).to_be_visible()
    expect(page.locator(".lab-shown details li").first).to_be_visible()
    cells = json.loads(solved.read_text())["cells"]
    wanted = sum(
        any(kind in output.get("data", {}) for kind in ("image/svg+xml", "text/html"))
        for cell in cells
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
    )
    assert page.locator(".jp-OutputArea svg, .jp-OutputArea img, .jp-RenderedHTML").count() >= wanted
    assert page.evaluate(CUT_OFF) == []
    printed = page.pdf(path=tmp_path / f"{notebook}.pdf", format="A4", print_background=True)
    assert printed.startswith(b"%PDF")
