"""Known mistakes of stage 03. Each is really made, with the same engine and boto3."""

import json
from collections.abc import Callable
from typing import Any

from labs.lesson.bench import BOTH, Bench
from labs.lesson.shell import build, must
from labs.lesson.stage import Wrong, stage
from labs.stages.push_fixed.solve import log_of, put, solve
from labs.subjects.policies.conditions import ENTANGLED, FROM_ANOTHER_NETWORK, SINCE_2020
from labs.subjects.push import image_mistakes, policy_age, push_client, push_role
from labs.subjects.push.attestation import attest_pushed
from labs.subjects.push.policy_review import DOCUMENTED, MISSING
from labs.subjects.tasks.app_secret import app_secret

Body = dict[str, Any]
Change = Callable[[Bench, Body], object]


def _text(bench: Bench) -> str:
    return stage("push-fixed").policy("push-policy", **bench.names())


def _under(change: Change) -> Callable[[Bench], None]:
    """The solution's policy with one change, on the role; pushed, whatever comes of it."""

    def do(bench: Bench) -> None:
        body: Body = json.loads(_text(bench))
        change(bench, body)
        put(bench, json.dumps(body, indent=2))
        push_client.push_both(bench, log=log_of(bench))

    return do


def _actions(*actions: str) -> Change:
    return lambda _, body: body["Statement"][0].update(Action=list(actions))


def _resource(index: int, text: Callable[[Bench], str | list[str]]) -> Change:
    return lambda bench, body: body["Statement"][index].update(Resource=text(bench))


def _add(**statement: object) -> Change:
    return lambda _, body: body["Statement"].append(statement)


def _put(change: Change) -> Callable[[Bench], None]:
    """The same, not pushed: the policy is judged first."""

    def do(bench: Bench) -> None:
        body: Body = json.loads(_text(bench))
        change(bench, body)
        put(bench, json.dumps(body, indent=2))

    return do


def _only_if(**condition: object) -> Change:
    return lambda _, body: [each.update(Condition=condition) for each in body["Statement"]]


def _six(_: Bench) -> None:
    """The notebook was opened, nothing was changed."""


def _no_file(bench: Bench) -> None:
    bench.policy_file.unlink()


def _trailing_comma(bench: Bench) -> None:
    bench.policy_file.write_text(_text(bench).replace('"ecr:BatchGetImage"\n', '"ecr:BatchGetImage",\n'))


def _only_written(bench: Bench) -> None:
    bench.policy_file.write_text(_text(bench))


def _role_deleted(bench: Bench) -> None:
    push_role.delete(bench)


def _attached(bench: Bench) -> None:
    """The right policy, and beside it one of AWS's that allows much more."""
    put(bench, _text(bench))
    arn = f"arn:{bench.partition}:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
    bench.client("iam").attach_role_policy(RoleName=bench.push_role, PolicyArn=arn)


def _bounded(bench: Bench) -> None:
    """A permissions boundary from another lesson: it may read, and that is all."""
    put(bench, _text(bench))
    boundary = f"arn:{bench.partition}:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    bench.client("iam").put_role_permissions_boundary(RoleName=bench.push_role, PermissionsBoundary=boundary)


