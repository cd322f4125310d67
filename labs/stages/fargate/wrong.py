"""Known mistakes of stage 05. Each is really made; services really start and replace their tasks."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from labs.lesson.bench import BOTH, PLATFORMS, Bench
from labs.lesson.eventual import answering
from labs.lesson.shell import build, must
from labs.lesson.stage import Wrong
from labs.stages.fargate import resources
from labs.stages.fargate.definition_mistakes import (
    PLAIN_SECRETS,
    Body,
    container_with,
    roles_ready,
)
from labs.stages.fargate.solve import (
    container,
    definition,
    log_of,
    make_log_group,
    make_roles,
    make_service,
    push_new,
    put_secret,
    register,
    solve,
    text_of,
    write_policies,
)
from labs.subjects.policies.conditions import ENTANGLED, FROM_ANOTHER_NETWORK, SINCE_2020
from labs.subjects.push import image_mistakes
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.app_secret import app_secret
from labs.subjects.tasks.execution_policy import MANAGED
from labs.subjects.tasks.service_reading import service_of
from labs.subjects.tasks.service_waiting import wait_steady
from labs.subjects.vpc import ids


def first(*changes: Callable[[Bench], object]) -> Callable[[Bench], None]:
    """These, one after the other."""

    def do(bench: Bench) -> None:
        for change in changes:
            change(bench)

    return do


def _nothing(_: Bench) -> None:
    """The notebook was opened, nothing was run."""


def _with_policy(change: Callable[[Bench, Body], object]) -> Callable[[Bench], None]:
    """The execution role under the solution's policy with one change."""

    def do(bench: Bench) -> None:
        put_secret(bench)
        make_log_group(bench)
        body: Body = json.loads(text_of(bench, "execution-policy"))
        change(bench, body)
        write_policies(bench, policy=json.dumps(body, indent=2))
        make_roles(bench)

    return do


def _without(number: int) -> Callable[[Bench], None]:
    return _with_policy(lambda _, body: body["Statement"].pop(number))


def _resource(number: int, resource: str) -> Callable[[Bench], None]:
    return _with_policy(lambda _, body: body["Statement"][number].update(Resource=resource))


def _actions(number: int, *actions: str) -> Callable[[Bench], None]:
    return _with_policy(lambda _, body: body["Statement"][number].update(Action=list(actions)))


def _token_on_the_repository(bench: Bench, body: Body) -> None:
    body["Statement"][0]["Resource"] = bench.repository_arn


def _log_group_only(bench: Bench) -> None:
    """The ARN of the group itself: a stream's ARN goes on after it."""
    _resource(2, resources.log_group_arn(bench))(bench)


def _deny_left(bench: Bench, body: Body) -> None:
    body["Statement"].append({"Effect": "Deny", "Action": "ssm:*", "Resource": "*"})


def _second_secret(bench: Bench, body: Body) -> None:
    own = resources.parameter_arn(bench)
    body["Statement"][3]["Resource"] = [own, own.replace(resources.parameter(bench), "prod/database-password")]


def _decrypt(_: Bench, body: Body) -> None:
    body["Statement"].append({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"})


def _add(**statement: object) -> Callable[[Bench], None]:
    return _with_policy(lambda _, body: body["Statement"].append({"Effect": "Allow", "Resource": "*", **statement}))


def _bounded(bench: Bench) -> None:
    """A boundary from another lesson: it may read images, and that is all."""
    roles_ready(bench)
    boundary = f"arn:{bench.partition}:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    bench.client("iam").put_role_permissions_boundary(
        RoleName=service_names.execution_role(bench), PermissionsBoundary=boundary
    )


def _written_otherwise(bench: Bench) -> None:
    """The same permissions in another order and case, in lists, under conditions that hold; the trust with one, too."""
    put_secret(bench)
    make_log_group(bench)
    body: Body = json.loads(text_of(bench, "execution-policy"))
    for number, each in enumerate(body["Statement"]):
        each["Sid"], each["Resource"] = f"Part{number}", [each["Resource"]]
        each["Condition"] = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    body["Statement"][3]["Action"] = ["ssm:getparameters"]
    body["Statement"][2]["Resource"] = f"{resources.log_group_arn(bench)}:log-stream:*"
    body["Statement"].reverse()
    trust: Body = json.loads(text_of(bench, "task-trust"))
    trust["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": bench.target.account}}
    write_policies(bench, policy=json.dumps(body), trust=json.dumps(trust))
    make_roles(bench)
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    bench.client("iam").put_role_policy(
        RoleName=service_names.task_role(bench), PolicyName="nothing", PolicyDocument=json.dumps(deny)
    )


