"""A workflow file is read as GitHub reads it, or the line that makes it none is named."""

import pytest

from labs.errors import LabError
from labs.workflow.document import parse, read

pytestmark = pytest.mark.unit

JOB = "jobs:\n  push:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"


def test_a_workflow_is_read_with_its_lines():
    found = parse(
        "name: push\non:\n  push:\n    branches: [main]\npermissions: {}\njobs:\n  push:\n    runs-on: ubuntu-latest\n"
        "    environment: {name: production}\n    permissions:\n      id-token: write\n    steps:\n"
        "      - uses: Actions/Checkout@v7\n        with:\n          fetch-depth: 0\n          lfs: true\n"
    )
    (job,) = found.jobs
    (step,) = job.steps
    assert (found.name, found.triggers) == ("push", {"push": {"branches": ["main"]}})
    assert (job.environment, job.runs_on, job.line) == ("production", ("ubuntu-latest",), 7)
    assert (step.action, step.version, step.inputs) == ("actions/checkout", "v7", {"fetch-depth": "0", "lfs": "true"})
    assert found.line("jobs", "push", "steps", 0, "with", "lfs") == 16
    assert found.line("jobs", "push", "steps", 0, "with", "no-such-input") == 14


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("push", {"push": None}),
        ("[push, pull_request]", {"push": None, "pull_request": None}),
        (
            "{push: {branches: [main]}, workflow_dispatch: }",
            {"push": {"branches": ["main"]}, "workflow_dispatch": None},
        ),
    ],
)
def test_events_in_each_form(on, triggers):
    assert parse(f"on: {on}\n{JOB}").triggers == triggers


@pytest.mark.parametrize(
    ("workflow", "job", "scope", "access"),
    [
        ("", "", "id-token", "none"),
        ("", "", "contents", "read"),
        ("permissions: {}", "", "contents", "none"),
        ("permissions:", "", "id-token", "none"),
        ("permissions: {id-token: write}", "", "id-token", "write"),
        ("permissions: {id-token: write}", "", "contents", "none"),
        # A job's own block stands in place of the workflow's, and does not add to it.
        ("permissions: {id-token: write}", "permissions: {contents: read}", "id-token", "none"),
        ("permissions: {contents: read}", "permissions: {id-token: write}", "id-token", "write"),
        ("permissions: {contents: read}", "permissions: {id-token: write}", "contents", "none"),
        ("permissions: write-all", "", "id-token", "write"),
        ("permissions: read-all", "", "id-token", "none"),
        ("permissions: read-all", "", "contents", "read"),
        ("permissions: write-all", "permissions: {}", "id-token", "none"),
    ],
)
def test_what_a_jobs_token_may_do(workflow, job, scope, access):
    text = f"on: push\n{workflow}\njobs:\n  push:\n    {job}\n    runs-on: x\n    steps: [{{run: echo}}]\n"
    found = parse(text)
    assert found.access(found.jobs[0], scope) == access
    assert found.gives_token(found.jobs[0]) == (found.access(found.jobs[0], "id-token") == "write")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("- a list", 1),
        ("on: push", 1),
        (f"name: x\n{JOB}", 1),
        ("on: push\njobs: {}\n", 2),
        ("on: push\njobs:\n  a:\n    runs-on: x\n", 3),
        ("on: push\njobs:\n  a: text\n", 3),
        ("on: push\njobs:\n  a:\n    steps:\n      - name: neither\n", 5),
        ("on: push\njobs:\n  a:\n    steps:\n      - run: echo\n        uses: a/b@v1\n", 5),
        (f"on: push\non: push\n{JOB}", 2),
        (f"on: push\npermissions: {{id-token: yes please}}\n{JOB}", 2),
        ("on: push\njobs:\n  a:\n    steps:\n    - run: [a, b\n", 6),
        ("on: push\n\tjobs:\n", 2),
        ("on: push\njobs: &a\n  x: *a\n", 2),
        ("on: push\n? [a]\n: b\n", 2),
    ],
)
def test_what_is_no_workflow_is_refused_by_its_line(text, line):
    with pytest.raises(LabError) as refused:
        parse(text)
    assert refused.value.id == "workflow-not-readable"
    assert f"line {line}:" in refused.value.what


@pytest.mark.parametrize("job", ["../../elsewhere", "a/b", "a b", ".", "1st", "", "\u00e4"])
def test_an_id_that_no_job_may_have_is_refused(job):
    with pytest.raises(LabError, match=r"line 3: .* is no id of a job"):
        parse(f"on: push\njobs:\n  '{job}':\n    runs-on: ubuntu-latest\n    steps: [{{run: x}}]\n")


@pytest.mark.parametrize("number", ["1" * 5000, "0x" + "1" * 5000])
def test_a_number_that_is_longer_than_any_is_its_text(number):
    found = parse(f"on: push\nenv: {{A: {number}}}\njobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}\n")
    assert found.env["A"] == number


def test_anchors_that_grow_without_end_are_refused():
    rows = ["on: push", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    with pytest.raises(LabError, match="anchors"):
        parse("\n".join(rows))


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"on: push\n\xff"])
def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path, content):
    path = tmp_path / "push.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabError, match=r"push\.yml"):
        read(path)
