"""The analysis beside iamprover (Apache-2.0, on z3): may anything of this kind ever be allowed?

iamprover asks whether one principal can do an action that fits a pattern on a resource that fits one. What both can
express is asked of both: Action, NotAction, Resource, NotResource, boundaries, and conditions with StringEquals,
StringLike, their Not forms, Bool and IpAddress. Not compared, because it treats them as always true (Allow) or never
(Deny): every other operator, IfExists, and policy variables. It knows no key that is absent, so nothing is asked that
every value fulfils and only an absent key does not.
"""

import random
from dataclasses import dataclass
from typing import Any

from iamprover.engine.solver import check_invariant
from iamprover.invariants import Invariant
from iamprover.model import Account
from iamprover.model import Policy as TheirPolicy
from iamprover.model import Principal as TheirPrincipal
from iamprover.parsers.iam import parse_statement

from labs import iam

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/push"
BASE = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/"
ACTIONS = ["ecr:PutImage", "ecr:putimage", "ecr:Batch*", "ecr:*", "ecr:P?tImage", "*"]
RESOURCES = [BASE + name for name in ("app", "a*", "*p", "a?p", "*", "app/*", "b")] + ["*", "arn:aws:ecr:*"]
ASKED_ACTIONS = ["ecr:PutImage", "ecr:BatchGetImage"]
ASKED_RESOURCES = [BASE + name for name in ("app", "a*", "b", "app/x", "*")]
QUESTIONS = 80


@dataclass(frozen=True)
class Question:
    """Identity policies, perhaps a boundary, and what is asked of them."""

    policies: list[dict[str, Any]]
    boundary: dict[str, Any] | None
    action: str
    resource: str


class Draw:
    """Questions from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def question(self) -> Question:
        one, chance = self._random.choice, self._random.random
        boundary = self._document(2) if chance() < 0.25 else None
        policies = [self._document(3) for _ in range(one([1, 1, 2]))]
        return Question(policies, boundary, one(ASKED_ACTIONS), one(ASKED_RESOURCES))

    def _document(self, most: int) -> dict[str, Any]:
        count = self._random.randint(1, most)
        return {"Version": "2012-10-17", "Statement": [self._statement() for _ in range(count)]}

    def _some(self, values: list[str], most: int = 2) -> list[str]:
        return self._random.sample(values, self._random.randint(1, most))

    def _statement(self) -> dict[str, Any]:
        chance = self._random.random
        made: dict[str, Any] = {
            "Effect": "Deny" if chance() < 0.35 else "Allow",
            "NotAction" if chance() < 0.2 else "Action": self._some(ACTIONS),
            "NotResource" if chance() < 0.2 else "Resource": self._some(RESOURCES, 3),
        }
        if chance() < 0.5:
            made["Condition"] = self._condition()
        return made

    def _condition(self) -> dict[str, Any]:
        one = self._random.choice
        kind = one(["text", "text", "bool", "address"])
        if kind == "text":
            operator = one(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"])
            return {operator: {"aws:RequestTag/team": self._some(["blue", "b*", "red", "?e*"])}}
        if kind == "bool":
            return {"Bool": {"aws:SecureTransport": one(["true", "false"])}}
        ranges = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32"]
        return {one(["IpAddress", "NotIpAddress"]): {"aws:SourceIp": self._some(ranges)}}


def ours(asked: Question) -> bool:
    """Whether anything of this kind may be allowed: what is left in a session that is limited to it."""
    only = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": asked.action, "Resource": asked.resource}],
    }
    policies = iam.Policies(
        identity=tuple(iam.parse_policy(each, name="identity") for each in asked.policies),
        boundary=iam.parse_policy(asked.boundary, iam.PolicyKind.BOUNDARY, "boundary") if asked.boundary else None,
        session=(iam.parse_policy(only, iam.PolicyKind.SESSION, "asked"),),
    )
    found = iam.analyse(policies, iam.Scene(account=ACCOUNT))
    assert all(each.certain for each in found), found
    return bool(found)


def theirs(asked: Question) -> bool:
    """The same from iamprover."""
    policies = [_policy(each) for each in asked.policies]
    boundary = _policy(asked.boundary) if asked.boundary else None
    principal = TheirPrincipal(ROLE, policies, permission_boundary=boundary)
    invariant = Invariant("asked", "", actions=[asked.action], resources=[asked.resource])
    return not check_invariant(Account([principal]), invariant).passed


def _policy(document: dict[str, Any]) -> TheirPolicy:
    return TheirPolicy("policy", [parse_statement(each) for each in document["Statement"]])


def test_both_say_the_same_of_every_question() -> None:
    draw = Draw(2026)
    asked = [draw.question() for _ in range(QUESTIONS)]
    answers = [(ours(each), theirs(each)) for each in asked]
    differ = [(each, answer) for each, answer in zip(asked, answers, strict=True) if answer[0] is not answer[1]]
    assert differ == []
    # The questions are worth asking: both answers come often.
    assert min(answers.count((True, True)), answers.count((False, False))) > len(answers) // 10
