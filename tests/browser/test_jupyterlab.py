"""What a trainee sees in a real browser after `make lab`."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def open_notebook(page: Page, lab_url: str, notebook: str) -> None:
    """Open one notebook in JupyterLab and wait for its kernel: the indicator says idle before there is one."""
    base, _, token = lab_url.partition("?")
    page.goto(f"{base.split('/lab')[0]}/lab/tree/{notebook}?{token}&reset", wait_until="domcontentloaded")
    page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=60_000)
    kernel = page.locator(".jp-NotebookPanel .jp-Toolbar-kernelName", has_text="Python 3 (ipykernel)")
    kernel.first.wait_for(timeout=60_000)
    idle = '.jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status="idle"]'
    page.wait_for_selector(idle, timeout=60_000)


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


def last_verdict(page: Page, word: str) -> str:
    """Wait for the check's output with this verdict word, and return its text."""
    verdict = page.locator(".jp-OutputArea", has_text=f"{word}  ").last
    expect(verdict).to_be_visible(timeout=180_000)
    return verdict.inner_text()


def test_the_page_asks_nobody_outside_this_machine(page: Page, lab_url: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_notebook(page, lab_url, "notebooks/00-start.ipynb")
    outside = [url for url in asked if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))]
    assert asked
    assert outside == []


@pytest.mark.parametrize("notebook", ["00-start", "01-build", "02-push-denied"])
def test_an_unsolved_notebook_ends_with_the_next_step_and_no_traceback(page: Page, lab_url: str, notebook: str):
    open_notebook(page, lab_url, f"notebooks/{notebook}.ipynb")
    run_all(page)
    assert "Next:" in last_verdict(page, "NOT YET")
    picture(page, f"{notebook}-unsolved")
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()


@pytest.mark.parametrize("notebook", ["00-start", "01-build", "02-push-denied", "03-push-fixed"])
def test_a_solved_notebook_runs_to_pass(page: Page, lab_url: str, notebook: str):
    open_notebook(page, lab_url, f"solutions/{notebook}.ipynb")
    run_all(page)
    assert "Found:" in last_verdict(page, "PASS")
    picture(page, f"{notebook}-solved")
