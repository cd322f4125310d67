"""Action and NotAction. IAM User Guide: reference_policies_elements_action, reference_policies_elements_notaction."""

import pytest

PATTERNS = [
    # pattern, action, matches
    ("ecr:PutImage", "ecr:PutImage", True),
    ("ecr:PutImage", "ecr:putimage", True),
    ("ECR:PUTIMAGE", "ecr:PutImage", True),
    ("ecr:putimage", "ECR:PutImage", True),
    ("ecr:PutImage", "ecr:PutImages", False),
    ("ecr:PutImage", "ecr:PutImag", False),
    ("ecr:PutImage", "ecr-public:PutImage", False),
    ("*", "ecr:PutImage", True),
    ("*:*", "ecr:PutImage", True),
    ("*:PutImage", "ecr:PutImage", True),
    ("*:PutImage", "ecr:GetImage", False),
    ("ecr:*", "ecr:PutImage", True),
    ("ecr:*", "ecr-public:PutImage", False),
    ("ecr:*Image", "ecr:PutImage", True),
    ("ecr:*Image", "ecr:BatchGetImage", True),
    ("ecr:*Image", "ecr:DescribeImages", False),
    ("ecr:Put*", "ecr:PutImage", True),
    ("ecr:Put*", "ecr:BatchPutImage", False),
    ("ecr:*put*", "ecr:PutImage", True),
    ("ecr:Put?mage", "ecr:PutImage", True),
    ("ecr:PutImag?", "ecr:PutImage", True),
    ("ecr:PutImage?", "ecr:PutImage", False),
    ("ecr:??????ge", "ecr:PutImage", True),
    ("ecr:B*h*Image", "ecr:BatchGetImage", True),
    ("ecr:B*G*G*Image", "ecr:BatchGetImage", False),
    ("ecr:**", "ecr:PutImage", True),
    ("ecr:Put[I]mage", "ecr:PutImage", False),
    ("ecr:Put.mage", "ecr:PutImage", False),
]


@pytest.mark.parametrize(("pattern", "action", "matches"), PATTERNS)
def test_an_action_pattern_matches_without_regard_to_case(decide, pattern, action, matches):
    assert decide(identity=[{"Action": pattern}], action=action).allowed is matches


@pytest.mark.parametrize(("pattern", "action", "matches"), PATTERNS)
def test_not_action_is_everything_the_pattern_leaves(decide, pattern, action, matches):
    assert decide(identity=[{"NotAction": pattern}], action=action).allowed is not matches


@pytest.mark.parametrize(
    ("action", "allowed"),
    [("ecr:PutImage", True), ("ecr:BatchGetImage", True), ("ecr:DeleteRepository", False), ("iam:PassRole", False)],
)
def test_a_list_of_actions_allows_each_and_nothing_else(decide, action, allowed):
    assert decide(identity=[{"Action": ["ecr:PutImage", "ecr:BatchGetImage"]}], action=action).allowed is allowed


@pytest.mark.parametrize(
    ("action", "allowed"), [("ecr:PutImage", False), ("iam:PassRole", False), ("ecs:RunTask", True)]
)
def test_a_list_in_not_action_leaves_out_each(decide, action, allowed):
    assert decide(identity=[{"NotAction": ["ecr:*", "iam:*"]}], action=action).allowed is allowed


def test_deny_with_not_action_denies_all_but_the_named(decide):
    statements = ["*", {"Effect": "Deny", "NotAction": "ecr:*"}]
    assert decide(identity=statements, action="ecr:PutImage").allowed
    assert (
        decide(identity=statements, action="s3:GetObject").words == "with an explicit deny in an identity-based policy"
    )


def test_an_action_pattern_made_to_backtrack_is_decided_at_once(decide):
    pattern = "ecr:" + "a*" * 40 + "b"
    assert not decide(identity=[{"Action": pattern}], action="ecr:" + "a" * 5000).allowed
