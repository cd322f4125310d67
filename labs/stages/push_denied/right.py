"""Other right answers to stage 02: the documented six, written otherwise. The push is refused under each."""

import json
from collections.abc import Callable

from labs.lesson.bench import Bench
from labs.lesson.shell import must
from labs.lesson.stage import Right, stage
from labs.stages.push_denied.solve import set_up
from labs.subjects.policies.rewritten import REWRITTEN, Body, Change
from labs.subjects.push import push_client


def _under(change: Change) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        body: Body = json.loads(stage("push-denied").policy("push-policy", **bench.names()))
        set_up(bench, json.dumps(change(body), indent=2))
        must(push_client.log_in_again(bench), "The login")
        push_client.push_both(bench)

    return do


RIGHT = tuple(Right(how, _under(change)) for how, change in REWRITTEN)
