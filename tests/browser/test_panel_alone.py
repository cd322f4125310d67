"""The course panel's own code in a real browser, with a stand-in for JupyterLab: what it asks, draws and says.

The whole of it in JupyterLab is in test_panel.py.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from labs.desk.view import (
    ActionView,
    CourseView,
    FindingView,
    GateState,
    GateView,
    StageState,
    StageView,
    as_json,
)

from .conftest import ROOT
from .test_escaping import HOSTILE

pytestmark = pytest.mark.browser

CODE = ROOT / "labs" / "desk" / "labextension" / "fargate-lab-desk" / "static" / "desk.js"
ORIGIN = "http://127.0.0.1:9"
# What the panel takes from JupyterLab.
STAND_IN = Path(__file__).with_name("stand_in.js")
PAGE = """<!doctype html><html lang="en"><title>t</title><main></main><footer></footer>
<script src="desk.js"></script></html>"""


def stage(name: str, number: str, state: StageState, **more: Any) -> StageView:
    return StageView(name, number, name, f"{number}-{name}", state, 25, 12, resets=(name,), **more)


def course(words: str = "go on", **more: Any) -> CourseView:
    stages = (
        stage("start", "00", StageState.DONE),
        stage("build", "01", StageState.HELPED),
        stage("push-denied", "02", StageState.HERE, current=True),
        stage("push-fixed", "03", StageState.NOT_YET),
    )
    gates = tuple(GateView(f"gate {each.value}", each) for each in GateState)
    finding = FindingView("FAIL", "push.denied.no_role", words, words, words, words)
    return CourseView(
        target=words, stages=stages, gates=gates, finding=finding, evidence_age_s=9.0, remark=words, cost=words,
        next_step=words, next_notebook="02-push-denied", after="03-push-fixed", **more,
    )  # fmt: skip


class Server:
    """In place of Jupyter Server: what it says next, and what it was asked."""

    def __init__(self) -> None:
        self.says: CourseView | dict[str, str] | str = course()
        self.pages = {"02-push-denied": 1, "03-push-fixed": 1}
        self.asked: list[str] = []
        self.posted: list[tuple[str, Any]] = []

    def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(ORIGIN).partition("?")[0]
        if path == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        elif path == "/desk.js":
            route.fulfill(path=CODE, content_type="text/javascript")
        elif request.method == "POST":
            self.posted.append((path, request.post_data_json))
            route.fulfill(json={"started": True}, status=202)
        elif isinstance(self.says, str):
            self.asked.append(request.url)
            route.fulfill(body=self.says, status=500) if self.says else route.abort()
        else:
            self.asked.append(request.url)
            said = {"view": as_json(self.says), "pages": self.pages} if isinstance(self.says, CourseView) else self.says
            route.fulfill(body=json.dumps(said), content_type="application/json")


@pytest.fixture
def server(page: Page) -> Server:
    made = Server()
    page.route(f"{ORIGIN}/**", made.answer)
    return made


@pytest.fixture
def panel(page: Page, server: Server) -> Callable[..., Any]:
    """Open the page with the panel in it; its clock stands still and is moved by hand."""

    def open_it(says: Any = None) -> Any:
        server.says = says if says is not None else server.says
        page.clock.install()
        page.goto(f"{ORIGIN}/")
        page.add_script_tag(path=STAND_IN)
        return page.locator("#fargate-lab-desk")

    return open_it


def test_it_says_each_state_in_words(panel: Callable[..., Any]) -> None:
    shown = panel()
    for words in ("done, 12 of 25 min", "done with help, 12 of 25 min", "here, 12 of 25 min", "not yet, 12 of 25 min"):
        expect(shown).to_contain_text(words)
    for state in GateState:
        expect(shown).to_contain_text(f"gate {state.value}: {state.value}")
    expect(shown).to_contain_text("Looked at 9 s ago")


def test_the_status_bar_says_the_stage_and_how_far(panel: Callable[..., Any], page: Page) -> None:
    panel()
    expect(page.locator("footer")).to_have_text("02-push-denied: here, 1 of 5 gates open; 2 of 4 stages done")


def test_axe_finds_nothing_whatever_is_shown(panel: Callable[..., Any], page: Page, server: Server) -> None:
    action = ActionView("hint", "push-denied", 1, False, ("Look at the trail.",))
    for says in (course(), course(action=action), {"what": "The server is gone.", "next": "start it"}):
        panel(says)
        expect(page.locator("#fargate-lab-desk [data-part]").first).to_be_attached()
        found = Axe().run(page, context="#fargate-lab-desk").response["violations"]
        assert found == [], [each["id"] for each in found]


def test_hostile_words_are_text(panel: Callable[..., Any], page: Page) -> None:
    for words in HOSTILE:
        action = ActionView("hint", "push-denied", 1, False, (words,))
        shown = panel(course(words, action=action))
        expect(shown).to_contain_text("Cost")
        assert page.evaluate("window.hit ?? null") is None
        tags = page.eval_on_selector_all("#fargate-lab-desk *", "all => all.map(each => each.tagName.toLowerCase())")
        assert set(tags) <= {"h2", "h3", "div", "nav", "ol", "ul", "li", "span", "wbr", "a", "p", "button"}


def test_it_asks_every_two_seconds_and_not_while_nobody_sees_it(
    panel: Callable[..., Any], page: Page, server: Server
) -> None:
    shown = panel()
    expect(shown).to_contain_text("Looked at")
    for _ in range(3):
        before = len(server.asked)
        with page.expect_response("**/fargate-lab/view*"):
            page.clock.run_for(2100)
        assert len(server.asked) - before <= 2
    page.evaluate("document.querySelector('#fargate-lab-desk').hidden = true")
    page.clock.run_for(2100)
    before = len(server.asked)
    page.clock.run_for(60_000)
    assert len(server.asked) == before
    page.evaluate("document.querySelector('#fargate-lab-desk').hidden = false")
    with page.expect_response("**/fargate-lab/view*"):
        page.evaluate("window.changed.forEach(each => each())")


def test_it_says_which_notebook_is_open(panel: Callable[..., Any], page: Page, server: Server) -> None:
    expect(panel()).to_contain_text("Looked at")
    assert server.asked[-1].endswith("?notebook=02-push-denied")


@pytest.mark.parametrize("says", ["", "<html>no</html>", {"what": "The watcher does not answer.", "next": "wait"}])
def test_a_server_that_does_not_answer_is_cannot_check_over_what_was_known(
    panel: Callable[..., Any], page: Page, server: Server, says: Any
) -> None:
    shown = panel()
    expect(shown).to_contain_text("Looked at")
    server.says = says
    page.clock.run_for(2100)
    expect(shown).to_contain_text("CANNOT CHECK")
    expect(shown).to_contain_text("What stands below is older.")
    expect(shown).to_contain_text("00-start")
    server.says = course("all is well")
    page.clock.run_for(2100)
    expect(shown).to_contain_text("All is well")
    expect(shown).not_to_contain_text("CANNOT CHECK")


def test_a_redraw_leaves_the_focus_where_it_was(panel: Callable[..., Any], page: Page, server: Server) -> None:
    shown = panel()
    link = shown.get_by_role("link", name="03-push-fixed")
    link.focus()
    done = course()
    server.says = CourseView(
        **{**vars(done), "stages": (*done.stages[:-1], stage("push-fixed", "03", StageState.DONE))}
    )
    page.clock.run_for(2100)
    expect(shown.locator("li", has_text="03-push-fixed")).to_contain_text("done")
    expect(shown.get_by_role("link", name="03-push-fixed")).to_be_focused()


def test_what_changes_is_heard_and_seconds_that_pass_are_not(panel: Callable[..., Any]) -> None:
    shown = panel()
    heard = shown.locator("[role=status]")
    expect(heard.filter(has_text="FAIL")).to_have_count(1)
    expect(heard.filter(has_text="Looked at")).to_have_count(0)


def test_a_link_opens_the_notebook_and_has_a_true_address(panel: Callable[..., Any], page: Page) -> None:
    link = panel().get_by_role("link", name="01-build")
    expect(link).to_have_attribute("href", "/lab/tree/notebooks/01-build.ipynb")
    link.click()
    assert page.evaluate("window.done") == [["docmanager:open", {"path": "notebooks/01-build.ipynb"}]]


def test_the_next_notebook_is_opened_by_its_button(panel: Callable[..., Any], page: Page) -> None:
    panel().get_by_role("button", name="Open 03-push-fixed").click()
    assert page.evaluate("window.done").pop() == ["docmanager:open", {"path": "notebooks/03-push-fixed.ipynb"}]


@pytest.mark.parametrize("name", ["Check", "Hint"])
def test_a_button_names_the_stage_in_hand(panel: Callable[..., Any], page: Page, server: Server, name: str) -> None:
    button = panel().get_by_role("button", name=name)
    expect(button).to_have_attribute("aria-disabled", "false")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        button.click()
    assert server.posted == [(f"/fargate-lab/{name.lower()}", {"stage": "push-denied"})]


def test_a_reset_asks_first_and_the_answer_at_hand_is_to_keep_it(
    panel: Callable[..., Any], page: Page, server: Server
) -> None:
    button = panel().get_by_role("button", name="Reset")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.click()
    page.wait_for_function("window.asked")
    asked = page.evaluate("window.asked")
    assert asked["buttons"][asked["defaultButton"]] == {"label": "Keep it"}
    assert server.posted == []
    page.evaluate("window.accept = true")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        button.click()
    assert server.posted == [("/fargate-lab/reset", {"stage": "push-denied"})]


def test_while_a_button_is_at_work_no_other_begins(panel: Callable[..., Any], page: Page, server: Server) -> None:
    shown = panel(course(action=ActionView("check", "push-denied", 1, True)))
    expect(shown).to_contain_text("Check, push-denied: at work ...")
    button = shown.get_by_role("button", name="Hint")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.dispatch_event("click")
    assert server.posted == []


# A notebook that is open in JupyterLab, as the panel finds it; what was done with it is in window.done.
OPEN = """dirty => { window.opened = [{ context: { path: "notebooks/02-push-denied.ipynb", model: { dirty },
  save: async () => { window.done.push("saved"); }, revert: async () => { window.done.push("loaded again"); } } }]; }"""


@pytest.mark.parametrize(
    ("dirty", "accept", "done"),
    [(False, False, ["loaded again"]), (True, True, ["loaded again"]), (True, False, [])],
    ids=["nothing unsaved", "asked: yes", "asked: no"],
)
def test_a_notebook_that_began_anew_is_loaded_again_and_what_is_unsaved_is_not_lost_unasked(
    panel: Callable[..., Any], page: Page, server: Server, dirty: bool, accept: bool, done: list[str]
) -> None:
    expect(panel()).to_contain_text("Looked at")
    page.evaluate(OPEN, dirty)
    page.evaluate("accept => { window.accept = accept; }", accept)
    server.pages = {"02-push-denied": 2, "03-push-fixed": 1}
    page.clock.run_for(2100)
    if dirty:
        page.wait_for_function("window.asked")
        assert page.evaluate("window.asked.title") == "02-push-denied begins anew"
    page.wait_for_function("window.done.length >= " + str(len(done)))
    for _ in range(2):
        with page.expect_response("**/fargate-lab/view*"):
            page.clock.run_for(2100)
    assert page.evaluate("window.done") == done


def test_a_reset_saves_the_page_first(panel: Callable[..., Any], page: Page, server: Server) -> None:
    button = panel().get_by_role("button", name="Reset")
    expect(button).to_have_attribute("aria-disabled", "false")
    page.evaluate(OPEN, True)
    page.evaluate("window.accept = true")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        button.click()
    assert "saved" in page.evaluate("window.done")