def _managed(bench: Bench) -> None:
    """The right policy, and beside it AWS's own, which reaches every repository and log group."""
    roles_ready(bench)
    arn = f"arn:{bench.partition}:iam::aws:policy/{MANAGED}"
    bench.client("iam").attach_role_policy(RoleName=service_names.execution_role(bench), PolicyArn=arn)


def _trust(bench: Bench) -> None:
    """The trust policy of an instance's role, from another tutorial."""
    put_secret(bench)
    make_log_group(bench)
    write_policies(bench, trust=text_of(bench, "task-trust").replace("ecs-tasks.", "ec2."))
    make_roles(bench)


def _trusting(principal: object, action: str = "sts:AssumeRole") -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        put_secret(bench)
        make_log_group(bench)
        body: Body = json.loads(text_of(bench, "task-trust"))
        body["Statement"].append({"Effect": "Allow", "Principal": principal, "Action": action})
        write_policies(bench, trust=json.dumps(body))
        make_roles(bench)

    return do


def _trust_wide(bench: Bench) -> None:
    """One trust policy for everything that might ever run."""
    put_secret(bench)
    make_log_group(bench)
    service = '"ecs-tasks.amazonaws.com"'
    write_policies(bench, trust=text_of(bench, "task-trust").replace(service, f'[{service}, "ec2.amazonaws.com"]'))
    make_roles(bench)


def _task_role(bench: Bench) -> None:
    """The secret's permission on the program's role as well, "to be safe"."""
    roles_ready(bench)
    bench.client("iam").put_role_policy(
        RoleName=service_names.task_role(bench), PolicyName="secret", PolicyDocument=text_of(bench, "execution-policy")
    )


def _defined(**changes: Any) -> Callable[[Bench], None]:
    """A definition with one thing changed."""

    def do(bench: Bench) -> None:
        roles_ready(bench)
        register(bench, definition(bench, BOTH, **changes))

    return do


def _one_role(bench: Bench) -> None:
    roles_ready(bench)
    both = service_names.execution_role_arn(bench)
    register(bench, definition(bench, BOTH, taskRoleArn=both))


def _no_task_role(bench: Bench) -> None:
    _defined(taskRoleArn=None)(bench)


def _started(**changes: Any) -> Callable[[Bench], None]:
    """The service with one thing changed."""

    def do(bench: Bench) -> None:
        roles_ready(bench)
        register(bench, definition(bench, BOTH))
        made = {name: value(bench) if callable(value) else value for name, value in changes.items()}
        make_service(bench, **made)

    return do


def _not_rolled(bench: Bench) -> None:
    """Pushed and registered; the service was not told."""
    _started()(bench)
    push_new(bench)
    register(bench, definition(bench, resources.TAG))


def _pushed_otherwise(change: image_mistakes.Change) -> Callable[[Bench], None]:
    """Version 2 was built with another Dockerfile or app."""

    def do(bench: Bench) -> None:
        _started()(bench)
        with image_mistakes.changed(bench, change):
            push_new(bench)

    return do


def _pushed_for_arm(bench: Bench) -> None:
    """The platform that the service runs, and no other."""
    _started()(bench)
    push_new(bench, PLATFORMS[1:])


def _old_image(bench: Bench) -> None:
    """Pushed, and the service never left the first image."""
    _started()(bench)
    push_new(bench)
    wait_steady(bench)


def _new_revision_old_image(bench: Bench) -> None:
    """Pushed, registered and rolled out; the revision names the old tag."""
    _old_image(bench)
    register(bench, definition(bench, BOTH))
    ecs, where = bench.client("ecs"), {"cluster": task_runs.cluster(bench), "service": service_names.service(bench)}
    ecs.update_service(**where, taskDefinition=service_names.service(bench))
    wait_steady(bench)


