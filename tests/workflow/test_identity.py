"""Who a job is to AWS: the subject and the claims of each event, in both forms."""

import pytest

from labs.errors import LabError
from labs.workflow.identity import (
    LAB_REPOSITORY,
    Event,
    RunIdentity,
    claims,
    event,
    subject,
    subject_form,
)

pytestmark = pytest.mark.unit

RUN = RunIdentity(id=9, number=3, sha="a" * 40, workflow="Push", file="push.yml")
NAMED = "octo-org/octo-repo"
WITH_IDS = "octo-org@123456/octo-repo@789012"
# event, ref, environment: what stands behind the repository.
SUBJECTS = {
    ("push", "", ""): "ref:refs/heads/main",
    ("push", "feature/x", ""): "ref:refs/heads/feature/x",
    ("push", "refs/tags/v1", ""): "ref:refs/tags/v1",
    ("push", "", "production"): "environment:production",
    ("push", "", "Production:V1"): "environment:Production%3AV1",
    ("pull_request", "change", ""): "pull_request",
    ("pull_request", "change", "preview"): "environment:preview",
    ("pull_request_target", "change", ""): "ref:refs/heads/main",
    ("workflow_dispatch", "main", ""): "ref:refs/heads/main",
    ("workflow_dispatch", "refs/tags/v2", ""): "ref:refs/tags/v2",
    ("release", "v1.2.0", ""): "ref:refs/tags/v1.2.0",
    ("release", "", "production"): "environment:production",
}


@pytest.mark.parametrize(("asked", "behind"), SUBJECTS.items(), ids=str)
def test_a_subject_names_the_environment_else_the_pull_request_else_the_ref(asked, behind):
    name, ref, environment = asked
    found = event(name, ref)
    assert subject(LAB_REPOSITORY, found, environment) == f"repo:{WITH_IDS}:{behind}"
    assert subject(LAB_REPOSITORY.classic(), found, environment) == f"repo:{NAMED}:{behind}"


@pytest.mark.parametrize(
    ("text", "form"),
    {
        f"repo:{WITH_IDS}:ref:refs/heads/main": "immutable",
        f"repo:{NAMED}:pull_request": "classic",
        "repo:octo-org@1/octo-repo:pull_request": "",
        "repo:octo-org": "",
        "": "",
        "sub": "",
    }.items(),
)
def test_the_form_of_a_subject_is_told_by_its_ids(text, form):
    assert subject_form(text) == form


def test_a_token_has_every_documented_claim_of_githubs():
    found = claims(LAB_REPOSITORY, event("pull_request", "change"), RUN, "preview")
    assert found == {
        "sub": f"repo:{WITH_IDS}:environment:preview",
        "iss": "https://token.actions.githubusercontent.com",
        "actor": "octocat",
        "actor_id": "583231",
        "base_ref": "main",
        "environment": "preview",
        "event_name": "pull_request",
        "head_ref": "change",
        "job_workflow_ref": f"{NAMED}/.github/workflows/push.yml@refs/pull/7/merge",
        "job_workflow_sha": "a" * 40,
        "ref": "refs/pull/7/merge",
        "ref_type": "branch",
        "repository": NAMED,
        "repository_id": "789012",
        "repository_owner": "octo-org",
        "repository_owner_id": "123456",
        "repository_visibility": "private",
        "run_attempt": "1",
        "run_id": "9",
        "run_number": "3",
        "runner_environment": "github-hosted",
        "sha": "a" * 40,
        "workflow": "Push",
        "workflow_ref": f"{NAMED}/.github/workflows/push.yml@refs/pull/7/merge",
        "workflow_sha": "a" * 40,
    }


def test_a_job_without_an_environment_has_no_such_claim_and_a_tag_says_that_it_is_one():
    found = claims(LAB_REPOSITORY, event("push", "refs/tags/v1"), RUN)
    assert "environment" not in found
    assert (found["ref"], found["ref_type"], found["base_ref"]) == ("refs/tags/v1", "tag", "")


@pytest.mark.parametrize(
    ("found", "may"),
    {
        event("pull_request", "x", fork=True): False,
        event("pull_request", "x"): True,
        event("pull_request_target", "x", fork=True): True,
        Event(): True,
    }.items(),
)
def test_only_a_pull_request_from_a_fork_is_given_no_write(found, may):
    assert found.gives_write is may


@pytest.mark.parametrize(
    "asked",
    [
        ("schedule", "", False),
        ("push", "", True),
        ("push", "refs/pull/1/merge", False),
        ("push", "a b", False),
        ("push", "a..b", False),
        ("push", "refs/heads/", False),
        ("release", "refs/heads/main", False),
        ("pull_request", "refs/tags/v1", False),
    ],
)
def test_an_event_that_cannot_be_is_refused_with_what_can(asked):
    with pytest.raises(LabError) as told:
        event(*asked)
    assert told.value.next_step
