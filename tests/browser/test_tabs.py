"""A page among others: two of one notebook, one closed and opened again, a kernel restarted, a slow machine."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import ROOT, Checkout
from .test_cards import OUTPUTS
from .test_jupyterlab import choose, last_verdict, open_notebook, picture, show_notebook
from .test_panel import FIRST, item, panel

pytestmark = pytest.mark.browser

NOTEBOOK = f"notebooks/{FIRST.notebook}.ipynb"


@pytest.fixture
def solved(checkout: Checkout, lab_url: str, anew: None) -> None:
    """The first notebook on the desk with the right answers in it, and nothing run."""
    notebook = json.loads((ROOT / "solutions" / f"{FIRST.notebook}.ipynb").read_text())
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each.update(outputs=[], execution_count=None)
    (checkout.desk / f"{FIRST.notebook}.ipynb").write_text(json.dumps(notebook))


def restart(page: Page) -> None:
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).first.click()
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def run_cell(page: Page, source: str) -> None:
    """Run one cell by the keyboard; it is the one whose text this is."""
    page.locator(".jp-Notebook .jp-CodeCell", has_text=source).first.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def test_of_one_notebook_in_two_tabs_both_panels_turn_and_neither_overwrites_the_other(
    page: Page, lab_url: str, solved: None
) -> None:
    open_notebook(page, lab_url, NOTEBOOK)
    second = page.context.new_page()
    open_notebook(second, lab_url, NOTEBOOK)
    choose(page, "Run", "Run All Cells")
    last_verdict(page, "PASS")
    page.keyboard.press("Control+S")
    for each in (page, second):
        expect(item(each, FIRST.notebook)).to_have_attribute("data-state", "done")
    second.bring_to_front()
    second.locator(".jp-Notebook .jp-CodeCell .cm-content").last.click()
    second.keyboard.type("# here too")
    second.keyboard.press("Control+S")
    asked = second.locator(".jp-Dialog", has_text="has changed on disk")
    expect(asked).to_be_visible()
    asked.get_by_role("button", name="Revert").click()
    last_verdict(second, "PASS")


def test_a_tab_that_is_closed_while_a_cell_works_finds_all_of_it_when_it_is_opened_again(
    page: Page, lab_url: str, solved: None
) -> None:
    open_notebook(page, lab_url, NOTEBOOK)
    choose(page, "Run", "Run All Cells")
    expect(item(page, FIRST.notebook)).to_contain_text("here, 0 of")
    again = page.context.new_page()
    page.close()
    show_notebook(again, lab_url, NOTEBOOK)
    expect(item(again, FIRST.notebook)).to_have_attribute("data-state", "done")
    expect(again.locator(".jp-Dialog")).to_have_count(0)


def test_after_a_restart_of_the_kernel_a_cell_says_what_to_run_and_the_panel_is_as_it_was(
    page: Page, lab_url: str, solved: None
) -> None:
    open_notebook(page, lab_url, NOTEBOOK)
    run_cell(page, 'lab.begin("start")')
    expect(panel(page)).to_contain_text("account: shut")
    restart(page)
    expect(panel(page)).to_contain_text("account: shut")
    run_cell(page, "lab.check()")
    said = page.locator(OUTPUTS, has_text="Next: run the first cell")
    expect(said).to_contain_text("This kernel does not know 'lab': it is new, or was started again.")
    expect(said).not_to_contain_text("NameError")
    picture(page, "restarted")
    choose(page, "Run", "Run All Cells")
    last_verdict(page, "PASS")
    expect(item(page, FIRST.notebook)).to_have_attribute("data-state", "done")


def test_on_a_machine_four_times_as_slow_it_is_the_same(page: Page, lab_url: str, solved: None) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    open_notebook(page, lab_url, NOTEBOOK)
    expect(item(page, FIRST.notebook)).to_have_attribute("data-current", "true")
    choose(page, "Run", "Run All Cells")
    last_verdict(page, "PASS")
    expect(item(page, FIRST.notebook)).to_have_attribute("data-state", "done")
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_a_page_that_is_open_during_a_reset_shows_the_new_notebook(
    page: Page, lab_url: str, checkout: Checkout, solved: None
) -> None:
    open_notebook(page, lab_url, NOTEBOOK)
    choose(page, "Run", "Run All Cells")
    last_verdict(page, "PASS")
    panel(page).get_by_role("button", name="Reset").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Undo it").click()
    expect(panel(page)).to_contain_text("begins anew")
    expect(page.locator(f"{OUTPUTS}-output")).to_have_count(0)
    expect(page.locator(".jp-Notebook")).to_contain_text('lab.predict("")')
    # All that was written is in the notebook that was kept, the outputs of this moment, too.
    kept = max(checkout.desk.glob(f"{FIRST.notebook}-*.ipynb"), key=lambda each: each.stat().st_mtime)
    assert "start.pass" in kept.read_text()


def test_a_page_with_something_unsaved_is_asked_before_it_shows_the_new_notebook(
    page: Page, lab_url: str, checkout: Checkout, solved: None
) -> None:
    checkout.begin(FIRST.name)
    open_notebook(page, lab_url, NOTEBOOK)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.type("# not saved\n")
    checkout.reset(FIRST.name)
    asked = page.locator(".jp-Dialog", has_text=f"{FIRST.notebook} begins anew")
    expect(asked).to_contain_text("what you have not saved is on this page only")
    picture(page, "reset-elsewhere")
    asked.get_by_role("button", name="Keep this page").click()
    expect(page.locator(".jp-Notebook")).to_contain_text("# not saved")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
