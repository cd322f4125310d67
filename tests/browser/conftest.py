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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, WebSocket, expect, sync_playwright

from labs.lesson.stage import stages

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
# Every address that is not of this machine.
OUTSIDE = re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1[:/])")
READY_WITHIN = 180
# A page that comes late is slow, not broken: nothing here asks how fast it is.
PATIENCE_MS = 60_000


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on PATH")
    return found


@dataclass(frozen=True)
class Checkout:
    """A copy of this checkout, so that it can be seen that nothing in it changes; with a lab home of its own."""

    folder: Path
    home: str = ".lab"

    @property
    def desk(self) -> Path:
        """The trainee's notebooks, as JupyterLab shows and saves them."""
        return self.folder / self.home / "desk" / "notebooks"

    def put_on_desk(self, notebook: Path, name: str) -> str:
        """Lay a notebook beside the trainee's; its path below the desk."""
        self.desk.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(notebook, self.desk / name)
        return f"notebooks/{name}"

    @property
    def environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": str(self.folder), "LAB_HOME": str(self.folder / self.home), "LAB_TARGET": "local"}
        # A name of its own: other tests, and other workers of this one, load images into the same Docker Engine.
        trainee = f"browser-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
        return {**os.environ, **own, "LAB_NO_BROWSER": "1", "LAB_TRAINEE": trainee}

    def _python(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def solve(self, stage: str) -> None:
        """Do a stage and those before it, as a latecomer would in a terminal."""
        self._python("-m", "labs", "solve", stage)

    def reset(self, stage: str) -> None:
        """Begin a stage again, in a terminal."""
        self._python("-m", "labs", "reset", stage, "--yes")

    def begin(self, stage: str) -> None:
        """Begin a stage, as the first cell of its notebook does."""
        self._python("-c", f"from labs import lab\nlab.begin({stage!r})")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Checkout:
    folder = tmp_path_factory.mktemp("browser") / "checkout"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "tests", "wheels"))
    return Checkout(folder)


@pytest.fixture(scope="session")
def lab_url(checkout: Checkout) -> Iterator[str]:
    """The URL that `labs start` prints."""
    with running(checkout) as url:
        yield url


@pytest.fixture
def anew(checkout: Checkout, lab_url: str) -> None:
    """The course as at its beginning."""
    checkout.reset(stages()[0].name)


@contextmanager
def running(checkout: Checkout) -> Iterator[str]:
    """A `labs start` and the URL that it prints; Ctrl-C ends it, and it must end well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "labs", "start"],
        cwd=checkout.folder,
        env=checkout.environment,
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
        assert process.wait(timeout=180) == 0


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
def outside() -> Iterator[list[str]]:
    """What the test's pages have asked for beyond this machine: nothing, at the test's end."""
    asked: list[str] = []
    yield asked
    assert asked == []


@pytest.fixture
def page(chromium: str, outside: list[str]) -> Iterator[Page]:
    def told(each: Request | WebSocket) -> None:
        if OUTSIDE.match(each.url):
            outside.append(each.url)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        context = browser.new_context(viewport={"width": 1280, "height": 1600}, locale="en-US")
        context.on("request", told)
        context.on("page", lambda each: each.on("websocket", told))
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page
        browser.close()


def faults(page: Page, where: str) -> list[str]:
    """What axe finds below a selector: the rule, and the elements that break it. JupyterLab's own shell has others."""
    found = Axe().run(page, context={"include": [where]})
    return [f"{each['id']}: {node['html'][:200]}" for each in found.response["violations"] for node in each["nodes"]]
