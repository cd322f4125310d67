"""Requests and policies drawn from a seed, put to ``labs.iam`` and to ministack's evaluator (MIT, test-only) alike."""

import json
import random
from dataclasses import dataclass, field
from functools import cached_property

from ministack.core import iam_evaluator as ministack

from labs.iam import Policies, PolicyKind, Principal, PrincipalKind, Request, evaluate, parse_policy
from labs.iam.conditions import OPERATORS

ACCOUNT, OTHER = "111122223333", "444455556666"
USER = Principal(f"arn:aws:iam::{ACCOUNT}:user/ana", ACCOUNT, PrincipalKind.USER)
SESSION = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/push/lab", ACCOUNT, PrincipalKind.ROLE_SESSION)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/push"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/"


@dataclass(frozen=True)
class Case:
    """One question. Policies are documents; ``resource`` is the resource's own policy, in the caller's account."""

    principal: Principal = USER
    action: str = "ecr:PutImage"
    on: str = REPOSITORY + "app"
    context: dict = field(default_factory=dict)
    identity: tuple = ()
    boundary: dict | None = None
    session: dict | None = None
    resource: dict | None = None

    @property
    def documents(self):
        return [d for d in (*self.identity, self.boundary, self.session, self.resource) if d is not None]

    @cached_property
    def statements(self):
        return [statement for document in self.documents for statement in document["Statement"]]

    @property
    def conditions(self):
        """(operator, key, values, what the request has) of every condition."""
        for statement in self.statements:
            for operator, keys in statement.get("Condition", {}).items():
                for key, value in keys.items():
                    yield operator, key, value if isinstance(value, list) else [value], self.context.get(key)

    def __str__(self):
        parts = (self.principal.arn, self.action, self.on, self.context, self.documents)
        return "\n".join(json.dumps(part) for part in parts)


def ours(case):
    """ "Allow", "Deny" (explicit) or "ImplicitDeny"."""

    def read(document, kind):
        return None if document is None else parse_policy(document, kind)

    policies = Policies(
        identity=[read(document, PolicyKind.IDENTITY) for document in case.identity],
        resource=read(case.resource, PolicyKind.RESOURCE),
        boundary=read(case.boundary, PolicyKind.BOUNDARY),
        session=() if case.session is None else (read(case.session, PolicyKind.SESSION),),
    )
    decision = evaluate(Request(case.principal, case.action, case.on, case.context), policies)
    return {"allowed": "Allow", "explicitDeny": "Deny", "implicitDeny": "ImplicitDeny"}[decision.kind.value]


_USER, _SESSION = {"aws:username": "ana"}, {}


def their_request(case):
    """A case's request as ministack's own gateway puts it to its evaluator."""
    user = case.principal.kind is PrincipalKind.USER
    return ministack.EvalContext(
        case.principal.arn,
        "User" if user else "AssumedRole",
        ACCOUNT,
        case.action,
        case.on,
        "us-east-1",
        source_ip=case.context.get("aws:SourceIp"),
        service_context={"aws:tagkeys": None, **{key.lower(): value for key, value in case.context.items()}},
        principal_keys=_USER if user else _SESSION,
    )


def theirs(case):
    """The same by ministack."""
    context = their_request(case)
    read = ministack.parse_policy_document
    limits = [[read(document)] for document in (case.boundary, case.session) if document is not None]
    result = ministack.evaluate(context, [read(document) for document in case.identity], *limits)
    if case.resource is not None:
        result = ministack.combine_resource_policy(result, context, case.resource, ACCOUNT, limits=limits)
    return result.decision


