"""Known mistakes of stage 02. Each is really made, with the same engine and boto3."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from labs.lesson.bench import BOTH, ONE, PLATFORMS, Bench
from labs.lesson.shell import build, docker, must
from labs.lesson.stage import Wrong, stage
from labs.session import TargetName
from labs.stages.push_denied.solve import set_up, solve
from labs.subjects.policies.conditions import ENTANGLED, FROM_ANOTHER_NETWORK
from labs.subjects.push import lab_repository, policy_age, push_client, push_role
from labs.subjects.push.policy_review import DOCUMENTED, MISSING

Body = dict[str, Any]
Change = Callable[[Bench, Body], object]


def _body(bench: Bench) -> Body:
    body: Body = json.loads(stage("push-denied").policy("push-policy", **bench.names()))
    return body


def pushed_under(change: Change) -> Callable[[Bench], None]:
    """The whole stage under the documented policy with one change."""

    def do(bench: Bench) -> None:
        body = _body(bench)
        change(bench, body)
        set_up(bench, json.dumps(body, indent=2))
        _push(bench)

    return do


def _push(bench: Bench) -> None:
    """The shell cells: each goes on, whatever the one before it said."""
    try:
        push_client.login(bench)
    except ClientError:
        # The cell's command ends with AWS's sentence; the trainee runs the next cell all the same.
        docker(bench, "logout", bench.target.registry)
    push_client.push_one(bench)
    push_client.push_both(bench)


def _actions(*actions: str) -> Change:
    return lambda _, body: body["Statement"][0].update(Action=list(actions))


def _resource(index: int, text: Callable[[Bench], str]) -> Change:
    return lambda bench, body: body["Statement"][index].update(Resource=text(bench))


def _deny(_: Bench, body: Body) -> None:
    body["Statement"].append({"Sid": "Freeze", "Effect": "Deny", "Action": "ecr:PutImage", "Resource": "*"})


def _all_but_the_seventh(_: Bench, body: Body) -> None:
    deny = {"Sid": "NotYet", "Effect": "Deny", "Action": MISSING, "Resource": "*"}
    body["Statement"] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}, deny]


def _add(**statement: object) -> Change:
    return lambda _, body: body["Statement"].append({"Effect": "Allow", "Resource": "*", **statement})


def _written_otherwise(_: Bench, body: Body) -> None:
    """Two statements, another order, another case, lists, Sids, and a condition that holds."""
    push, token = body["Statement"]
    push["Condition"] = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    first = {**push, "Sid": "Layers", "Action": [each.lower() for each in DOCUMENTED[:3]]}
    second = {**push, "Sid": "Manifests", "Action": [*DOCUMENTED[:2:-1]], "Resource": [push["Resource"]]}
    body["Statement"] = [{**token, "Action": [token["Action"]]}, second, first]


def _five_for_the_second_push(bench: Bench) -> None:
    """One platform under the six actions; before the second push somebody dropped one of them."""
    set_up(bench, json.dumps(_body(bench)))
    push_client.login(bench)
    push_client.push_one(bench)
    body = _body(bench)
    body["Statement"][0]["Action"].remove("ecr:PutImage")
    push_role.put(bench, json.dumps(body))
    push_client.push_both(bench)


def _nothing(bench: Bench) -> None:
    """The notebook was opened, nothing was run."""


def _repository_only(bench: Bench) -> None:
    lab_repository.create(bench)


def _empty(bench: Bench) -> None:
    lab_repository.create(bench)
    bench.policy_file.write_text('{"Version": "2012-10-17", "Statement": []}\n')


def _comma(bench: Bench) -> None:
    lab_repository.create(bench)
    text = json.dumps(_body(bench), indent=2).replace('"Allow",', '"Allow"', 1)
    bench.policy_file.write_text(text)


def _not_pushed(bench: Bench) -> None:
    set_up(bench, json.dumps(_body(bench)))


def _without_tee(bench: Bench) -> None:
    solve(bench)
    bench.push_log.unlink()


def _words(bench: Bench) -> str:
    name = bench.repository_name
    return (
        "#4 [linux/amd64 1/3] FROM python\n#5 [linux/arm64 1/3] FROM python\n"
        f"ERROR: failed to solve: failed to push {bench.repository}:both: unexpected status from HEAD request to "
        f"http://{bench.target.registry}/v2/{name}/blobs/sha256:{'0' * 64}: 403 Forbidden\n"
    )


def _borrowed_words(bench: Bench) -> None:
    """Somebody else's log under the right name."""
    set_up(bench, json.dumps(_body(bench)))
    bench.push_log.write_text(_words(bench))


