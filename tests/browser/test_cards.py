"""What a check looks like in JupyterLab: a card that is heard, used by keyboard alone, legible in any theme."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from labs.lesson import verdict_card
from labs.lesson.reads import Reads
from labs.ui.policy_cell import Fault, PolicyCell
from labs.verdict import Report, Status, Verdict

from .conftest import Checkout, faults
from .test_escaping import HOSTILE
from .test_jupyterlab import choose, open_notebook, picture

pytestmark = pytest.mark.browser
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ecr:PutImage"], "Resource": "$REPOSITORY_ARN"}],
    },
    indent=2,
)
OUTPUTS = ".jp-Notebook .jp-OutputArea"


def cell(name: str, source: str) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source, "id": name}


def written(checkout: Checkout, name: str, sources: dict[str, str]) -> str:
    """A notebook of these cells on the trainee's desk; its path below the desk."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    cells = [cell(name, source) for name, source in sources.items()]
    checkout.desk.mkdir(mode=0o700, parents=True, exist_ok=True)
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (checkout.desk / f"{name}.ipynb").write_text(json.dumps(notebook))
    return f"notebooks/{name}.ipynb"


@pytest.fixture
def cards(checkout: Checkout) -> str:
    """A notebook of stage 00 with its check first and its answers after it."""
    sources = {
        "begin": 'from labs import lab\n\nlab.begin("start")\nlab.reset()',
        "not-yet": "lab.check()",
        "wrong": 'lab.confirm("444455556666")\nlab.check()',
        "pass": 'lab.predict("aws")\nlab.confirm(lab.account)\nlab.check()',
        "fault": '%%work push-policy.json\n{\n  "Version": "2012-10-17"\n  "Statement": []\n}',
        "misspelt": f"%%work push-policy.json\n{POLICY.replace('ecr:PutImage', 'ecr:PutImages')}",
        "changed": f"%%work push-policy.json\n{POLICY}",
        "error": "lab.index()",
        "unread": "raise FileNotFoundError(2, 'no', 'x.json')",
    }
    return written(checkout, "cards", sources)


def card(page: Page, word: str) -> Locator:
    found = page.locator(f"{OUTPUTS} .lab-shown", has_text=re.compile(rf"{word}\b.* start\.[a-z]"))
    expect(found.first).to_be_visible()
    return found.first


def test_a_check_is_a_card_from_not_yet_over_fail_to_pass(page: Page, lab_url: str, cards: str) -> None:
    open_notebook(page, lab_url, cards)
    choose(page, "Run", "Run All Cells")
    for word in ("NOT YET", "FAIL", "PASS"):
        shown = card(page, word)
        assert shown.get_attribute("role") == "status"
        said = shown.inner_text()
        assert said.index("Next:") < said.index("Found")
        expect(shown.locator("details").last).to_contain_text("Calls that were read: 1")
        assert not shown.locator("details[open]").count()
        # JupyterLab's own style would break the names letter by letter.
        assert shown.locator("dt").first.evaluate("each => each.getBoundingClientRect().height") < 30
    expect(page.locator(OUTPUTS).last).to_contain_text("There is no file x.json.")
    said = page.locator(".jp-Notebook").inner_text()
    assert "Traceback" not in said
    assert "line 3, column 3: Not valid JSON: a comma is missing" in said
    assert "did you mean 'ecr:PutImage'?" in said
    assert "+ ecr:PutImage on arn:aws:ecr:" in said
    picture(page, "cards-light")
    page.locator(OUTPUTS).last.scroll_into_view_if_needed()
    picture(page, "cards-policy")
    assert faults(page, OUTPUTS) == []
    page.evaluate("document.querySelectorAll('.lab-shown details').forEach(each => each.open = true)")
    assert faults(page, OUTPUTS) == []


def theme(page: Page, lab_url: str, name: str) -> None:
    """Set JupyterLab's theme, as its settings do."""
    base, _, token = lab_url.partition("?")
    address = f"{base.split('/lab')[0]}/lab/api/settings/@jupyterlab/apputils-extension:themes?{token}"
    done = page.request.put(address, data={"raw": json.dumps({"theme": name})})
    assert done.ok, done.text()


def test_a_card_is_legible_in_dark_too(page: Page, lab_url: str, cards: str) -> None:
    theme(page, lab_url, "JupyterLab Dark")
    try:
        open_notebook(page, lab_url, cards)
        choose(page, "Run", "Run All Cells")
        card(page, "PASS")
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        picture(page, "cards-dark")
        assert faults(page, OUTPUTS) == []
    finally:
        theme(page, lab_url, "JupyterLab Light")


