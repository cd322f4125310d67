"""How long the analysis of a policy at AWS's size limit takes: milliseconds of the thread's own time.

Four ways to fill 6,144 characters (a managed policy) and 10,240 (a role's inline policies): actions one by one,
resources one by one, statements with conditions, and everything with denies that take it off again. Each is compared
with the push policy of the course (``excess`` and ``lacking``).
"""

import itertools
import json
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

from labs.iam import Policies, Scene, Wanted, excess, lacking, parse_policy
from labs.iam.analysis import catalogue
from tests.push_actions import SEVEN

ACCOUNT = "111122223333"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"
WANTED = (Wanted(SEVEN, REPOSITORY), Wanted("ecr:GetAuthorizationToken"))
ADDRESSES = "10.0.0.0/8"
SIZES = (6_144, 10_240)
ROUNDS = 9
SERVICES = ("s3", "ec2", "ecs", "dynamodb", "lambda", "sqs", "sns", "kms", "logs", "ssm", "rds", "glue", "iam")


def _allow(actions: Any, resources: Any, condition: Any = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def _fill(size: int, base: list[dict[str, Any]], more: Iterator[dict[str, Any]]) -> str:
    """The longest document within a size whose statements are the base and some more."""
    statements = list(base)
    text = ""
    for statement in more:
        longer = json.dumps({"Version": "2012-10-17", "Statement": [*statements, statement]}, separators=(",", ":"))
        if len(longer) > size:
            return text
        text = longer
        statements.append(statement)
    return text


def documents(size: int) -> dict[str, str]:
    """Policies of a size, by what fills them."""
    base = [_allow(SEVEN, REPOSITORY), _allow("ecr:GetAuthorizationToken", "*")]
    known = (f"{name}:{action}" for name in SERVICES for action in catalogue.services()[name].actions.values())
    actions = (_allow(list(some), "*") for some in zip(*[known] * 12, strict=False))
    number = itertools.count()
    repository = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/"
    resources = (
        _allow(["ecr:PutImage", "ecr:Batch*"], [f"{repository}team-{next(number)}/*/app-?", f"{repository}*-{one}"])
        for one in itertools.count()
    )
    conditions = (
        _allow(
            f"{SERVICES[one % 13]}:Get*",
            f"arn:aws:s3:::bucket-{one}/*",
            {
                "StringEquals": {f"aws:PrincipalTag/t{one % 5}": [f"v{one}", "x"]},
                "IpAddress": {"aws:SourceIp": ADDRESSES},
            },
        )
        for one in itertools.count()
    )
    denies = (
        {
            "Effect": "Deny",
            "NotAction": [*SEVEN, "ecr:GetAuthorizationToken"],
            "NotResource": f"arn:aws:s3:::bucket-{one}/*",
            "Condition": {"StringNotLike": {f"aws:PrincipalTag/t{one % 5}": f"v{one}*"}},
        }
        for one in itertools.count()
    )
    return {
        "actions": _fill(size, base, actions),
        "resources": _fill(size, base, resources),
        "conditions": _fill(size, base, conditions),
        "denies": _fill(size, [_allow("*", "*")], denies),
    }


def entangled() -> dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Policies that no one decides quickly: (the statements, what is wanted), by their kind."""
    draw = random.Random(1)
    one, other = (
        ["arn:aws:s3:::b/*" + "".join(f"{draw.choice('ab')}{draw.choice('ab')}*" for _ in range(5)) for _ in range(12)]
        for _ in range(2)
    )
    get = {"Effect": "Allow", "Action": "s3:GetObject"}
    but = {"Effect": "Deny", "Action": "*", "NotResource": other}
    return {
        "12 resources less 12": ([{**get, "Resource": one}, but], [{**get, "Resource": one[1:]}]),
        "12 statements less 12": ([{**get, "Resource": each} for each in one], [{**get, "NotResource": other}]),
        "all but 12, 12 times": (
            [{**get, "NotResource": each} for each in one],
            [{**get, "NotResource": [each]} for each in other],
        ),
    }


def seconds() -> dict[str, float]:
    """Kind of entangled policy -> seconds of comparing it, the slower direction."""
    found = {}
    for name, pair in entangled().items():
        policies, wanted = (
            Policies(identity=(parse_policy({"Version": "2012-10-17", "Statement": each}),)) for each in pair
        )
        times = []
        for compare in (excess, lacking):
            began = time.thread_time()
            compare(policies, wanted, Scene(account=ACCOUNT))
            times.append(time.thread_time() - began)
        found[name] = max(times)
    return found


def milliseconds() -> dict[tuple[str, int], float]:
    """(what fills the policy, its size) -> milliseconds of reading and comparing it, the median of nine."""
    found = {}
    for size in SIZES:
        for name, text in documents(size).items():
            times = []
            for _ in range(ROUNDS):
                began = time.thread_time()
                policies = Policies(identity=(parse_policy(text, name=name),))
                scene = Scene(account=ACCOUNT)
                excess(policies, WANTED, scene)
                lacking(policies, WANTED, scene)
                times.append(time.thread_time() - began)
            found[name, size] = statistics.median(times) * 1000
    return found
