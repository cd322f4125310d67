"""Stage 06 beside the walk: what cannot run here, what a run leaves, and what the notebook shows."""

import hashlib
import json
import socket
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stage
from labs.session import TargetName
from labs.stages.pipeline import elsewhere, notebook, resources, review_gates, runs, solve
from labs.subjects.push import lab_repository
from labs.verdict import Status
from labs.workflow import act, linters
from labs.workflow.document import parse
from labs.workflow.record import JobRecord, RunRecord, new_folder, save

PIPELINE = stage("pipeline")
SOLUTION = (PIPELINE.folder / "files" / "push.yml").read_text()


@pytest.fixture
def set_up(bench: Bench) -> Bench:
    """Everything of the stage but a run."""
    runner.reset("pipeline", bench)
    if not bench.progress.of("fargate").passed:
        runner.solve("fargate", bench)
    runner.begin("pipeline", bench)
    solve.write_files(bench)
    solve.make_provider(bench)
    solve.make_roles(bench)
    return bench


def test_without_act_what_needs_no_run_is_judged_and_the_rest_cannot_be_checked(
    set_up: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act, "PACKAGE", "no-such-package")
    report = runner.ask(PIPELINE, set_up)
    assert report.verdict.status is Status.CANNOT_CHECK
    assert "runs were not looked at" in report.verdict.found
    path = set_up.work / resources.WORKFLOW
    path.write_text(SOLUTION.replace("id-token: write", "id-token: none"))
    assert runner.ask(PIPELINE, set_up).verdict.message_id == "pipeline.no_id_token"


def test_without_git_the_runs_cannot_be_checked(set_up: Bench) -> None:
    report = runner.ask(PIPELINE, replace(set_up, env={**set_up.env, "PATH": "/nowhere"}))
    assert report.verdict.status is Status.CANNOT_CHECK
    assert "git" in report.verdict.found


def test_a_linter_that_was_not_asked_is_not_one_that_found_nothing(
    set_up: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linters.shutil, "which", lambda *_words, **_more: None)
    report = runner.ask(PIPELINE, set_up)
    assert report.verdict.status is Status.CANNOT_CHECK
    assert "zizmor is not installed" in report.verdict.found


def test_two_tags_of_one_image_go_together_and_a_tag_of_anothers_image_goes_alone(set_up: Bench) -> None:
    ecr, name = set_up.client("ecr"), set_up.repository_name
    manifest = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "v2"}])["images"][0]
    for tag in ("first", "second"):
        ecr.put_image(
            repositoryName=name, imageManifest=manifest["imageManifest"], imageTag=tag,
            imageManifestMediaType=manifest["imageManifestMediaType"],
        )  # fmt: skip
    lab_repository.remove(set_up, "first", "second")
    kept = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": "v2"}])["imageDetails"][0]
    assert kept["imageTags"] == ["v2"]
    assert lab_repository.pushed(ecr, name, "first") is None


def test_the_newest_run_of_a_job_is_that_of_a_push_to_main(set_up: Bench) -> None:
    def kept(event: str, ref: str, conclusion: str, **given: str) -> int:
        number, folder = new_folder(set_up.home)
        jobs, began = {"push": JobRecord(conclusion)}, "2026-12-01T00:00:00+00:00"
        made = RunRecord(number, event, ref, "a" * 40, "o/r", "push.yml", began, began, conclusion, jobs=jobs)
        save(replace(made, given=given), folder, "")
        return number

    runs.forget(set_up)
    assert runs.newest(set_up, "push") is None
    wanted = kept("push", "refs/heads/main", "failure")
    kept("push", "refs/heads/main", "skipped")
    kept("push", "refs/heads/other", "success")
    kept("pull_request", "refs/pull/7/merge", "success")
    kept("push", "refs/heads/main", "success", REGISTRY="127.0.0.1:5001")
    kept("push", "refs/heads/main", "success", REPOSITORY="another")
    found = runs.newest(set_up, "push")
    assert found is not None
    assert found.number == wanted
    runs.forget(set_up)


