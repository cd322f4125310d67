"""JupyterLab as `make lab` starts it, and a real headless Chromium."""

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Chromium with no background requests: this lab is used where there is no network.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
READY_WITHIN = 60


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on PATH")
    return found


@pytest.fixture(scope="session")
def lab_url(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[str]:
    """The URL that `labs start` prints; Ctrl-C ends it, and it must end well."""
    # A copy, because JupyterLab saves the notebooks that it runs.
    checkout = tmp_path_factory.mktemp("browser") / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".*", "tests", "wheels"))
    environment = {**os.environ, "PYTHONPATH": str(checkout), "LAB_HOME": str(checkout / ".lab")}
    process = subprocess.Popen(
        [sys.executable, "-m", "labs", "start"],
        cwd=checkout,
        env={**environment, "LAB_NO_BROWSER": "1", "LAB_TARGET": "local"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    try:
        yield _url(lines, process)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


def _url(lines: "queue.Queue[str]", process: "subprocess.Popen[str]") -> str:
    seen, deadline = "", time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            seen += lines.get(timeout=0.5)
        except queue.Empty:
            continue
        if match := re.search(r"http://127\.0\.0\.1:\d+/lab\S*token=\S+", seen):
            return match[0]
    raise AssertionError(f"labs start printed no URL:\n{seen}")


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_context(viewport={"width": 1280, "height": 1600}, locale="en-US").new_page()
        yield page
        browser.close()