def test_variables_of_a_shell_are_no_formula(page: Page, lab_url: str, checkout: Checkout) -> None:
    shown = 'html.framed("<p>FROM $PYTHON_IMAGE, then LABEL x=${TARGETPLATFORM} and $$</p>")'
    source = f"from IPython.display import HTML, display\nfrom labs.ui import html\ndisplay(HTML({shown}))"
    # A formula beside it, so that it is known that JupyterLab has looked for some.
    formula = "from IPython.display import HTML, display\ndisplay(HTML('<p class=\"beside\">$x^2$</p>'))"
    open_notebook(page, lab_url, written(checkout, "dollars", {"shown": source, "formula": formula}))
    choose(page, "Run", "Run All Cells")
    expect(page.locator(f"{OUTPUTS} .beside mjx-container").first).to_be_attached()
    card = page.locator(f"{OUTPUTS} .lab-shown")
    expect(card).to_have_text("FROM $PYTHON_IMAGE, then LABEL x=${TARGETPLATFORM} and $$")
    expect(card.locator("mjx-container")).to_have_count(0)


def test_a_hint_a_fold_and_the_next_notebook_are_reached_by_keyboard_alone(
    page: Page, lab_url: str, cards: str
) -> None:
    open_notebook(page, lab_url, cards)
    choose(page, "Run", "Run All Cells")
    card(page, "PASS")
    fold = card(page, "NOT YET").locator("summary").first
    fold.focus()
    page.keyboard.press("Enter")
    expect(card(page, "NOT YET").locator("details[open]")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(card(page, "NOT YET").locator("details[open]")).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Give me a hint").first).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(f"{OUTPUTS} .lab-shown", has_text="There is no hint to give").first).to_be_visible()
    card(page, "PASS").get_by_role("link", name="open 01-build").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lm-TabBar-tab.lm-mod-current", has_text="01-build.ipynb").first).to_be_visible()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_a_card(page: Page, name: str) -> None:
    verdict = Verdict(Status.FAIL, "x.y", name, name, name, f"open 01-build{name}")
    reads = Reads()
    reads.counts[name] += 2
    shown = verdict_card.card_of(Report(name, verdict, (name,), name, (name,)), (name,), reads)
    fault = Fault(1, 2, name, name)
    cell = PolicyCell(name, (fault,), (fault,), (name,), name)
    page.set_content(shown.html + cell.html + PolicyCell(name, changed=(name,)).html)
    found = page.evaluate(
        """() => ({
            hit: window.hit ?? null,
            tags: [...document.body.querySelectorAll('*')].map(each => each.tagName.toLowerCase()),
            handlers: [...document.querySelectorAll('*')].flatMap(
                each => each.getAttributeNames().filter(one => one.startsWith('on'))),
            links: [...document.links].map(each => each.getAttribute('href')),
            said: document.body.textContent,
        })"""
    )
    assert found["hit"] is None
    assert found["handlers"] == []
    allowed = {"style", "div", "p", "span", "code", "dl", "dt", "dd", "details", "summary", "ul", "li", "a", "pre"}
    assert set(found["tags"]) <= allowed
    assert set(found["links"]) <= {"01-build.ipynb"}
    assert "\u202e" not in found["said"]


def test_a_card_is_black_on_white_in_print_and_its_folds_are_open(page: Page) -> None:
    report = Report("start", Verdict(Status.FAIL, "x.y", found="f", next_step="n"), ("one",), "two")
    shown = verdict_card.card_of(report)
    page.set_content(f'<body data-jp-theme-light="false" style="background:#111">{shown.html}</body>')
    page.emulate_media(media="print")
    box = page.locator(".lab-shown")
    colours = box.evaluate("each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]")
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    expect(page.get_by_text("open: one")).to_be_visible()


def test_a_card_exported_to_html_keeps_its_style_and_breaks_no_rule(page: Page, tmp_path: Path) -> None:
    import nbformat
    from nbconvert import HTMLExporter

    report = Report("start", Verdict(Status.PASS, "x.pass", found="f", next_step="open 01-build"))
    shown = verdict_card.card_of(report)
    output = nbformat.v4.new_output("display_data", {"text/html": shown.html, "text/plain": shown.as_text()})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("lab.check()", outputs=[output])])
    for theme in ("light", "dark"):
        body, _ = HTMLExporter(theme=theme).from_notebook_node(notebook)
        page.set_content(re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL))
        expect(page.locator(".lab-word")).to_be_visible()
        assert faults(page, ".lab-shown") == []