def test_the_same_job_pushes_to_another_registry_by_its_values(set_up: Bench) -> None:
    said: list[str] = []
    before = registries()
    done = elsewhere.run(set_up, said.append)
    assert done.succeeded, said
    assert done.given.keys() == {"REGISTRY", "REGISTRY_USER"}
    pushed = f"{done.given['REGISTRY']}/{set_up.repository_name}:{runs.tag(runs.ANYWHERE, done.sha)}"
    assert said[-1].startswith(f"There: {pushed}, sha256:")
    assert "for linux/amd64 and linux/arm64; the same image is not in your ECR" in said[-1]
    # It is gone with the run, and what the run did says nothing of this account.
    assert registries() == before
    assert runs.newest(set_up, runs.ANYWHERE) is None
    host, _, port = done.given["REGISTRY"].partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5).close()
    runs.forget(set_up)


def test_on_aws_no_registry_is_started_for_a_run_that_cannot_be(set_up: Bench) -> None:
    before = registries()
    with pytest.raises(LabError, match="AWS trusts the keys with which GitHub signs its tokens"):
        elsewhere.run(replace(set_up, target=replace(set_up.target, name=TargetName.AWS)), print)
    assert registries() == before


def registries() -> set[str]:
    """The throw-away homes of other registries that are there."""
    return {each.name for each in Path(tempfile.gettempdir()).glob("fargate-lab-registry-*")}


def test_the_solution_is_blamed_for_nothing(set_up: Bench) -> None:
    found, not_asked = review_gates.findings(set_up, parse(SOLUTION))
    assert (found, not_asked) == ((), [])


def test_a_role_made_again_says_what_has_changed(set_up: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.pipeline_role(set_up)
    assert capsys.readouterr().out.endswith("nothing has changed\n")
    trust = set_up.work / resources.PIPELINE_TRUST
    trust.write_text(trust.read_text().replace(":ref:refs/heads/main", ":pull_request"))
    notebook.pipeline_role(set_up)
    said = capsys.readouterr().out
    assert "pipeline-trust.json has changed" in said
    assert ":pull_request" in said


def test_the_definition_in_the_repository_carries_the_labs_tags(set_up: Bench) -> None:
    written = json.loads((set_up.work / resources.DEFINITION).read_text())
    assert {each["key"]: each["value"] for each in written["tags"]}.items() >= set_up.target.tags.items()
    assert "taskDefinitionArn" not in written


def test_the_solutions_trust_policies_name_the_subjects_that_the_kit_issues(set_up: Bench) -> None:
    for file, subject in (
        (resources.PIPELINE_TRUST, resources.pipeline_subject(set_up)),
        (resources.DEPLOY_TRUST, resources.deploy_subject(set_up)),
    ):
        (statement,) = json.loads((set_up.work / file).read_text())["Statement"]
        assert statement["Condition"]["StringEquals"][f"{resources.ISSUER}:sub"] == subject


def test_a_fourth_job_that_failed_is_no_run_that_succeeded(set_up: Bench) -> None:
    text = (set_up.work / resources.WORKFLOW).read_text()
    runs.forget(set_up)
    number, folder = new_folder(set_up.home)
    began = "2026-12-01T00:00:00+00:00"
    jobs = {name: JobRecord("success") for name in (runs.PUSH, runs.ANYWHERE, runs.DEPLOY)} | {
        "more": JobRecord("failure")
    }
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    found = RunRecord(
        number, "push", "refs/heads/main", "a" * 40, "o/r", "push.yml", began, began, "failure",
        workflow_sha256=sha256, jobs=jobs,
    )  # fmt: skip
    save(found, folder, "")
    verdict = runner.ask(PIPELINE, set_up).verdict
    assert (verdict.message_id, "job more" in verdict.found) == ("pipeline.failed", True)
    runs.forget(set_up)


def test_a_run_that_was_cut_off_is_never_told_as_one_in_which_nothing_failed(
    set_up: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.forget(set_up)
    number, folder = new_folder(set_up.home)
    began = "2026-12-01T00:00:00+00:00"
    at = "2026-12-01T00:00:00.0000000Z"
    whole = (
        f"push\tSet up job\t{at} Current runner version: 'x'\npush\tComplete job\t{at} Cleaning up orphan processes\n"
    )
    save(
        RunRecord(number, "push", "refs/heads/main", "a" * 40, "o/r", "push.yml", began, began, "timed out"),
        folder,
        whole,
    )
    notebook.diagnose_run(set_up)
    said = capsys.readouterr().out
    assert "CANNOT TELL" in said
    assert "Nothing failed" not in said
    runs.forget(set_up)
