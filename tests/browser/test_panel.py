"""The course panel in JupyterLab: there before a cell runs, true while one works, with a keyboard alone."""

import contextlib
import json
import re
import time
import urllib.request
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, TimeoutError, expect

from labs.lesson.stage import stages

from .conftest import PATIENCE_MS, Checkout
from .test_jupyterlab import open_notebook, picture, show_notebook

pytestmark = pytest.mark.browser

FIRST, SECOND = stages()[:2]


def panel(page: Page) -> Locator:
    return page.locator("#fargate-lab-desk")


def item(page: Page, notebook: str) -> Locator:
    return panel(page).locator("nav li", has_text=notebook)


def axe(page: Page) -> list[str]:
    found = Axe().run(page, context="#fargate-lab-desk").response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def command(page: Page, label: str) -> None:
    """Execute a command by the palette, without a mouse; its key is known a moment after the page is there."""
    search = page.locator(".lm-CommandPalette-input:visible")
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not search.count() and time.monotonic() < deadline:
        page.keyboard.press("Control+Shift+C")
        with contextlib.suppress(TimeoutError):
            search.wait_for(timeout=2000)
    search.fill(label)
    page.keyboard.press("Enter")


def theme(lab_url: str, name: str) -> None:
    """Choose the theme as the Settings menu does: it is kept by the server, and the next page has it."""
    address = f"http://{urlsplit(lab_url).netloc}/lab/api/settings/@jupyterlab/apputils-extension:themes"
    token = {"Authorization": f"token {lab_url.partition('token=')[2]}"}
    raw = json.dumps({"raw": json.dumps({"theme": name})}).encode()
    urllib.request.urlopen(urllib.request.Request(address, data=raw, headers=token, method="PUT")).close()


def test_it_is_there_before_a_cell_runs_and_needs_no_kernel(page: Page, lab_url: str, anew: None) -> None:
    page.route("**/api/kernels*", lambda route: route.abort())
    page.route("**/api/sessions*", lambda route: route.abort())
    show_notebook(page, lab_url, f"notebooks/{FIRST.notebook}.ipynb")
    expect(panel(page)).to_be_visible()
    expect(panel(page).locator("nav li")).to_have_count(len(stages()))
    expect(item(page, FIRST.notebook)).to_contain_text(f"here, {FIRST.minutes} min")
    expect(panel(page)).to_contain_text("Open 00-start and run its first cell")
    expect(page.locator("#jp-main-statusbar")).to_contain_text(f"{FIRST.notebook}: here")
    expect(panel(page)).to_contain_text("engine: not looked at yet")
    picture(page, "panel-first-view")
    assert axe(page) == []


def test_it_turns_by_itself_while_the_trainee_works(page: Page, lab_url: str, checkout: Checkout, anew: None) -> None:
    show_notebook(page, lab_url, f"notebooks/{FIRST.notebook}.ipynb")
    checkout.begin(FIRST.name)
    expect(panel(page)).to_contain_text("account: shut", timeout=PATIENCE_MS)
    expect(panel(page)).to_contain_text("engine: open")
    expect(panel(page)).to_contain_text("NOT YET")
    assert axe(page) == []
    picture(page, "panel-not-yet")
    checkout.solve(FIRST.name)
    expect(item(page, FIRST.notebook)).to_contain_text("done", timeout=PATIENCE_MS)
    expect(panel(page)).to_contain_text(f"Open {SECOND.notebook}")
    picture(page, "panel-done")


def test_a_restart_of_the_kernel_leaves_it_as_it_is(page: Page, lab_url: str, checkout: Checkout, anew: None) -> None:
    open_notebook(page, lab_url, f"notebooks/{FIRST.notebook}.ipynb")
    checkout.begin(FIRST.name)
    expect(panel(page)).to_contain_text("account: shut", timeout=PATIENCE_MS)
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).first.click()
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    checkout.solve(FIRST.name)
    expect(item(page, FIRST.notebook)).to_contain_text("done", timeout=PATIENCE_MS)


def test_everything_works_by_keyboard_alone(page: Page, lab_url: str, checkout: Checkout, anew: None) -> None:
    checkout.begin(FIRST.name)
    show_notebook(page, lab_url, f"notebooks/{FIRST.notebook}.ipynb")
    expect(item(page, FIRST.notebook)).to_be_visible()
    # Which is there when JupyterLab has told the panel which notebook is open.
    expect(panel(page).get_by_role("button", name=f"Open {SECOND.notebook}")).to_be_visible()
    command(page, "Course: Show the panel")
    expect(panel(page)).to_be_focused()
    names = []
    for _ in range(len(stages()) + 4):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent"))
    assert names == [*(each.notebook for each in stages()), "Check", "Hint", "Reset ...", f"Open {SECOND.notebook}"]
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Check, start: NOT YET  start.not_confirmed", timeout=PATIENCE_MS)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Hint, start: Look at", timeout=PATIENCE_MS)
    assert axe(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Reset start?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    picture(page, "panel-reset")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert "start.not_confirmed" in (checkout.folder / ".lab" / "progress.json").read_text()
    command(page, "Course: Open the next notebook")
    expect(page.get_by_role("tab", name=f"{SECOND.notebook}.ipynb")).to_be_visible()
    expect(item(page, SECOND.notebook)).to_have_attribute("data-current", "true", timeout=PATIENCE_MS)


def test_dark_is_as_legible_as_light(page: Page, lab_url: str, checkout: Checkout, anew: None) -> None:
    checkout.begin(FIRST.name)
    theme(lab_url, "JupyterLab Dark")
    show_notebook(page, lab_url, f"notebooks/{FIRST.notebook}.ipynb")
    expect(panel(page)).to_contain_text("account: shut", timeout=PATIENCE_MS)
    page.wait_for_selector("body[data-jp-theme-name='JupyterLab Dark']", state="attached")
    expect(panel(page)).not_to_have_css("background-color", "rgb(255, 255, 255)")
    picture(page, "panel-dark")
    assert axe(page) == []
    theme(lab_url, "JupyterLab Light")


def test_nobody_without_the_token_sees_it_or_presses_a_button(lab_url: str) -> None:
    base = f"http://{urlsplit(lab_url).netloc}"
    for path, body in (("view", None), ("check", b"{}"), ("hint", b"{}"), ("reset", b"{}")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"{base}/fargate-lab/{path}", data=body))
        assert refused.value.code in (401, 403)
    token = {"Authorization": f"token {lab_url.partition('token=')[2]}"}
    with urllib.request.urlopen(urllib.request.Request(f"{base}/fargate-lab/view", headers=token)) as answer:
        assert json.load(answer)["view"]["stages"]
