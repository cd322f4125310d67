"""What a trainee sees in a real browser after `make lab`."""

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import PATIENCE_MS, ROOT, Checkout

pytestmark = pytest.mark.browser


def open_notebook(page: Page, lab_url: str, notebook: str) -> None:
    """Open one notebook in JupyterLab and wait for its kernel: the indicator says idle before there is one."""
    show_notebook(page, lab_url, notebook)
    kernel = page.locator(".jp-NotebookPanel .jp-Toolbar-kernelName", has_text="Python 3 (ipykernel)")
    kernel.first.wait_for(timeout=PATIENCE_MS)
    idle = '.jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status="idle"]'
    page.wait_for_selector(idle, timeout=PATIENCE_MS)


def show_notebook(page: Page, lab_url: str, notebook: str) -> None:
    """Open one notebook in JupyterLab; its kernel may still be starting."""
    base, _, token = lab_url.partition("?")
    page.goto(f"{base.split('/lab')[0]}/lab/tree/{notebook}?{token}&reset", wait_until="domcontentloaded")
    page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=PATIENCE_MS)


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def run_all(page: Page) -> None:
    """Run the notebook from a blank sheet: the committed outputs must not be taken for this run's."""
    choose(page, "Edit", "Clear Outputs of All Cells")
    expect(page.locator(".jp-Notebook .jp-OutputArea-output")).to_have_count(0)
    choose(page, "Run", "Run All Cells")


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where LAB_SCREENSHOTS names a folder, to look at with one's own eyes."""
    if folder := os.environ.get("LAB_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def last_verdict(page: Page, word: str, checks: int = 1) -> str:
    """Wait for the cards of all ``checks`` of a notebook; the last must have this verdict word. Returns its text."""
    cards = page.locator(".jp-OutputArea .lab-shown:has(.lab-head code)")
    expect(cards).to_have_count(checks, timeout=4 * PATIENCE_MS)
    # What is out of sight is not laid out, and has no text.
    cards.last.scroll_into_view_if_needed()
    expect(cards.last).to_contain_text(re.compile(rf"{word}\b.* [a-z]+\.[a-z]"), timeout=PATIENCE_MS)
    return cards.last.inner_text()


def test_what_a_page_asks_for_beyond_this_machine_is_told_of(page: Page, outside: list[str]):
    """In every test of this folder; here somebody does ask."""
    page.set_content(
        '<img src="https://192.0.2.7/x.png" onerror="document.title = 1"><a href="http://127.0.0.1/">x</a>'
    )
    page.wait_for_function("document.title === '1'")
    with page.expect_websocket():
        page.evaluate("new WebSocket('ws://192.0.2.7/')")
    assert outside == ["https://192.0.2.7/x.png", "ws://192.0.2.7/"]
    outside.clear()


def test_who_runs_the_cells_before_the_kernel_is_there_is_not_asked_which_it_should_be(
    page: Page, lab_url: str, checkout: Checkout
):
    """Of a notebook that had no kernel yet; JupyterLab then runs nothing, and can be told again."""
    notebook = checkout.put_on_desk(ROOT / "notebooks" / "00-start.ipynb", "early.ipynb")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/sessions?*", hold)
    with page.expect_request(lambda each: each.method == "POST" and "/api/sessions" in each.url):
        show_notebook(page, lab_url, notebook)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=PATIENCE_MS)
    run_all(page)
    held[0].continue_()
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=PATIENCE_MS)
    expect(page.locator(".jp-NotebookPanel .jp-Toolbar-kernelName")).to_have_text("Python 3 (ipykernel)")
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_after_the_walk_the_checkout_is_as_it_was(lab_url: str, checkout: Checkout):
    for folder in ("notebooks", "solutions", "sample-app"):
        there = [path for path in (checkout.folder / folder).rglob("*") if path.is_file()]
        assert there
        for path in there:
            assert (ROOT / path.relative_to(checkout.folder)).read_bytes() == path.read_bytes()
    made = {path.name for path in checkout.folder.iterdir()} - {path.name for path in ROOT.iterdir()}
    assert made <= {".lab"}


# Every line of text that crosses the edge of the picture or of another line.
MISPLACED = """svg => {
  const box = svg.viewBox.baseVal, texts = [...svg.querySelectorAll("text")];
  const bounds = texts.map(text => text.getBBox());
  const outside = texts.filter((_, n) => bounds[n].x < 0 || bounds[n].y < 0
    || bounds[n].x + bounds[n].width > box.width || bounds[n].y + bounds[n].height > box.height);
  const crossing = texts.filter((_, n) => bounds.some((other, m) => m !== n
    && bounds[n].x < other.x + other.width && other.x < bounds[n].x + bounds[n].width
    && bounds[n].y + 3 < other.y + other.height - 3 && other.y + 3 < bounds[n].y + bounds[n].height - 3));
  return [...outside, ...crossing].map(text => text.textContent);
}"""


@pytest.mark.parametrize("cell", ["bare-vpc", "talk-vpc", "open-vpc"])
def test_the_picture_of_the_vpc_is_whole_in_the_browsers_own_font(page: Page, cell: str):
    solved = json.loads((ROOT / "solutions" / "04-private-subnet.ipynb").read_text())
    output = next(each for each in solved["cells"] if each["id"] == cell)["outputs"][0]
    page.set_content("".join(output["data"]["image/svg+xml"]))
    svg = page.get_by_role("img", name="The VPC, and the way from a task to each service")
    assert svg.evaluate(MISPLACED) == []
    picture(page, f"04-private-subnet-{cell}")
    page.set_content("".join(output["data"]["text/html"]))
    image = page.get_by_role("img", name="From the task to the layers in Amazon S3")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.complete && image.naturalWidth") == 1000
