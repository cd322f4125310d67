"""Long work in JupyterLab: seen while it goes on, folded at its end, stopped by the square button without harm."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import Checkout, faults
from .test_cards import OUTPUTS, written
from .test_jupyterlab import choose, open_notebook, picture

pytestmark = pytest.mark.browser
WAITS = """
import time
from labs.lab import _in_sentences
from labs.ui.live import watched

@_in_sentences
def waiting():
    with watched("Waiting", 3) as work:
        work.line("first", counts=True)
        work.line("ecr:PutImage was refused")
        while True:
            time.sleep(0.1)

waiting()
"""


def test_work_that_is_interrupted_says_so_and_the_next_cell_does_not_run(
    page: Page, lab_url: str, checkout: Checkout
) -> None:
    begin = 'from labs import lab\n\nlab.begin("start")'
    path = written(checkout, "waits", {"begin": begin, "waits": WAITS, "after": 'print("ran", "after")'})
    open_notebook(page, lab_url, path)
    choose(page, "Run", "Run All Cells")
    shown = page.locator(f"{OUTPUTS} .lab-shown")
    expect(shown.first).to_contain_text("Waiting: at work, 1 of 3, 2 s")
    expect(shown.first.locator(".lab-next")).to_have_text("ecr:PutImage was refused")
    expect(shown.first.get_by_role("progressbar", name="Waiting: 1 of 3")).to_be_visible()
    picture(page, "work-running")
    assert faults(page, OUTPUTS) == []
    page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"] jp-button').click()
    expect(shown.first).to_contain_text("Waiting: interrupted, 1 of 3")
    expect(shown.last).to_contain_text("lab.waiting() was interrupted. What it had done by then is kept.")
    picture(page, "work-interrupted")
    said = page.locator(".jp-Notebook").inner_text()
    assert "ran after" not in said
    assert "Traceback" not in said


def test_solving_and_cleaning_fold_to_a_few_lines(page: Page, lab_url: str, checkout: Checkout) -> None:
    sources = {
        "begin": 'from labs import lab\n\nlab.begin("push-denied")',
        "solve": 'lab.reset("start")\nlab.solve("push-denied")',
        "timeline": "lab.timeline()",
        "clean": "lab.clean()",
    }
    open_notebook(page, lab_url, written(checkout, "solves", sources))
    choose(page, "Run", "Run All Cells")
    solving = page.locator(f"{OUTPUTS} .lab-shown", has_text="Solving 02-push-denied: done")
    expect(solving).to_contain_text("push-denied: PASS")
    cleaning = page.locator(f"{OUTPUTS} .lab-shown", has_text="Taking back what the lab made: done")
    expect(cleaning).to_be_visible()
    for each in (solving, cleaning):
        assert len([line for line in each.inner_text().split("\n") if line]) <= 3
        expect(each.locator("details:not([open])")).to_have_count(1)
    row = page.locator(f"{OUTPUTS} tr", has_text="ecr:GetDownloadUrlForLayer")
    expect(row.first).to_contain_text("REFUSED")
    expect(row.first).to_contain_text("no identity-based policy allows the ecr:GetDownloadUrlForLayer action")
    allowed = page.locator(f"{OUTPUTS} tr", has_text="ecr:PutImage").first
    expect(allowed).to_contain_text("statement 1 of the policy")
    # JupyterLab's own style would put the words of a table to the right.
    expect(allowed.locator("td").last).to_have_css("text-align", "left")
    picture(page, "work-folded")
    assert faults(page, OUTPUTS) == []