def _pushed_again(bench: Bench) -> None:
    """The tag was pushed once more after the tasks had started."""
    solve(bench)
    name = f"{bench.repository}:{resources.TAG}"
    arguments = ("--build-arg", "VERSION=2.0.1", "-t", name, "--push")
    must(build(bench, *arguments, platforms=PLATFORMS, log=log_of(bench)), "The push")


def _wrong_tag(bench: Bench) -> None:
    """A revision that names a tag nobody pushed: its tasks do not start, and the service says why."""
    _started()(bench)
    push_new(bench)
    wait_steady(bench)
    register(bench, definition(bench, "v3"))
    ecs, where = bench.client("ecs"), {"cluster": task_runs.cluster(bench), "service": service_names.service(bench)}
    ecs.update_service(**where, taskDefinition=service_names.service(bench))
    _until_an_event(bench)


def _until_an_event(bench: Bench) -> None:
    """Wait until the service has said that a task did not start."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        service = service_of(bench, bench.client("ecs")) or {}
        if any("unable to place a task" in each["message"] for each in service.get("events", ())):
            return
        time.sleep(0.2)


def _rolling(bench: Bench) -> Bench:
    """Asked in the middle of a deployment: a new one beside the old, no event yet."""
    solve(bench)

    def rolling(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        during = [
            {**each, "deployments": each["deployments"] * 2, "runningCount": 3, "pendingCount": 1, "events": []}
            for each in answer["services"]
        ]
        return {**answer, "services": during}

    return answering(bench, "ecs", "describe_services", rolling)


def _log_deleted(bench: Bench) -> None:
    """The lines were deleted under the running tasks."""
    solve(bench)
    logs, group = bench.client("logs"), resources.log_group(bench)
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        logs.delete_log_stream(logGroupName=group, logStreamName=stream["logStreamName"])


def _empty_secret(bench: Bench) -> None:
    """A wrapper around the program cleans its environment, and takes the secret with it."""
    roles_ready(bench)
    push_new(bench)
    wrapper = "import os, runpy, sys; del os.environ['APP_SECRET']; sys.argv = ['app.py']; "
    wrapper += "runpy.run_path('app.py', run_name='__main__')"
    blank = container(bench, resources.TAG, entryPoint=["python", "-c", wrapper])
    register(bench, definition(bench, resources.TAG, containerDefinitions=[blank]))
    make_service(bench)
    wait_steady(bench)


WRONG = (
    Wrong("nothing was run", "service.no_secret", _nothing),
    Wrong("a String in place of a SecureString", "service.plain_secret", lambda bench: put_secret(bench, "String")),
    Wrong("no log group", "service.no_log_group", put_secret),
    Wrong("a log group without retention", "service.no_retention", first(put_secret, lambda b: make_log_group(b, 0))),
    Wrong(
        "a log group that forgets after ten years",
        "service.long_retention",
        first(put_secret, lambda bench: make_log_group(bench, 3653)),
    ),
    Wrong(
        "a log group that forgets after two weeks",
        "service.long_retention",
        first(put_secret, lambda bench: make_log_group(bench, 14)),
    ),
    Wrong("no roles", "service.no_role", first(put_secret, make_log_group)),
    Wrong("a trust policy for EC2", "service.trust", _trust),
    Wrong("a trust policy for ECS and EC2", "service.trust_wide", _trust_wide),
    Wrong("a trust policy for everybody", "service.trust_wide", _trusting({"AWS": "*"})),
    Wrong("a trust policy for another account", "service.trust_wide", _trusting({"AWS": "444455556666"})),
    Wrong(
        "a trust policy with every action of STS",
        "service.trust_wide",
        _trusting({"Service": "ecs-tasks.amazonaws.com"}, "sts:*"),
    ),
    Wrong("everything, since 2020", "service.role_wide_resource", _add(Action="*", Condition=SINCE_2020)),
    Wrong(
        "everything from another network",
        "service.role_wide_resource",
        _add(Action="*", Condition=FROM_ANOTHER_NETWORK),
    ),
    Wrong("everything but ECR, logs and SSM", "service.role_wide_action", _add(NotAction=["ecr:*", "logs:*", "ssm:*"])),
    Wrong("a boundary that only reads images", "service.role_lacks", _bounded),
    Wrong(
        "tags compared with each other, of which nobody can tell",
        "service.cannot_tell",
        _add(Action="s3:*", Condition=ENTANGLED),
    ),
    # Written otherwise, and right: the check goes on to what is not there yet.
    Wrong("the same policies written otherwise", "service.no_definition", _written_otherwise),
    Wrong("no permission for the secret", "service.role_lacks", _without(3)),
    Wrong("no permission for the log", "service.role_lacks", _without(2)),
    Wrong("the token limited to a repository", "service.role_lacks", _with_policy(_token_on_the_repository)),
    Wrong("ssm:GetParameter without its s", "service.role_lacks", _actions(3, "ssm:GetParameter")),
    Wrong("the log group without its streams", "service.role_lacks", _log_group_only),
    Wrong("a deny that was left", "service.role_lacks", _with_policy(_deny_left)),
    Wrong("every repository", "service.role_wide_resource", _resource(1, "*")),
    Wrong("every parameter", "service.role_wide_resource", _resource(3, "*")),
    Wrong("a second secret", "service.role_wide_resource", _with_policy(_second_secret)),
    Wrong("AWS's managed policy as well", "service.role_wide_resource", _managed),
    Wrong("every action of ECR", "service.role_wide_action", _actions(1, "ecr:*")),
    Wrong(
        "the role may also write the secret", "service.role_wide_action", _actions(3, "ssm:GetParameters", "ssm:Put*")
    ),
    Wrong("kms:Decrypt, which AWS's own key does not need", "service.role_wide_action", _with_policy(_decrypt)),
    Wrong("the same policy on the task role", "service.task_role_wide", _task_role),
    Wrong("no task definition", "service.no_definition", roles_ready),
    Wrong("no runtimePlatform", "service.not_arm64", _defined(runtimePlatform=None)),
    Wrong(
        "X86_64",
        "service.not_arm64",
        _defined(runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}),
    ),
    Wrong("one role for both", "service.same_role", _one_role),
    Wrong("no task role", "service.other_role", _no_task_role),
    Wrong(
        "the secret in the environment",
        "service.secret_in_environment",
        container_with(lambda _: {"secrets": None, "environment": [{"name": "APP_SECRET", "value": "plain"}]}),
    ),
    *PLAIN_SECRETS,
    Wrong("no secret in the definition", "service.no_secret_reference", container_with(lambda _: {"secrets": None})),
    Wrong("no log in the definition", "service.no_log", container_with(lambda _: {"logConfiguration": None})),
    Wrong("no service", "service.no_service", _defined()),
    Wrong("one task", "service.count", _started(count=1)),
    Wrong(
        "one subnet",
        "service.subnets",
        _started(subnets=lambda bench: ids.subnet_ids(bench)[:1]),
    ),
    Wrong("public addresses", "service.public_ip", _started(assignPublicIp="ENABLED")),
    Wrong("version 2 was not pushed", "service.no_image", _started()),
    Wrong("version 2 for ARM alone", "service.one_platform", _pushed_for_arm),
    *(
        Wrong(mistake, f"service.{name}", _pushed_otherwise(change))
        for mistake, name, change in (
            ("version 2 for one platform's programs", "wrong_machine_code", image_mistakes.pinned),
            ("version 2 runs as root", "runs_as_root", image_mistakes.as_root),
            ("version 2 has the secret in it", "secret_inside", image_mistakes.secret_in_env(app_secret)),
            ("version 2 of another app", "other_build", image_mistakes.other_program),
        )
    ),
    Wrong("the service was not told", "service.old_revision", _not_rolled),
    Wrong("asked while it rolls", "service.not_steady", _rolling),
    Wrong("a tag that was never pushed", "service.failing", _wrong_tag),
    Wrong("the service never left the first image", "service.other_tag", _old_image),
    Wrong("a new revision with the old image", "service.other_tag", _new_revision_old_image),
    Wrong("the tag was pushed again", "service.other_image", _pushed_again),
    Wrong("the log's lines were deleted", "service.no_log_line", _log_deleted),
    Wrong("a secret that does not reach the program", "service.secret_absent", _empty_secret),
)
