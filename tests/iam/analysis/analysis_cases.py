"""Pairs of policies from a seed, and requests such as AWS could send: what the analysis is compared on."""

import random

from labs.iam import Policies, PolicyKind, Request, parse_policy
from tests.iam.differential import ACTIONS, FAMILIES, REPOSITORY, SESSION, USER, Draw

# What a request can really have: one value of the key's type, several only where the key has several.
VALUES = {
    "aws:RequestTag/team": ["blue", "Blue", "red", "", "b*", "ana", "*", "bl?e", "blue.", "bade", "rose"],
    "s3:max-keys": ["10", "9", "11", "0", "-1", "1000"],
    "aws:TokenIssueTime": ["2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-06-01T00:00:00Z", "2030-01-01"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
    "aws:Binary": ["QmluYXJ5", "QUJD", "QmluYXJ6", "eHg="],
    "aws:SourceIp": ["192.0.2.7", "192.0.2.8", "198.51.100.1", "2001:db8::1", "2001:dead::1", "10.1.2.3"],
    "aws:SourceArn": FAMILIES["Arn"][2] + ["arn:aws:ecs:r:1:task/x", "arn:aws:s3:::"],
}
ON = [
    *(REPOSITORY + name for name in ("app", "other", "axp", "aap", "ana", "APP", "", "app/x", "x")),
    "*",
    "arn:aws:ecr:eu-west-3:444455556666:repository/app",
    "arn:aws:s3:::bucket/key",
    "arn:aws:ecr:x",
]


def read(document, kind=PolicyKind.IDENTITY):
    return None if document is None else parse_policy(document, kind, kind.value)


def policies_of(case):
    """The policies of a case of the differential test; a resource's own policy stays out."""
    return Policies(
        identity=[read(document) for document in case.identity],
        boundary=read(case.boundary, PolicyKind.BOUNDARY),
        session=() if case.session is None else (read(case.session, PolicyKind.SESSION),),
    )


def request(seed):
    """One request."""
    draw = random.Random(seed)
    principal = draw.choice([USER, SESSION])
    context = {key: draw.choice(values) for key, values in VALUES.items() if draw.random() < 0.7}
    if draw.random() < 0.5:
        context["aws:TagKeys"] = draw.sample(["team", "stage", "owner", "x", "st"], draw.randrange(4))
    action = draw.choice([*ACTIONS, "ecr:DescribeImages", "s3:PutObject", "iam:PassRole", "ecr:PutImageTagMutability"])
    return Request(principal, action, draw.choice(ON), context)


def pair(seed):
    """Two sets of policies, now and then one of them a variation of the other."""
    draw = Draw(seed)
    one, other = draw.case(), draw.case()
    if seed % 3 == 0:
        other = one.__class__(**{**one.__dict__, "identity": one.identity[1:] + other.identity})
    return policies_of(one), policies_of(other)