def _borrowed_words_five(bench: Bench) -> None:
    body = _body(bench)
    body["Statement"][0]["Action"].remove("ecr:BatchGetImage")
    set_up(bench, json.dumps(body))
    bench.push_log.write_text(_words(bench))


def _words_on_aws(bench: Bench) -> Bench:
    """Real AWS, where the trail has no event for a HEAD of a layer: the words and the policy are the evidence."""
    _borrowed_words(bench)
    return replace(bench, target=replace(bench.target, name=TargetName.AWS))


def _put_later(bench: Bench, body: Body) -> None:
    """Another policy on the role, in a later second."""
    policy_age.until_next_second()
    set_up(bench, json.dumps(body, indent=2))


def _five_then_six(bench: Bench) -> None:
    """Refused under five actions, then mended to six, and not pushed again."""
    pushed_under(_actions(*(each for each in DOCUMENTED if each != "ecr:BatchGetImage")))(bench)
    set_up(bench, json.dumps(_body(bench)))


def _mended(change: Change) -> Callable[[Bench], None]:
    """Pushed under a policy with a mistake; the policy is right by now, and nothing was pushed since."""

    def do(bench: Bench) -> None:
        pushed_under(change)(bench)
        _put_later(bench, _body(bench))

    return do


def _changed_after_the_refusal(bench: Bench) -> None:
    """The refusal is the intended one; then a statement was added."""
    solve(bench)
    body = _body(bench)
    body["Statement"].append({"Effect": "Allow", "Action": "ecr:DescribeImages", "Resource": bench.repository_arn})
    _put_later(bench, body)


def _elsewhere(bench: Bench) -> None:
    """Pushed to a registry that takes everything: the client's own words say so."""
    set_up(bench, json.dumps(_body(bench)))
    image = f"127.0.0.1:1/{bench.repository_name}:{BOTH}"
    bench.push_log.write_text(
        f"#9 pushing layers 0.4s done\n#9 pushing manifest for {image}@sha256:{'0' * 64} 0.1s done\n"
    )


def _one_platform(bench: Bench) -> None:
    """The tag for both, built for one: its layers are in use, too, so the push is refused as it should be."""
    set_up(bench, json.dumps(_body(bench)))
    push_client.login(bench)
    push_client.push_one(bench)
    push_client.push_both(bench, "linux/amd64")


def _docker_push(bench: Bench) -> None:
    """The tag one pushed twice, with the log's name: nothing of it says what was built."""
    set_up(bench, json.dumps(_body(bench)))
    push_client.login(bench)
    push_client.push_one(bench)
    docker(bench, "push", f"{bench.repository}:{ONE}", log=bench.push_log)


def _both_at_once(bench: Bench) -> None:
    """Both platforms in one docker push, into an empty repository: no layer is in use yet.

    Not with --push: buildx's docker driver pushes twice, and the second push meets the layers of the first.
    """
    set_up(bench, json.dumps(_body(bench)))
    push_client.login(bench)
    name = f"{bench.repository}:{BOTH}"
    must(build(bench, "--provenance=false", "-t", name, "--load", platforms=PLATFORMS), "The build")
    must(docker(bench, "push", name, log=bench.push_log), "The push")


