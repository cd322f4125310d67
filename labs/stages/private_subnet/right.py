"""Other right answers to stage 04: the gateway endpoint's policy, narrower or written otherwise, on the way of now."""

import json
from collections.abc import Callable

from labs.lesson.bench import Bench
from labs.lesson.stage import Right
from labs.stages.private_subnet.solve import policy, the
from labs.subjects.policies.rewritten import REWRITTEN, Body, Change


def _under(change: Callable[[Bench, Body], Body]) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        endpoint = the(bench).endpoint("s3", "Gateway")
        assert endpoint is not None, "the solution has made it"
        document = json.dumps(change(bench, json.loads(policy(bench))))
        bench.client("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=document)

    return do


def _plain(change: Change) -> Callable[[Bench], None]:
    return _under(lambda _, body: change(body))


def _each(bench: Bench, body: Body, **changes: object) -> Body:
    return {**body, "Statement": [{**each, **changes} for each in body["Statement"]]}


RIGHT = (
    *(Right(how, _plain(change)) for how, change in REWRITTEN),
    Right("everybody as AWS", _under(lambda bench, body: _each(bench, body, Principal={"AWS": "*"}))),
    Right(
        "from this VPC only",
        _under(
            lambda bench, body: _each(bench, body, Condition={"StringEquals": {"aws:SourceVpc": the(bench).id}}),
        ),
    ),
)
