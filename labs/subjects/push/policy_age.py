"""When what the push role may do was last changed: evidence from before that is about other policies."""

import time
from datetime import datetime

from labs.lesson.bench import Bench
from labs.verdict import Event, read_trail

# The calls of IAM that change a role's policies (IAM API reference); a change of its trust policy is another matter.
POLICY_CHANGES = {
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:DeleteRolePermissionsBoundary",
}
TRUST_CHANGES = {"iam:UpdateAssumeRolePolicy"}


def changed_at(bench: Bench, since: datetime) -> datetime | None:
    """The last change of the push role's policies since a moment, in whole seconds; None when the trail shows none.

    AWS records IAM's calls in us-east-1 only, also in the event history, since 2021-11-22 (CloudTrail user guide,
    "Viewing CloudTrail events with the AWS CLI"): a lab in another Region does not see them.
    """
    events = read_trail(bench.reader("cloudtrail"), since, "iam.amazonaws.com")
    changes = [
        each.at for each in events if each.action in POLICY_CHANGES and each.role == bench.push_role and not each.error
    ]
    return max(changes, default=None)


def until_next_second() -> None:
    """Wait until what was done is older than what is done next: the trail keeps whole seconds."""
    time.sleep(1 - time.time() % 1)


def repository_policy_changed_at(bench: Bench, events: tuple[Event, ...]) -> datetime | None:
    """The last change of the repository's own policy among ECR's events; None when they show none."""
    names = ("ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy")
    changes = [each for each in events if each.action in names and not each.error]
    return max((each.at for each in changes if each.resource == bench.repository_arn), default=None)
