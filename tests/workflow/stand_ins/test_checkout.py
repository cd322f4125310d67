"""What is checked out, and what actions/checkout refuses since v7."""

import json

import pytest

from labs.workflow.events import payload
from labs.workflow.identity import LAB_REPOSITORY, event
from labs.workflow.stand_ins import checkout
from labs.workflow.stand_ins.step import StepFailed

pytestmark = pytest.mark.unit

SHA = "a" * 40
HEAD = payload(LAB_REPOSITORY, event("pull_request", "x"), SHA)["pull_request"]["head"]["sha"]


def made(step, tmp_path, found, **inputs):
    file = tmp_path / f"event-{found.name}-{found.fork}.json"
    file.write_text(json.dumps(payload(LAB_REPOSITORY, found, SHA)))
    env = {
        "GITHUB_REPOSITORY": "octo-org/octo-repo",
        "GITHUB_EVENT_NAME": found.name,
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REF": found.ref,
        "GITHUB_REF_NAME": found.ref_name,
        "GITHUB_HEAD_REF": found.head_ref,
        "GITHUB_BASE_REF": found.base_ref,
        "GITHUB_SHA": SHA,
        "LAB_CHECKOUT": "/clone",
    }
    return step(env=env, **inputs)


@pytest.mark.parametrize("ref", ["", SHA, "main", "refs/heads/main", "refs/pull/7/merge"])
def test_every_ref_of_the_run_gives_its_commit(step, tmp_path, ref):
    found = made(step, tmp_path, event(), ref=ref)
    checkout.run(found)
    assert found.outputs["commit"] == SHA
    assert [words[3] for words in found.commands] == ["init", "fetch", "checkout"]


def test_a_ref_that_is_not_there_and_another_repository_are_said(step, tmp_path):
    with pytest.raises(StepFailed, match="A branch or tag with the name 'other' could not be found"):
        checkout.run(made(step, tmp_path, event(), ref="other"))
    with pytest.raises(StepFailed, match="This machine has the repository octo-org/octo-repo only"):
        checkout.run(made(step, tmp_path, event(), repository="a/b"))
    with pytest.raises(StepFailed, match="is not under"):
        checkout.run(made(step, tmp_path, event(), path="../x"))


TARGET = event("pull_request_target", "change", fork=True)


@pytest.mark.parametrize(
    "inputs",
    [{"ref": HEAD}, {"ref": "refs/pull/7/merge"}, {"ref": "refs/pull/7/head"}, {"repository": "someone/octo-repo"}],
)
def test_a_forks_code_is_not_checked_out_with_the_rights_of_the_base(step, tmp_path, inputs):
    with pytest.raises(StepFailed, match=r"^Refusing to check out fork pull request code from a 'pull_request_target'"):
        checkout.run(made(step, tmp_path, TARGET, **inputs))


def test_it_is_where_one_says_so_and_where_it_is_no_fork(step, tmp_path):
    for found in (
        made(step, tmp_path, TARGET, ref=HEAD, allow_unsafe_pr_checkout="true"),
        made(step, tmp_path, event("pull_request_target", "change"), ref=HEAD),
        made(step, tmp_path, TARGET),
        made(step, tmp_path, TARGET, ref=SHA),
    ):
        checkout.run(found)
        assert found.outputs["commit"] == SHA
