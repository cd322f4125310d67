"""The desk as a trainee meets it: how soon a page is there, and what a seat weighs. Seconds and MiB."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import BROWSERS, QUIET, ROOT, Checkout, running
from tests.browser.test_jupyterlab import open_notebook

ROUNDS = 3
PANEL = "#fargate-lab-desk nav li"
# `lab.begin()` where no panel is beside it: what it shows of the course, after its own lines.
BEGIN = """
import os, time
os.environ.pop("LAB_PANEL", None)
from labs import lab
took, shown = [], lab._show_status
def timed(subject):
    began = time.perf_counter()
    shown(subject)
    took.append(time.perf_counter() - began)
lab._show_status = timed
lab.begin("push-fixed")
print(f"shown after {took[0]:.3f} s")
"""


def chromium() -> str:
    """The browser; empty where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), "")


@contextmanager
def checkout() -> Iterator[Checkout]:
    """A copy of this checkout with a lab home of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-desk-") as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "tests", "wheels"))
        yield Checkout(copy)


def measured() -> Mapping[str, float]:
    """``paint``, ``panel`` and ``page``: from the URL's opening to each; ``begin``; ``seat`` in MiB after stage 03."""
    found: dict[str, float] = {}
    with checkout() as desk, running(desk) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        rounds = [_opened(browser.new_context().new_page(), url) for _ in range(ROUNDS)]
        for name in ("paint", "panel", "page"):
            found[name] = statistics.median(each[name] for each in rounds)
        desk.solve("push-fixed")
        page = browser.new_context().new_page()
        open_notebook(page, url, "notebooks/03-push-fixed.ipynb")
        found["begin"] = _begin(page)
        found["seat"] = sum(_mib(process) for process in _processes(desk))
        browser.close()
    return found


def _opened(page: Page, url: str) -> dict[str, float]:
    began = time.monotonic()
    page.goto(f"{url}&reset", wait_until="commit")
    page.wait_for_selector(PANEL)
    panel = time.monotonic() - began
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    shown = time.monotonic() - began
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.close()
    return {"paint": paint / 1000, "panel": panel, "page": shown}


def _begin(page: Page) -> float:
    """Run BEGIN in the first cell of the page, in the kernel of a seat."""
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(BEGIN)
    page.keyboard.press("Control+Enter")
    said = page.locator(".jp-OutputArea", has_text="shown after").first
    said.wait_for()
    return float(said.inner_text().partition("shown after ")[2].split()[0])


def _processes(desk: Checkout) -> list[Path]:
    """Every process of this lab home, but what runs in a container."""
    mark = f"LAB_HOME={desk.environment['LAB_HOME']}".encode()
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal() and int(each.name) != os.getpid():
            try:
                if mark in (each / "environ").read_bytes().split(b"\0"):
                    found.append(each)
            except OSError:
                continue
    return found


def _mib(process: Path) -> float:
    """The proportional set size: what several processes share is counted once."""
    lines = (process / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
