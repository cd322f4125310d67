"""Other right answers to stage 05: its roles, log and definition, narrower or written otherwise."""

import json
from collections.abc import Callable

from labs import oci
from labs.lesson.bench import Bench
from labs.lesson.stage import Right
from labs.stages.fargate import resources
from labs.stages.fargate.solve import (
    container,
    definition,
    make_log_group,
    make_roles,
    register,
    roll,
    text_of,
    write_policies,
)
from labs.subjects.policies.rewritten import REWRITTEN, Body, Change
from labs.subjects.push import lab_repository


def _under(change: Change) -> Callable[[Bench], None]:
    """The execution role with another policy."""

    def do(bench: Bench) -> None:
        write_policies(bench, policy=json.dumps(change(json.loads(text_of(bench, "execution-policy")))))
        make_roles(bench)

    return do


def _only_if(**condition: object) -> Change:
    return lambda body: {**body, "Statement": [{**each, "Condition": condition} for each in body["Statement"]]}


def _group_and_streams(bench: Bench) -> None:
    """The log group's ARN beside that of its streams, as many write it."""
    body: Body = json.loads(text_of(bench, "execution-policy"))
    own = resources.log_group_arn(bench)
    body["Statement"][2]["Resource"] = [own, f"{own}:*"]
    write_policies(bench, policy=json.dumps(body))
    make_roles(bench)


def _trusting(**condition: object) -> Callable[[Bench], None]:
    """Both roles for ECS under a condition that it meets."""

    def do(bench: Bench) -> None:
        trust: Body = json.loads(text_of(bench, "task-trust"))
        trust["Statement"][0]["Condition"] = condition
        write_policies(bench, trust=json.dumps(trust))
        make_roles(bench)

    return do


def _forgetful(bench: Bench) -> None:
    """The log keeps a line for three days."""
    make_log_group(bench, 3)


def _with_an_agent(bench: Bench) -> None:
    """A container beside the app's, named before it; the image by its digest for ARM, and the secret by its name."""
    pushed = lab_repository.pushed(bench.client("ecr"), bench.repository_name, resources.TAG)
    assert pushed is not None, "the solution has pushed it"
    image = f"{bench.repository}@{_arm(pushed)}"
    secrets = [{"name": "APP_SECRET", "valueFrom": resources.parameter(bench)}]
    agent = {"name": "agent", "image": image, "essential": False, "entryPoint": ["python", "-c", "print('hello')"]}
    app = container(bench, resources.TAG, image=image, secrets=secrets)
    register(bench, definition(bench, resources.TAG, containerDefinitions=[agent, app]))
    roll(bench)


def _arm(pushed: lab_repository.Pushed) -> str:
    """The digest of the image for ARM."""
    assert isinstance(pushed.image, oci.Index), "the solution pushes an index"
    wanted = oci.Platform.parse("linux/arm64")
    return next(each.digest for each in pushed.image.manifests if each.platform == wanted)


RIGHT = (
    *(Right(how, _under(change)) for how, change in REWRITTEN),
    Right("a log group beside its streams", _group_and_streams),
    Right("by TLS only", _under(_only_if(Bool={"aws:SecureTransport": "true"}))),
    Right("in this Region only", _under(_only_if(Null={"aws:RequestedRegion": "false"}))),
    Right("roles for this account's tasks", _trusting(Null={"aws:SourceAccount": "false"})),
    Right("a log that forgets after three days", _forgetful),
    Right("a container beside the app's", _with_an_agent),
)
