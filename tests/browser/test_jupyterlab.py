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


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where LAB_SCREENSHOTS names a folder, to look at with one's own eyes."""
    if folder := os.environ.get("LAB_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_the_first_notebook_runs_to_pass(page: Page, lab_url: str):
    open_notebook(page, lab_url, "notebooks/00-start.ipynb")
    run_all(page)
    expect(page.locator(".jp-OutputArea", has_text="PASS").last).to_be_visible(timeout=120_000)
    picture(page, "00-start")


def test_the_page_asks_nobody_outside_this_machine(page: Page, lab_url: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_notebook(page, lab_url, "notebooks/00-start.ipynb")
    outside = [url for url in asked if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))]
    assert asked
    assert outside == []


def test_an_unsolved_notebook_stops_at_a_message_and_not_at_a_traceback(page: Page, lab_url: str):
    open_notebook(page, lab_url, "notebooks/01-build.ipynb")
    run_all(page)
    verdict = page.locator(".jp-OutputArea", has_text="Expected:").last
    expect(verdict).to_be_visible(timeout=180_000)
    expect(verdict).to_contain_text("Next:")
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()
    picture(page, "01-build-unsolved")
