"""The lab's workflow with the kit's stand-ins, from the checkout to the image in ECR."""

import os

import pytest

from labs.workflow import record
from tests.push_actions import SIX
from tests.workflow.pipeline import ANYWHERE, HEAD, JOB, PIN, PUSH, SEVEN, SUB, WHOLE, opened


def test_both_logins_push_both_platforms_and_the_digest_is_ecrs(pipeline):
    pipeline.write(WHOLE)
    found = pipeline.run()
    assert found.conclusion == "success", pipeline.said
    assert set(found.actions.values()) == {"stand-in"}
    tags = pipeline.images()
    for name, tag in (("push", found.sha), ("push-anywhere", f"anywhere-{found.sha}")):
        build = found.jobs[name].step("docker/build-push-action")
        assert build.outputs["digest"] == tags[tag]
        assert found.jobs[name].subject == SUB
    assert found.jobs["push"].step("ecr").outputs["registry"] == pipeline.bench.target.registry
    index = pipeline.client("ecr").batch_get_image(
        repositoryName=pipeline.bench.repository_name, imageIds=[{"imageTag": found.sha}]
    )["images"][0]["imageManifest"]
    assert '"amd64"' in index
    assert '"arm64"' in index
    assert record.last(pipeline.bench.home) == found


def test_the_push_is_that_roles_in_the_trail(pipeline):
    pipeline.write(PUSH)
    pipeline.change("for the trail")
    found = pipeline.run()
    assert found.succeeded, pipeline.said
    events = pipeline.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutImage"}]
    )["Events"]
    assert any(
        found.sha in each["CloudTrailEvent"] and "github-push/GitHubActions" in each["CloudTrailEvent"]
        for each in events
    )
    assumed = pipeline.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AssumeRoleWithWebIdentity"}]
    )["Events"]
    assert any(SUB in each["CloudTrailEvent"] for each in assumed)


def test_six_actions_end_with_the_talks_refusal_as_the_errors_last_words(pipeline):
    pipeline.write(PUSH)
    pipeline.run()
    pipeline.change("after six")
    pipeline.allow(SIX)
    found = pipeline.run()
    assert (found.conclusion, found.jobs["push"].step("build").conclusion) == ("failure", "failure")
    errors = [line.partition("##[error]")[2] for line in pipeline.log().splitlines() if "##[error]" in line]
    assert len(errors) == 1
    assert errors[0].startswith("buildx failed with: denied: User: arn:aws:sts::")
    assert "is not authorized to perform: ecr:GetDownloadUrlForLayer" in errors[0]
    assert any(errors[0] in line for line in pipeline.said)


REFUSED = "Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity"
TRUSTS = {
    "another branch": ({"sub": SUB.replace("main", "other")}, REFUSED),
    "the classic form": ({"sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}, REFUSED),
    "an environment": ({"sub": SUB.partition(":ref")[0] + ":environment:production"}, REFUSED),
    "a pull request": ({"sub": SUB.partition(":ref")[0] + ":pull_request"}, REFUSED),
    "another audience": ({"aud": "https://example.com"}, REFUSED),
}


@pytest.mark.parametrize(("conditions", "words"), TRUSTS.values(), ids=TRUSTS)
def test_a_trust_that_is_not_for_this_sub_ends_in_the_actions_own_words(pipeline, conditions, words):
    pipeline.trust(**conditions)
    pipeline.write(PUSH)
    found = pipeline.run()
    assert found.conclusion == "failure"
    assert [step.conclusion for step in found.jobs["push"].steps][:3] == ["success", "failure", "skipped"]
    assert f"##[error]{words}" in pipeline.log()
    assert "Retry AssumeRole: attempt 1 of 12 failed:" in pipeline.log()
    assert "the real action makes 12 tries" in pipeline.log()


def test_an_audience_that_the_provider_does_not_know_is_told_apart(pipeline):
    pipeline.write(PUSH.replace("role-to-assume:", "audience: other\n          role-to-assume:"))
    assert pipeline.run().conclusion == "failure"
    assert "##[error]Could not assume role with OIDC: Incorrect token audience" in pipeline.log()


def test_a_job_that_may_not_ask_for_a_token_fails_as_on_github(pipeline):
    pipeline.write(PUSH.replace("      id-token: write\n", ""))
    found = pipeline.run()
    assert (found.conclusion, found.jobs["push"].subject) == ("failure", "")
    log = pipeline.log()
    assert "Did you mean to set the `id-token` permission?" in log
    why = "Could not load credentials from any providers"
    assert f"##[error]Credentials could not be loaded, please check your action inputs: {why}" in log


def test_a_job_logs_in_for_itself_only(pipeline):
    """The login of another job of the run is on another machine."""
    lines = ANYWHERE.splitlines(keepends=True)
    begin = next(at for at, line in enumerate(lines) if "docker/login-action" in line)
    pipeline.write(
        PUSH + "".join([*lines[:begin], *lines[begin + 5 :]]).replace("    runs-on", "    needs: push\n    runs-on")
    )
    pipeline.change("logged in elsewhere")
    found = pipeline.run()
    assert {name: job.conclusion for name, job in found.jobs.items()} == {"push": "success", "push-anywhere": "failure"}
    assert "no basic auth credentials" in pipeline.log()


def test_no_credential_is_in_the_log_or_the_record(pipeline):
    keys = JOB.replace("NAME", "keys").replace("PIN", PIN)
    keys += "          output-credentials: true\n        id: aws\n"
    keys += "      - run: |\n          env | grep AWS_\n          echo ${{ steps.aws.outputs.aws-secret-access-key }}\n"
    pipeline.write(HEAD + keys)
    found = pipeline.run()
    assert found.succeeded, pipeline.said
    everything = "\n".join([pipeline.log(), repr(found), *pipeline.said])
    assert "AWS_SECRET_ACCESS_KEY=***" in everything
    assert "AWS_SESSION_TOKEN=***" in everything
    assert "ASIA" not in everything
    assert "eyJ" not in everything


@pytest.mark.skipif(not os.environ.get("LAB_ACTIONS"), reason="LAB_ACTIONS names no folder of real checkouts")
@pytest.mark.parametrize("actions", [SEVEN, SIX], ids=["seven", "six"])
def test_the_real_actions_do_the_same(actions):
    """With checkouts of the actions and Node 24: all of it runs, and six actions end in the same words."""
    with opened("embedded", {"LAB_ACTIONS": os.environ["LAB_ACTIONS"]}) as found:
        found.write(WHOLE)
        first = found.run()
        assert first.succeeded, found.said
        kinds = {uses.partition("@")[0]: kind for uses, kind in first.actions.items()}
        assert {name for name, kind in kinds.items() if kind == "stand-in"} == {"actions/checkout"}
        build = first.jobs["push"].step("docker/build-push-action")
        assert build.outputs["digest"] == found.images()[first.sha]
        found.change("after the first")
        found.allow(actions)
        again = found.run()
        assert again.succeeded is (actions == SEVEN)
        if actions == SIX:
            assert "##[error]buildx failed with: denied: User: arn:aws:sts::" in found.log()
            assert "is not authorized to perform: ecr:GetDownloadUrlForLayer" in found.log()
