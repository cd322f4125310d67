"""The policies AWS has documented for pushing an image, against what each client asks for.

Amazon ECR User Guide: image-push (five actions until 2024, then six with BatchGetImage); the README of
aws-actions/amazon-ecr-login (seven, with GetDownloadUrlForLayer).
"""

import pytest

from labs.iam import Policies, Principal, PrincipalKind, Request, evaluate, parse_policy

ACCOUNT = "111122223333"
ARN = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/"
APP = ARN + "fargate-lab/app"
PUSH = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/fargate-lab-push/lab", ACCOUNT, PrincipalKind.ROLE_SESSION)

FIVE = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
]
SIX = [*FIVE, "ecr:BatchGetImage"]
SEVEN = [*SIX, "ecr:GetDownloadUrlForLayer"]


def policy(actions, resource=APP, token="*"):
    return parse_policy(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "Push", "Effect": "Allow", "Action": actions, "Resource": resource},
                {"Sid": "Token", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": token},
            ],
        },
        name="push-policy",
    )


POLICIES = {"five": policy(FIVE), "six": policy(SIX), "seven": policy(SEVEN)}

REQUESTS = [
    # what the client does, action, resource, the policies that allow it
    ("log in", "ecr:GetAuthorizationToken", "*", "five six seven"),
    ("ask for a layer that is absent", "ecr:BatchCheckLayerAvailability", APP, "five six seven"),
    ("begin an upload", "ecr:InitiateLayerUpload", APP, "five six seven"),
    ("send a layer", "ecr:UploadLayerPart", APP, "five six seven"),
    ("finish a layer", "ecr:CompleteLayerUpload", APP, "five six seven"),
    ("put a manifest", "ecr:PutImage", APP, "five six seven"),
    ("ask for a manifest before pushing it", "ecr:BatchGetImage", APP, "six seven"),
    ("ask for a layer that an image refers to", "ecr:GetDownloadUrlForLayer", APP, "seven"),
    ("push to another repository", "ecr:PutImage", ARN + "fargate-lab/other", ""),
    ("push to a repository that begins alike", "ecr:PutImage", APP + "2", ""),
    ("push to another account", "ecr:PutImage", APP.replace(ACCOUNT, "444455556666"), ""),
    ("push to another region", "ecr:PutImage", APP.replace("us-east-1", "eu-west-1"), ""),
    ("list images", "ecr:ListImages", APP, ""),
    ("describe images", "ecr:DescribeImages", APP, ""),
    ("delete an image", "ecr:BatchDeleteImage", APP, ""),
    ("delete the repository", "ecr:DeleteRepository", APP, ""),
    ("make a repository", "ecr:CreateRepository", ARN + "fargate-lab/new", ""),
    ("open the repository to others", "ecr:SetRepositoryPolicy", APP, ""),
    ("list the catalog", "ecr:DescribeRepositories", "*", ""),
    ("pass a role", "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", ""),
]
CASES = [
    pytest.param(name, action, resource, name in allowed.split(), id=f"{name}: {what}")
    for what, action, resource, allowed in REQUESTS
    for name in POLICIES
]


@pytest.mark.parametrize(("name", "action", "resource", "allowed"), CASES)
def test_what_the_documented_push_policies_allow(name, action, resource, allowed):
    decision = evaluate(Request(PUSH, action, resource), Policies(identity=(POLICIES[name],)))
    assert decision.allowed is allowed
    if not allowed:
        assert decision.words == f"because no identity-based policy allows the {action} action"


def test_the_page_s_all_repositories_variant_cannot_log_in():
    """The page limits GetAuthorizationToken to repository/*, which that action does not take."""
    everything = policy(SIX, resource=ARN + "*", token=ARN + "*")
    login = evaluate(Request(PUSH, "ecr:GetAuthorizationToken", "*"), Policies(identity=(everything,)))
    assert not login.allowed
    assert evaluate(Request(PUSH, "ecr:PutImage", APP), Policies(identity=(everything,))).allowed


def test_one_more_action_mends_the_push():
    request = Request(PUSH, "ecr:GetDownloadUrlForLayer", APP)
    missing = policy(["ecr:GetDownloadUrlForLayer"])
    assert not evaluate(request, Policies(identity=(POLICIES["six"],))).allowed
    assert evaluate(request, Policies(identity=(POLICIES["six"], missing))).statement.sid == "Push"
