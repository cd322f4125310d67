"""The push role: made, judged for the trainee's repository, taken away."""

import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.lesson.bench import Bench
from labs.subjects.push.policy_review import NEEDED, PolicyDocument, PushContext, Reviewer
from labs.subjects.push.role_policies import read_policy, read_role
from labs.subjects.push.role_policies import strip as strip_policies

POLICY_NAME = "push"


def put(bench: Bench, policy: str) -> bool:
    """Make the push role, if it is not there, and give it this policy; False when the role was there.

    Everybody in the account whom IAM allows to may assume it. LabError when the text is not a policy.
    """
    read_policy(policy)
    iam = bench.client("iam")
    made = True
    try:
        iam.create_role(RoleName=bench.push_role, AssumeRolePolicyDocument=json.dumps(_trust(bench)))
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
        made = False
    iam.put_role_policy(RoleName=bench.push_role, PolicyName=POLICY_NAME, PolicyDocument=policy)
    return made


def _trust(bench: Bench) -> dict[str, Any]:
    principal = {"AWS": f"arn:{bench.partition}:iam::{bench.target.account}:root"}
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }


def strip(bench: Bench) -> None:
    """Take off the push role what ``put`` does not give it; what is as it made it is left."""
    iam = bench.client("iam")
    found = read_role(iam, bench.push_role)
    if found is None:
        return
    strip_policies(iam, bench.push_role, POLICY_NAME)
    if found.trust.body != _trust(bench):
        iam.update_assume_role_policy(RoleName=bench.push_role, PolicyDocument=json.dumps(_trust(bench)))


def reviewer(
    bench: Bench,
    documents: tuple[PolicyDocument, ...],
    boundary: PolicyDocument | None = None,
    repository_policy: PolicyDocument | None = None,
    actions: Sequence[str] = NEEDED,
) -> Reviewer:
    """The review of the role's policies for the trainee's repository."""
    place = PushContext(bench.pusher, bench.repository_arn)
    return Reviewer(documents, place, boundary, repository_policy, actions)


def delete(bench: Bench) -> bool:
    """Take the push role away, with its policies; False when there is none."""
    iam = bench.client("iam")
    try:
        for each in iam.list_attached_role_policies(RoleName=bench.push_role)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=bench.push_role, PolicyArn=each["PolicyArn"])
        for name in iam.list_role_policies(RoleName=bench.push_role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=bench.push_role, PolicyName=name)
        iam.delete_role(RoleName=bench.push_role)
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return False
        raise
    return True
