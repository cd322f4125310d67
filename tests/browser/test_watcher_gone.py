"""The panel while its watcher is stopped or killed: it says so, and goes on when there is one again."""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labs.processes import command_line

from .conftest import Checkout
from .test_jupyterlab import picture, show_notebook
from .test_panel import FIRST, axe, item, panel

pytestmark = pytest.mark.browser


def watcher(checkout: Checkout) -> int:
    """The process of the panel's watcher in this lab home."""
    home = f"LAB_HOME={checkout.environment['LAB_HOME']}".encode()
    found = [
        int(each.name)
        for each in Path("/proc").iterdir()
        if each.name.isdecimal()
        and command_line(int(each.name))[-1:] == ["watch"]
        and home in (each / "environ").read_bytes().split(b"\0")
    ]
    assert len(found) == 1, found
    return found[0]


@pytest.fixture
def shown(page: Page, lab_url: str, checkout: Checkout, anew: None) -> Page:
    """The panel, with the gates of the first stage looked at."""
    checkout.begin(FIRST.name)
    show_notebook(page, lab_url, f"notebooks/{FIRST.notebook}.ipynb")
    expect(panel(page)).to_contain_text("account: shut")
    return page


def test_of_a_watcher_that_hangs_the_panel_says_so_and_gets_another(shown: Page, checkout: Checkout) -> None:
    hanging = watcher(checkout)
    os.kill(hanging, signal.SIGSTOP)
    expect(panel(shown)).to_contain_text("CANNOT CHECK: The watcher of the course does not answer.")
    expect(panel(shown)).to_contain_text("What stands below is older.")
    picture(shown, "panel-watcher-hangs")
    assert axe(shown) == []
    checkout.solve(FIRST.name)
    expect(item(shown, FIRST.notebook)).to_contain_text("done")
    expect(panel(shown)).not_to_contain_text("CANNOT CHECK")
    assert watcher(checkout) != hanging


def test_after_a_watcher_was_killed_there_is_another(shown: Page, checkout: Checkout) -> None:
    killed = watcher(checkout)
    os.kill(killed, signal.SIGKILL)
    checkout.solve(FIRST.name)
    expect(item(shown, FIRST.notebook)).to_contain_text("done")
    expect(panel(shown)).not_to_contain_text("CANNOT CHECK")
    assert watcher(checkout) != killed