def _as_administrator(bench: Bench) -> None:
    set_up(bench, json.dumps(_body(bench)))
    push_client.login(bench, bench.target.session)
    push_client.push_one(bench)
    push_client.push_both(bench)


def _as_another_role(bench: Bench) -> None:
    """Docker is logged in as a role that is not the push role."""
    set_up(bench, json.dumps(_body(bench)))
    other = f"{bench.target.prefix}-other"
    iam = bench.client("iam")
    trust = iam.get_role(RoleName=bench.push_role)["Role"]["AssumeRolePolicyDocument"]
    iam.create_role(RoleName=other, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=other, PolicyName="push", PolicyDocument=json.dumps(_body(bench)))
    try:
        push_client.login(bench, bench.target.assume(other))
        push_client.push_one(bench)
        push_client.push_both(bench)
    finally:
        iam.delete_role_policy(RoleName=other, PolicyName="push")
        iam.delete_role(RoleName=other)


def _to(repository: Callable[[Bench], str], *, make: bool = False) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        set_up(bench, json.dumps(_body(bench)))
        name = repository(bench)
        if make:
            bench.client("ecr").create_repository(repositoryName=name)
        try:
            push_client.login(bench)
            push_client.push_both(bench, repository=f"{bench.target.registry}/{name}")
        finally:
            if make:
                bench.client("ecr").delete_repository(repositoryName=name, force=True)

    return do


def _not_logged_in(bench: Bench) -> None:
    set_up(bench, json.dumps(_body(bench)))
    docker(bench, "logout", bench.target.registry)
    push_client.push_both(bench)


def _said(line: Callable[[Bench], str]) -> Callable[[Bench], None]:
    """A failure that cannot be had in seconds: the client's own line in the log."""

    def do(bench: Bench) -> None:
        set_up(bench, json.dumps(_body(bench)))
        bench.push_log.write_text(line(bench))

    return do


def _expired(_: Bench) -> str:
    return "denied: Your authorization token has expired. Reauthenticate and try again.\n"


def _gone(bench: Bench) -> str:
    url = f"http://{bench.target.registry}/v2/"
    return f'ERROR: failed to do request: Head "{url}": dial tcp {bench.target.registry}: connect: connection refused\n'


def _missing_repository(bench: Bench) -> str:
    registry = f"the registry with id '{bench.target.account}'"
    return f"name unknown: The repository with name '{bench.repository_name}s' does not exist in {registry}\n"


def _missing_file(bench: Bench) -> None:
    """The Dockerfile copies a file that is not there."""
    set_up(bench, json.dumps(_body(bench)))
    push_client.login(bench)
    dockerfile = bench.app / "Dockerfile"
    text, status = dockerfile.read_text(), dockerfile.stat()
    dockerfile.write_text(text + "COPY missing.txt ./\n")
    try:
        push_client.push_both(bench)
    finally:
        dockerfile.write_text(text)
        # As it was, with its times: stage 01's archive is not older than it.
        os.utime(dockerfile, ns=(status.st_atime_ns, status.st_mtime_ns))


