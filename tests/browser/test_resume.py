"""The lab stopped and started again: the same tabs, the same one in front, what was written in it."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Checkout, running
from .test_jupyterlab import open_notebook

pytestmark = pytest.mark.browser


def current_tab(page: Page) -> str:
    return page.locator("#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current .lm-TabBar-tabLabel").inner_text()


def until_saved(checkout: Checkout, name: str, words: str) -> None:
    """A page that is left before the server has answered takes its text with it."""
    until(lambda: words in (checkout.desk / name).read_text(), "the notebook was not saved")


def until_remembered(checkout: Checkout, name: str) -> None:
    """JupyterLab writes its workspace down a moment after a change."""
    folder, current = (
        checkout.folder / checkout.home / "jupyter" / "workspaces",
        f'"current":"notebook:notebooks/{name}"',
    )
    until(lambda: any(current in each.read_text() for each in folder.glob("default-*")), "the workspace was not saved")


def until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


@pytest.fixture
def fresh(checkout: Checkout) -> Checkout:
    """The checkout with a lab home in which nothing was opened before."""
    return Checkout(checkout.folder, ".lab-resume")


def test_a_second_make_lab_opens_where_one_was(page: Page, fresh: Checkout) -> None:
    with running(fresh) as url:
        assert "/lab/tree/notebooks/00-start.ipynb?" in url
        open_notebook(page, url.replace("&reset", ""), "notebooks/01-build.ipynb")
        page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".cm-content").first.click()
        page.keyboard.press("Control+End")
        page.keyboard.type("\n# I was here")
        page.keyboard.press("Control+s")
        until_saved(fresh, "01-build.ipynb", "# I was here")
        until_remembered(fresh, "01-build.ipynb")
        page.goto("about:blank")
    with running(fresh) as url:
        assert re.search(r":\d+/lab\?token=", url)
        page.goto(url, wait_until="domcontentloaded")
        expect(page.locator(".jp-NotebookPanel:visible")).to_contain_text("# I was here", timeout=PATIENCE_MS)
        assert current_tab(page) == "01-build.ipynb"
        expect(page.locator(".jp-Dialog")).to_have_count(0)
        page.goto("about:blank")