# For each family of operators: a key, values for policies, values for requests. The odd ones among them are few.
FAMILIES = {
    "String": (
        "aws:RequestTag/team",
        ["blue", "Blue", "b*", "bl?e", "", "red", "${aws:username}", "${*}", "b[l]ue", "blue.", "^blue$"],
        ["blue", "BLUE", "red", "", "b*", "ana", "*", "blue\n", "blue."],
    ),
    "Numeric": ("s3:max-keys", ["10", "10.0", "-1", "9", "ten"], ["10", "9", "11", "0", "-1", "ten"]),
    "Date": (
        "aws:TokenIssueTime",
        ["2026-01-01T00:00:00Z", "2026-01-01", "1767225600", "2026-01-01T09:00:00+09:00", "2026"],
        ["2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-06-01T00:00:00Z", "1767225600", "soon"],
    ),
    "Bool": ("aws:MultiFactorAuthPresent", ["true", "false", "True", "yes"], ["true", "false", "yes"]),
    "Binary": ("aws:Binary", ["QmluYXJ5", "QUJD", "QmluYXJ6"], ["QmluYXJ5", "QUJD", "not base64!"]),
    "Ip": (
        "aws:SourceIp",
        ["192.0.2.0/24", "192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0", "nowhere"],
        ["192.0.2.7", "198.51.100.1", "2001:db8::1", "10.1.2.3", "nowhere"],
    ),
    "Arn": (
        "aws:SourceArn",
        ["arn:aws:s3:::app", "arn:aws:s3:::*", "arn:aws:*:::app", "arn:aws:s3*", "arn:aws:ecs:*:1:task/*"],
        ["arn:aws:s3:::app", "arn:aws:s3:::other", "arn:aws:ecs:eu-west-1:1:task/c/t", "arn:aws:s3:r:1:app"],
    ),
}
ACTIONS = ["ecr:PutImage", "ecr:BatchGetImage", "s3:GetObject"]
ACTION_PATTERNS = ["*", "ecr:*", "ecr:PutImage", "ECR:putimage", "ecr:Batch*", "ecr:P?tImage", "s3:Get*", "*:*Image"]
RESOURCES = [REPOSITORY + "app", REPOSITORY + "other", "*"]
RESOURCE_PATTERNS = ["*", REPOSITORY + "*", REPOSITORY + "app", REPOSITORY + "a?p", REPOSITORY + "APP",
                     "arn:aws:ecr:*:*:repository/app", "arn:aws:ecr:*", REPOSITORY + "${aws:username}"]  # fmt: skip
PRINCIPALS = ["*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": USER.arn},
              {"AWS": SESSION.arn}, {"AWS": ROLE_ARN}, {"AWS": OTHER}, {"Service": "ecs.amazonaws.com"}]  # fmt: skip


def family_of(operator):
    """The family that an operator's name belongs to; "" for Null, which looks at no value."""
    base = operator.split(":")[-1].removeprefix("Not")
    return next((name for name in FAMILIES if base.startswith(name)), "")


class Draw:
    """Cases from a seed."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def case(self):
        one, chance = self._random.choice, self._random.random
        return Case(
            principal=one([USER, SESSION]),
            action=one(ACTIONS),
            on=one(RESOURCES),
            context=self._context(),
            identity=tuple(self._document() for _ in range(one([0, 1, 1, 2]))),
            boundary=self._document(loose=True) if chance() < 0.25 else None,
            session=self._document(loose=True) if chance() < 0.2 else None,
            resource=self._document(principals=True) if chance() < 0.3 else None,
        )

    def _context(self):
        context = {}
        for key, _, values in FAMILIES.values():
            # Plain values stand first and come oftener.
            drawn = [values[min(self._random.randrange(len(values)), self._random.randrange(len(values)))]]
            if self._random.random() < 0.75:
                several = self._random.random() < 0.1 and not key.startswith("aws:RequestTag/")
                context[key] = [*drawn, self._random.choice(values)] if several else drawn[0]
        if self._random.random() < 0.3:
            context["aws:TagKeys"] = self._random.sample(["team", "stage", "owner"], self._random.randrange(3))
        return context

    def _document(self, principals=False, loose=False):
        count = self._random.choice([1, 1, 2, 3])
        statements = [self._statement(principals) for _ in range(count)]
        if loose and self._random.random() < 0.6:
            statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
        return {"Version": "2012-10-17", "Statement": statements}

    def _statement(self, principals):
        one, chance = self._random.choice, self._random.random
        statement = {
            "Effect": "Allow" if chance() < 0.75 else "Deny",
            one(["Action", "Action", "NotAction"]): self._some(ACTION_PATTERNS),
            one(["Resource", "Resource", "NotResource"]): self._some(RESOURCE_PATTERNS),
        }
        if principals:
            statement["NotPrincipal" if chance() < 0.08 else "Principal"] = one(PRINCIPALS)
        if chance() < 0.5:
            statement["Condition"] = self._condition()
        return statement

    def _some(self, patterns):
        drawn = [patterns[min(self._random.randrange(len(patterns)), self._random.randrange(len(patterns)))]]
        return drawn[0] if self._random.random() < 0.7 else [*drawn, self._random.choice(patterns)]

    def _condition(self):
        condition = {}
        for _ in range(self._random.choice([1, 1, 2])):
            operator = self._random.choice(sorted(OPERATORS))
            family = family_of(operator)
            key, values, _ = FAMILIES[family] if family else FAMILIES[self._random.choice(list(FAMILIES))]
            if not family:
                condition["Null"] = {key: self._random.choice(["true", "false", ["true", "false"]])}
                continue
            quantifier = self._random.choice(["", "", "", "ForAllValues:", "ForAnyValue:"])
            if quantifier and family == "String" and self._random.random() < 0.5:
                key, values = "aws:TagKeys", ["team", "st*", "owner"]
            wanted = self._some(values)
            name = quantifier + operator + self._random.choice(["", "", "IfExists"])
            condition[name] = {key: wanted}
        return condition