WRONG = (
    Wrong("nothing was run", "push.denied.no_repository", _nothing),
    Wrong("no role", "push.denied.no_role", _repository_only),
    Wrong("an empty policy", "push.denied.policy_empty", _empty),
    Wrong("a comma is missing", "push.denied.malformed", _comma),
    Wrong("nothing was pushed", "push.denied.not_pushed", _not_pushed),
    Wrong("the client's output was not kept", "push.denied.no_words", _without_tee),
    Wrong("a log that is not from this push", "push.denied.no_trail", _borrowed_words),
    Wrong("a log that fits two reasons", "push.denied.several_fit", _borrowed_words_five),
    Wrong("only words, on real AWS", "push.denied.pass_words", _words_on_aws),
    Wrong("refused under five actions, then mended", "push.denied.older_refusal", _five_then_six),
    Wrong("a Deny, taken out after the push", "push.denied.older_refusal", _mended(_deny)),
    Wrong(
        "the token, allowed after the login",
        "push.denied.older_refusal",
        _mended(lambda _, body: body["Statement"].pop(1)),
    ),
    Wrong("the policy was changed after the refusal", "push.denied.older_refusal", _changed_after_the_refusal),
    Wrong("pushed under seven actions, then six", "push.denied.older_push", _mended(_actions(*DOCUMENTED, MISSING))),
    Wrong("a push to a registry that takes everything", "push.denied.pushed_elsewhere", _elsewhere),
    Wrong("one platform under the tag for both", "push.denied.one_platform", _one_platform),
    Wrong("the tag one pushed twice", "push.denied.one_platform", _docker_push),
    Wrong("seven actions", "push.denied.it_worked", pushed_under(_actions(*DOCUMENTED, MISSING))),
    Wrong("every action of ECR", "push.denied.it_worked", pushed_under(_actions("ecr:*"))),
    Wrong("everything, and a Deny of the seventh", "push.denied.explicit_deny", pushed_under(_all_but_the_seventh)),
    Wrong("the six actions everywhere", "push.denied.policy_wide", pushed_under(_resource(0, lambda _: "*"))),
    Wrong(
        "everything from another network",
        "push.denied.policy_wide",
        pushed_under(_add(Action="*", Condition=FROM_ANOTHER_NETWORK)),
    ),
    Wrong("six actions, and all of DynamoDB", "push.denied.policy_wide", pushed_under(_add(Action="dynamodb:*"))),
    Wrong("five actions for the second push", "push.denied.policy_lacks", _five_for_the_second_push),
    Wrong(
        "tags compared with each other, of which nobody can tell",
        "push.denied.cannot_tell",
        pushed_under(_add(Action="s3:*", Condition=ENTANGLED)),
    ),
    # Written otherwise, and right.
    Wrong("the six actions in two statements", "push.denied.pass", pushed_under(_written_otherwise)),
    Wrong("both platforms first", "push.denied.it_worked_new_layers", _both_at_once),
    Wrong("logged in as the administrator", "push.denied.pushed_by_other", _as_administrator),
    Wrong("logged in as another role", "push.denied.other_principal", _as_another_role),
    Wrong(
        "five actions",
        "push.denied.five_actions",
        pushed_under(_actions(*(each for each in DOCUMENTED if each != "ecr:BatchGetImage"))),
    ),
    Wrong(
        "a typo in an action",
        "push.denied.other_action",
        pushed_under(_actions(*(each.replace("Complete", "Complet") for each in DOCUMENTED))),
    ),
    Wrong(
        "another account's ARN",
        "push.denied.other_action",
        pushed_under(
            _resource(0, lambda bench: bench.repository_arn.replace(bench.target.account, "444455556666")),
        ),
    ),
    Wrong("a Deny left in", "push.denied.other_action", pushed_under(_deny)),
    Wrong(
        "the token limited to a repository",
        "push.denied.token",
        pushed_under(_resource(1, lambda bench: bench.repository_arn)),
    ),
    Wrong("no token at all", "push.denied.token", pushed_under(lambda _, body: body["Statement"].pop(1))),
    Wrong(
        "another repository",
        "push.denied.other_repository",
        _to(lambda bench: f"{bench.target.prefix}/other", make=True),
    ),
    Wrong("not logged in", "push.denied.not_logged_in", _not_logged_in),
    Wrong("a login of yesterday", "push.denied.expired", _said(_expired)),
    Wrong("a repository that does not exist", "push.denied.other_name", _said(_missing_repository)),
    Wrong("a registry that went away", "push.denied.registry_gone", _said(_gone)),
    Wrong("a Dockerfile that does not build", "push.denied.other_failure", _missing_file),
)
