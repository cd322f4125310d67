"""Which events start a workflow: GitHub's filters, one by one."""

import pytest

from labs.errors import LabError
from labs.workflow.document import parse
from labs.workflow.events import matches, payload, why_not
from labs.workflow.identity import LAB_REPOSITORY, event

pytestmark = pytest.mark.unit

FILES = ("app/Dockerfile", "app/app.py", ".github/workflows/push.yml")
# the text of on:, the event, the ref; whether it starts.
STARTS = [
    ("push", "push", "main", True),
    ("[push, pull_request]", "pull_request", "x", True),
    ("push", "pull_request", "x", False),
    ("{push: {branches: [main]}}", "push", "main", True),
    ("{push: {branches: [main]}}", "push", "other", False),
    ("{push: {branches: [main]}}", "push", "refs/tags/v1", False),
    ("{push: {branches: main}}", "push", "main", True),
    ("{push: {branches: ['releases/**']}}", "push", "releases/1/x", True),
    ("{push: {branches: ['releases/*']}}", "push", "releases/1/x", False),
    ("{push: {branches: ['releases/**', '!releases/**-alpha']}}", "push", "releases/1-alpha", False),
    ("{push: {branches-ignore: [wip/**]}}", "push", "wip/x", False),
    ("{push: {branches-ignore: [wip/**]}}", "push", "main", True),
    ("{push: {branches-ignore: [wip/**]}}", "push", "refs/tags/v1", False),
    ("{push: {tags: ['v*']}}", "push", "refs/tags/v1", True),
    ("{push: {tags: ['v*']}}", "push", "main", False),
    ("{push: {tags-ignore: ['v*']}}", "push", "refs/tags/v1", False),
    ("{push: {branches: [main], tags: ['v*']}}", "push", "refs/tags/v1", True),
    ("{push: {paths: ['app/**']}}", "push", "main", True),
    ("{push: {paths: ['docs/**']}}", "push", "main", False),
    ("{push: {paths: ['docs/**']}}", "push", "refs/tags/v1", True),
    ("{push: {paths-ignore: ['app/**', '.github/**']}}", "push", "main", False),
    ("{push: {paths-ignore: ['docs/**']}}", "push", "main", True),
    ("{pull_request: {branches: [main]}}", "pull_request", "x", True),
    ("{pull_request: {branches: [other]}}", "pull_request", "x", False),
    ("{pull_request: {types: [labeled]}}", "pull_request", "x", False),
    ("{pull_request: {types: [opened]}}", "pull_request", "x", True),
    ("{pull_request_target: }", "pull_request_target", "x", True),
    ("{workflow_dispatch: {inputs: {}}}", "workflow_dispatch", "main", True),
    ("{release: {types: [published]}}", "release", "v1", True),
    ("{release: {types: [deleted]}}", "release", "v1", False),
]


def workflow(on):
    return parse(f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: 'true'\n")


@pytest.mark.parametrize(("on", "name", "ref", "starts"), STARTS)
def test_an_event_starts_what_its_filters_let_through_and_says_why_not(on, name, ref, starts):
    why = why_not(workflow(on), event(name, ref), FILES)
    assert (why == "") is starts, why


def test_the_reason_names_the_filter_and_the_branch():
    assert why_not(workflow("{push: {branches: [main]}}"), event("push", "x"), FILES) == (
        "on.push.branches has main, not x"
    )


@pytest.mark.parametrize(
    ("pattern", "name", "taken"),
    [
        ("*", "main", True),
        ("*", "a/b", False),
        ("**", "a/b", True),
        ("v[12].[0-9]+", "v1.10", True),
        ("v[12].[0-9]+", "v3.1", False),
        ("colou?r", "color", True),
        ("**/docs/**", "docs/a", True),
        ("**.js", "src/a.js", True),
        ("*" * 60 + "b", "a" * 60, False),
        ("a.b", "axb", False),
        ("\\!x", "!x", True),
    ],
)
def test_a_pattern_is_read_as_github_reads_it(pattern, name, taken):
    assert matches((pattern,), name) is taken


def test_a_pattern_that_is_none_is_a_sentence():
    with pytest.raises(LabError, match="cannot be read"):
        matches(("a[b-a]c",), "x")


def test_a_payload_says_whether_a_pull_request_comes_from_a_fork():
    own = payload(LAB_REPOSITORY, event("pull_request", "x"), "a" * 40)
    fork = payload(LAB_REPOSITORY, event("pull_request", "x", fork=True), "a" * 40)
    assert own["pull_request"]["head"]["repo"]["id"] == own["repository"]["id"]
    assert fork["pull_request"]["head"]["repo"]["full_name"] == "someone/octo-repo"
    assert (own["number"], own["pull_request"]["base"]["ref"]) == (7, "main")
