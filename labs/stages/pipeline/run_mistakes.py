"""Known mistakes of stage 06 about its runs: each runs the workflow, or changes something after a run."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from labs.lesson.bench import PLATFORMS, Bench
from labs.lesson.eventual import answering
from labs.lesson.shell import build, must
from labs.stages.pipeline import resources, runs
from labs.stages.pipeline.solve import FOLDER, make_provider, make_roles, solve, text_of, write_files
from labs.subjects.push import lab_repository, push_client
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.service_waiting import wait_steady

_ECR_LOGIN = "aws-actions/amazon-ecr-login@03f1aad4c6c7ffd436567f42f9384779290529bd # v2.1.7"


def solution() -> str:
    """The solution's workflow."""
    return (FOLDER / "files" / "push.yml").read_text()


def changed(old: str, new: str, count: int = -1) -> str:
    """The solution's workflow with one text in place of another, which must be there."""
    text = solution()
    assert old in text, old
    return text.replace(old, new, count)


def run(bench: Bench, workflow: str = "", values: Mapping[str, str] | None = None, job: str = "") -> None:
    """Everything set up and run, whatever becomes of it."""
    write_files(bench, workflow)
    make_provider(bench)
    make_roles(bench)
    runs.run(bench, values=values, job=job)


def only_the_push(bench: Bench) -> None:
    run(bench, job="push")


def wrong_role_in_vars(bench: Bench) -> None:
    """The repository's variable names a role of somebody's blog."""
    run(bench, values={"PIPELINE_ROLE_ARN": f"arn:aws:iam::{bench.target.account}:role/GitHubActions"})


def one_login(bench: Bench) -> None:
    """Both jobs log in with amazon-ecr-login."""
    text = solution()
    begin = text.index("      - uses: docker/login-action@")
    end = text.index("      - uses: docker/setup-buildx-action@", begin)
    login = f"      - uses: {_ECR_LOGIN}\n        id: ecr\n"
    text = text[:begin] + login + text[end:]
    run(bench, text.replace("${{ vars.REGISTRY }}/", "${{ steps.ecr.outputs.registry }}/"))


def touched_workflow(bench: Bench) -> None:
    solve(bench)
    path = bench.work / resources.WORKFLOW
    path.write_text(path.read_text() + "# one more thought\n")


def touched_policy(bench: Bench) -> None:
    """The deploy role's policy was taken away and put back: nobody has seen a run under it."""
    solve(bench)
    iam, role = bench.client("iam"), resources.deploy_role(bench)
    iam.delete_role_policy(RoleName=role, PolicyName=resources.POLICY_NAME)
    wait_a_second(bench)
    iam.put_role_policy(RoleName=role, PolicyName=resources.POLICY_NAME, PolicyDocument=text_of(bench, "deploy-policy"))


def wait_a_second(bench: Bench) -> None:
    """Until the clock shows another second than the newest run's: times are compared in whole seconds."""
    newest = next(runs.all_of(bench))
    while datetime.now(UTC).isoformat(timespec="seconds") <= newest.began:
        time.sleep(0.05)


def image_deleted(bench: Bench) -> None:
    solve(bench)
    lab_repository.remove(bench, *runs.tags(bench))


def by_hand(bench: Bench) -> None:
    """After the run somebody pushes the same tag by hand, as the role of stage 02."""
    solve(bench)
    done = next(runs.all_of(bench))
    push_client.log_in_again(bench)
    lab_repository.remove(bench, *runs.tags(bench))
    push_by_hand(bench, done.sha)
    push_by_hand(bench, f"anywhere-{done.sha}")


def push_by_hand(bench: Bench, tag: str) -> None:
    words = ("--build-arg", f"VERSION={resources.VERSION}", "--provenance=false", "--sbom=false")
    must(build(bench, *words, "-t", f"{bench.repository}:{tag}", "--push", platforms=PLATFORMS), "The push by hand")


def back_to_the_tag(bench: Bench) -> None:
    """After the run somebody sets the service back to its revision of stage 05."""
    solve(bench)
    ecs, family = bench.client("ecs"), service_names.service(bench)
    _, before, *_ = ecs.list_task_definitions(familyPrefix=family, sort="DESC")["taskDefinitionArns"]
    ecs.update_service(cluster=task_runs.cluster(bench), service=family, taskDefinition=before)


def deployed_by_hand(bench: Bench) -> None:
    """The job deploy does nothing, and somebody gives the service the run's image by hand."""
    text = solution()
    begin = text.index("      - uses: actions/checkout@", text.index("  deploy:\n"))
    run(bench, text[:begin] + "      - run: echo deployed\n")
    ecs, family = bench.client("ecs"), service_names.service(bench)
    body = json.loads((bench.work / resources.DEFINITION).read_text())
    built = next(runs.all_of(bench)).jobs[runs.PUSH].step("build")
    assert built is not None
    body["containerDefinitions"][0]["image"] = f"{bench.repository}@{built.outputs['digest']}"
    made = ecs.register_task_definition(**body)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=task_runs.cluster(bench), service=family, taskDefinition=made)
    wait_steady(bench)


@contextmanager
def _app_changed(bench: Bench, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """The app is stage 01's: whatever happens meanwhile, it is put back."""
    app = bench.app / "app.py"
    kept = app.read_bytes()
    app.write_bytes(change(kept))
    try:
        yield
    finally:
        app.write_bytes(kept)


def pushed_and_not_deployed(bench: Bench) -> None:
    """The program is changed and pushed again; the service keeps what the run before has deployed."""
    with _app_changed(bench, lambda kept: kept + b"\n# a quick try\n"):
        run(bench)
    for job in (runs.PUSH, runs.ANYWHERE):
        runs.run(bench, job=job)


def to_none(bench: Bench) -> None:
    """Somebody has turned the service down for the night."""
    solve(bench)
    bench.client("ecs").update_service(
        cluster=task_runs.cluster(bench), service=service_names.service(bench), desiredCount=0
    )


def broken_app(bench: Bench) -> None:
    """The commit breaks the program: the new tasks end at once, and the circuit breaker goes back."""
    with _app_changed(bench, lambda _kept: b"raise SystemExit('no settings')\n"):
        run(bench)


def other_app(bench: Bench) -> None:
    """The run builds a program that nobody keeps."""
    with _app_changed(bench, lambda kept: kept + b"\n# a quick try\n"):
        run(bench)


def platform_in_vars(bench: Bench) -> None:
    """The platforms are a variable, and the variable names one."""
    workflow = changed("platforms: linux/amd64,linux/arm64", "platforms: ${{ vars.PLATFORMS }}")
    run(bench, workflow, values={"PLATFORMS": "linux/arm64"})


def silent_trail(bench: Bench) -> Bench:
    """CloudTrail does not show ECR's events yet."""
    solve(bench)

    def without(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**answer, "Events": [each for each in answer["Events"] if each["EventName"] != "PutImage"]}

    return answering(bench, "cloudtrail", "lookup_events", without)
