"""Other right answers to stage 03: narrower, or written otherwise. Each is really handed in, and pushed under."""

import json
from collections.abc import Callable

from labs.lesson.bench import BOTH, Bench
from labs.lesson.shell import must
from labs.lesson.stage import Right, stage
from labs.stages.push_fixed.solve import log_of, put
from labs.subjects.policies.conditions import SINCE_2020
from labs.subjects.policies.rewritten import REWRITTEN, Body, Change
from labs.subjects.push import lab_repository, push_client


def _under(change: Change) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        body: Body = json.loads(stage("push-fixed").policy("push-policy", **bench.names()))
        put(bench, json.dumps(change(body), indent=2))
        _push(bench)

    return do


def _push(bench: Bench) -> None:
    must(push_client.login(bench), "The login")
    lab_repository.untag(bench, BOTH)
    must(push_client.push_both(bench, log=log_of(bench)), "The push")


def _only_if(**condition: object) -> Change:
    return lambda body: {**body, "Statement": [{**each, "Condition": condition} for each in body["Statement"]]}


def _escaped(bench: Bench) -> None:
    """One line of JSON, with a star and a colon that JSON may write otherwise."""
    text = stage("push-fixed").policy("push-policy", **bench.names())
    line = json.dumps(json.loads(text), separators=(",", ":"))
    put(bench, line.replace("ecr:", "ecr\\u003a").replace("*", "\\u002a"))
    _push(bench)


def _bounded(bench: Bench) -> None:
    """A boundary that takes nothing away from the push."""
    _under(lambda body: body)(bench)
    boundary = f"arn:{bench.partition}:iam::aws:policy/AdministratorAccess"
    bench.client("iam").put_role_permissions_boundary(RoleName=bench.push_role, PermissionsBoundary=boundary)
    _push(bench)


RIGHT = (
    *(Right(how, _under(change)) for how, change in REWRITTEN),
    Right("from this machine only", _under(_only_if(IpAddress={"aws:SourceIp": "127.0.0.0/8"}))),
    Right(
        "from this machine only, and since 2020",
        _under(_only_if(IpAddress={"aws:SourceIp": "127.0.0.1"}, **SINCE_2020)),
    ),
    Right("in one line, with escapes", _escaped),
    Right("under a boundary that allows everything", _bounded),
)
