"""Each stage in JupyterLab as a trainee goes through it: a wrong answer, its card, a hint, the right one, the next."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from labs.lesson import hints
from labs.lesson.stage import Stage, stages

from .conftest import PATIENCE_MS, Checkout, faults
from .test_cards import OUTPUTS
from .test_jupyterlab import choose, last_verdict, open_notebook, picture
from .test_panel import item, panel

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Answer:
    """What is typed into one cell in place of the solution's words, and the check's answer to it."""

    cell: str
    right: str
    wrong: str
    message_id: str


# One likely mistake of each stage, by its notebook.
WRONG = {
    "00-start": Answer("confirm", 'identity["Account"]', '"444455556666"', "start.other_account"),
    "01-build": Answer("build", "linux/amd64,linux/arm64", "linux/amd64", "build.one_platform"),
    "02-push-denied": Answer("policy", '"ecr:PutImage",\n', "", "push.denied.other_action"),
    "03-push-fixed": Answer("policy", '"ecr:PutImage"', '"ecr:*"', "push.fixed.wide_actions"),
    "04-private-subnet": Answer(
        "inbound",
        '"UserIdGroupPairs": [{"GroupId": lab.group_ids["tasks"]}]',
        '"IpRanges": [{"CidrIp": "0.0.0.0/0"}]',
        "private.open_to_all",
    ),
    "05-fargate": Answer("policy", "$PARAMETER_ARN", "*", "service.role_wide_resource"),
    "06-pipeline": Answer("workflow", "      id-token: write\n", "", "pipeline.no_id_token"),
    "07-clean-up": Answer("clean", "lab.clean()", "lab.clean()\nlab.create_repository()", "clean.made_since"),
}


@dataclass(frozen=True)
class Written:
    """The trainee's notebook with every answer in it, one of them wrong: where that one is, and what it should be."""

    place: int
    right: str
    checks: int


@pytest.fixture
def written(checkout: Checkout) -> Callable[[Stage], Written]:
    """Put the answers into the notebook on the desk."""

    def put(subject: Stage) -> Written:
        answer = WRONG[subject.notebook]
        file = f"{subject.notebook}.ipynb"
        notebook: dict[str, Any] = json.loads((checkout.folder / "solutions" / file).read_text())
        code = [each for each in notebook["cells"] if each["cell_type"] == "code"]
        for each in code:
            each.update(outputs=[], execution_count=None)
        wanted = next(each for each in code if each["id"] == answer.cell)
        right = "".join(wanted["source"])
        assert answer.right in right
        wanted["source"] = right.replace(answer.right, answer.wrong, 1)
        (checkout.desk / file).write_text(json.dumps(notebook))
        checks = sum("".join(each["source"]).startswith("lab.check(") for each in code)
        return Written(notebook["cells"].index(wanted), right, checks)

    return put


def cell(page: Page, place: int) -> Locator:
    return page.locator(".jp-Notebook .jp-Cell").nth(place)


@pytest.mark.parametrize("subject", stages(), ids=lambda each: each.notebook)
def test_a_wrong_answer_gets_a_card_and_a_hint_and_the_right_one_turns_the_panel(
    page: Page, lab_url: str, checkout: Checkout, written: Callable[[Stage], Written], subject: Stage
) -> None:
    if subject.needs:
        checkout.solve(subject.needs[-1])
    checkout.reset(subject.name)
    open_notebook(page, lab_url, f"notebooks/{subject.notebook}.ipynb")
    expect(item(page, subject.notebook)).to_have_attribute("data-current", "true")
    picture(page, f"{subject.notebook}-1-first-view")

    answers = written(subject)
    open_notebook(page, lab_url, f"notebooks/{subject.notebook}.ipynb")
    choose(page, "Run", "Run All Cells")
    assert WRONG[subject.notebook].message_id in last_verdict(page, "FAIL", answers.checks)
    page.get_by_role("button", name="Give me a hint").last.click()
    topic = hints.topic_for(subject, WRONG[subject.notebook].message_id)
    assert topic is not None
    expect(page.locator(f"{OUTPUTS} .lab-shown", has_text=topic.rungs[0][:30]).last).to_be_visible()
    finding = panel(page).locator(".finding")
    expect(finding).to_have_attribute("data-status", "FAIL")
    expect(item(page, subject.notebook)).to_have_attribute("data-state", "here")
    picture(page, f"{subject.notebook}-2-fail")
    assert faults(page, OUTPUTS) == []

    cell(page, answers.place).locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(answers.right)
    choose(page, "Run", "Run Selected Cell and All Below")
    assert "Found" in last_verdict(page, "PASS", answers.checks)
    expect(item(page, subject.notebook)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    expect(finding).not_to_have_attribute("data-status", "FAIL")
    picture(page, f"{subject.notebook}-3-pass")
    assert faults(page, OUTPUTS) == []
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()