def _trusting(principal: Callable[[Bench], object]) -> Callable[[Bench], None]:
    """The right policy, on a role that others may assume as well."""

    def do(bench: Bench) -> None:
        put(bench, _text(bench))
        statement = {"Effect": "Allow", "Principal": principal(bench), "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        bench.client("iam").update_assume_role_policy(RoleName=bench.push_role, PolicyDocument=document)

    return do


def _open_repository(**statement: object) -> Callable[[Bench], None]:
    """The right policy, and a policy on the repository that lets others in."""

    def do(bench: Bench) -> None:
        put(bench, _text(bench))
        body = {"Version": "2012-10-17", "Statement": [{"Sid": "Readers", "Effect": "Allow", **statement}]}
        bench.client("ecr").set_repository_policy(repositoryName=bench.repository_name, policyText=json.dumps(body))

    return do


def _not_pushed(bench: Bench) -> None:
    put(bench, _text(bench))


def _pushed_as(*options: str) -> Callable[[Bench], None]:
    """One platform only, under the tag for both."""

    def do(bench: Bench) -> None:
        put(bench, _text(bench))
        name = f"{bench.repository}:{BOTH}"
        must(build(bench, *options, "-t", name, "--push", platforms=("linux/arm64",)), "The push")

    return do


def _attested(bench: Bench) -> None:
    """One platform with its provenance, under the tag for both."""
    if bench.engine.name != "embedded":
        _pushed_as("--provenance=mode=min")(bench)
        return
    _single(bench)
    # This engine makes no attestations; the repository gets the entry that BuildKit would have written.
    must(push_client.login(bench), "The login")
    ecr = bench.target.client("ecr", bench.target.assume(bench.push_role))
    attest_pushed(ecr, bench.repository_name, BOTH)


def _single(bench: Bench) -> None:
    _pushed_as("--provenance=false")(bench)


def _index_of_one(bench: Bench) -> None:
    """An index whose other platform is not one of the lab's; FROM is pinned, because the base image has none such."""
    put(bench, _text(bench))
    with image_mistakes.changed(bench, image_mistakes.pinned):
        must(push_client.push_both(bench, "linux/amd64", "linux/s390x", log=log_of(bench)), "The push")


def _as_administrator(bench: Bench) -> None:
    put(bench, _text(bench))
    must(push_client.login(bench, bench.target.session), "The login")
    must(push_client.push_both(bench, log=log_of(bench)), "The push")


def _built_otherwise(change: image_mistakes.Change) -> Callable[[Bench], None]:
    """Pushed under the right policy; the Dockerfile was another one then."""

    def do(bench: Bench) -> None:
        put(bench, _text(bench))
        with image_mistakes.changed(bench, change):
            must(push_client.push_both(bench, log=log_of(bench)), "The push")

    return do


def _narrowed_afterwards(bench: Bench) -> None:
    """Pushed under ecr:*; the policy was narrowed then, and not tried."""
    _under(_actions("ecr:*"))(bench)
    policy_age.until_next_second()
    put(bench, _text(bench))


def _repository_policy(bench: Bench) -> None:
    """A policy was put on the repository after the push, and taken off again."""
    solve(bench)
    policy_age.until_next_second()
    ecr, name = bench.client("ecr"), bench.repository_name
    deny = {"Sid": "x", "Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository"}
    ecr.set_repository_policy(
        repositoryName=name, policyText=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    ecr.delete_repository_policy(repositoryName=name)


def _elsewhere(part: int, value: str) -> Callable[[Bench], str]:
    def text(bench: Bench) -> str:
        parts = bench.repository_arn.split(":", 5)
        parts[part] = value
        return ":".join(parts)

    return text


def _with_a_space(bench: Bench) -> str:
    account = bench.target.account
    return bench.repository_arn.replace(account, f"{account[:4]} {account[4:]}")


def _solved_out_of_sight(bench: Bench) -> None:
    """Pushed under the right policy, which was then widened."""
    solve(bench)
    put(bench, _text(bench).replace('"ecr:PutImage",', '"ecr:PutImage",\n        "ecr:DeleteRepository",'))


WRONG = (
    Wrong("nothing was changed", "push.fixed.not_mended", _six),
    Wrong("the file was deleted", "push.fixed.no_file", _no_file),
    Wrong("a comma too many", "push.fixed.malformed", _trailing_comma),
    Wrong("the role was deleted", "push.fixed.no_role", _role_deleted),
    Wrong("written, not put on the role", "push.fixed.not_put", _only_written),
    Wrong("an action dropped", "push.fixed.missing_action", _under(_actions(*DOCUMENTED[1:], MISSING))),
    Wrong(
        "a Deny left in",
        "push.fixed.deny_left",
        _under(_add(Sid="Freeze", Effect="Deny", Action="ecr:PutImage", Resource="*")),
    ),
    Wrong("a typo in an action", "push.fixed.typo", _under(_actions(*DOCUMENTED, "ecr:GetDownloadUrlForLayers"))),
    Wrong(
        "the token limited to a repository",
        "push.fixed.token_resource",
        _under(_resource(1, lambda bench: bench.repository_arn)),
    ),
    Wrong("no token", "push.fixed.token_missing", _under(lambda _, body: body["Statement"].pop(1))),
    Wrong("another account's ARN", "push.fixed.other_account", _under(_resource(0, _elsewhere(4, "444455556666")))),
    Wrong("another Region's ARN", "push.fixed.other_region", _under(_resource(0, _elsewhere(3, "eu-west-3")))),
    Wrong("another repository's ARN", "push.fixed.other_name", _under(_resource(0, _elsewhere(5, "repository/web")))),
    Wrong("an ARN without an account", "push.fixed.other_account", _under(_resource(0, _elsewhere(4, "")))),
    Wrong("an ARN without a Region", "push.fixed.other_region", _under(_resource(0, _elsewhere(3, "")))),
    Wrong("an account with a space", "push.fixed.other_account", _under(_resource(0, _with_a_space))),
    Wrong("a space behind the ARN", "push.fixed.other_name", _under(_resource(0, lambda b: f"{b.repository_arn} "))),
    Wrong(
        "a zero width space in the ARN",
        "push.fixed.other_name",
        _under(_resource(0, lambda bench: bench.repository_arn.replace("/app", "/\u200bapp"))),
    ),
    Wrong("ecr:*", "push.fixed.wide_actions", _under(_actions("ecr:*"))),
    Wrong("an action too many", "push.fixed.wide_actions", _solved_out_of_sight),
    Wrong("a policy of AWS's attached as well", "push.fixed.wide_actions", _attached),
    Wrong('Resource "*"', "push.fixed.resource_any", _under(_resource(0, lambda _: "*"))),
    Wrong(
        "any account and Region",
        "push.fixed.resource_any",
        _under(_resource(0, lambda bench: f"arn:{bench.partition}:ecr:*:*:repository/{bench.repository_name}")),
    ),
    Wrong(
        "every repository under the prefix",
        "push.fixed.other_repository",
        _under(_resource(0, lambda bench: f"{bench.repository_arn}*")),
    ),
    Wrong(
        "a second repository",
        "push.fixed.other_repository",
        _under(_resource(0, lambda bench: [bench.repository_arn, _elsewhere(5, "repository/web")(bench)])),
    ),
    Wrong(
        "another service",
        "push.fixed.other_service",
        _under(_add(Effect="Allow", Action="s3:GetObject", Resource="*")),
    ),
    Wrong(
        "everything, since 2020",
        "push.fixed.wide_actions",
        _put(_add(Effect="Allow", Action="*", Resource="*", Condition=SINCE_2020)),
    ),
    Wrong(
        "everything, from another network",
        "push.fixed.wide_actions",
        _put(_add(Effect="Allow", Action="*", Resource="*", Condition=FROM_ANOTHER_NETWORK)),
    ),
    Wrong("all of DynamoDB", "push.fixed.other_service", _put(_add(Effect="Allow", Action="dynamodb:*", Resource="*"))),
    Wrong(
        "every name that ends in one other letter",
        "push.fixed.other_repository",
        _put(_resource(0, lambda bench: f"{bench.repository_arn[:-1]}?")),
    ),
    Wrong(
        "everything but the repository",
        "push.fixed.resource_any",
        _put(
            lambda bench, body: body["Statement"].append(
                {"Effect": "Allow", "Action": "ecr:PutImage", "NotResource": bench.repository_arn}
            )
        ),
    ),
    Wrong(
        "everything but ECR",
        "push.fixed.other_service",
        _put(_add(Effect="Allow", NotAction="ecr:*", Resource="*")),
    ),
    Wrong(
        "tags compared with each other, of which nobody can tell",
        "push.fixed.cannot_tell",
        _put(_add(Effect="Allow", Action="s3:*", Resource="*", Condition=ENTANGLED)),
    ),
    Wrong("a boundary that only reads", "push.fixed.boundary_limits", _bounded),
    Wrong("a role for everybody", "push.fixed.trust_wide", _trusting(lambda _: {"AWS": "*"})),
    Wrong(
        "a role for ECS as well",
        "push.fixed.trust_wide",
        _trusting(lambda bench: {"AWS": bench.target.account, "Service": "ecs-tasks.amazonaws.com"}),
    ),
    Wrong(
        "a repository that everybody may read",
        "push.fixed.repository_policy",
        _open_repository(Principal="*", Action=["ecr:BatchGetImage", MISSING]),
    ),
    Wrong(
        "a repository that one network may change",
        "push.fixed.repository_policy",
        _open_repository(Principal="*", Action="ecr:*", Condition=FROM_ANOTHER_NETWORK),
    ),
    # Written otherwise, and right.
    Wrong(
        "from this machine only, and since 2020",
        "push.fixed.pass",
        _under(_only_if(IpAddress={"aws:SourceIp": "127.0.0.0/8"}, **SINCE_2020)),
    ),
    Wrong("not pushed", "push.fixed.not_pushed", _not_pushed),
    Wrong("one platform only", "push.fixed.single", _single),
    Wrong("an index without linux/arm64", "push.fixed.one_platform", _index_of_one),
    Wrong("an attestation taken for a platform", "push.fixed.attestation", _attested),
    Wrong("pushed under ecr:*, then narrowed", "push.fixed.older_push", _narrowed_afterwards),
    Wrong("the repository's policy was changed after the push", "push.fixed.older_push", _repository_policy),
    *(
        Wrong(mistake, f"push.fixed.{name}", _built_otherwise(change))
        for mistake, name, change in (
            ("FROM pinned: one image for both", "wrong_machine_code", image_mistakes.pinned_without_label),
            ("FROM pinned: arm64 full of amd64", "wrong_machine_code", image_mistakes.pinned),
            ("an image that runs as root", "runs_as_root", image_mistakes.as_root),
            ("a user that the image does not have", "runs_as_root", image_mistakes.unknown_user),
            ("a secret in ENV", "secret_inside", image_mistakes.secret_in_env(app_secret)),
            ("a secret in a label", "secret_inside", image_mistakes.password_in_label),
            ("a secret in a layer", "secret_inside", image_mistakes.secret_in_layer(app_secret)),
            ("another app than the work folder's", "other_build", image_mistakes.other_program),
            ("another command than the work folder's", "other_build", image_mistakes.other_command),
        )
    ),
    Wrong("pushed as the administrator", "push.fixed.other_principal", _as_administrator),
)
