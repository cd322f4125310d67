"""Resource and NotResource. IAM User Guide: reference_policies_elements_resource, ..._notresource."""

import pytest

LOGS = "arn:aws:logs:us-east-1:111122223333:log-group:"
REPO = "arn:aws:ecr:us-east-1:111122223333:repository/"
PATTERNS = [
    # pattern, resource, matches
    (REPO + "app", REPO + "app", True),
    (REPO + "app", REPO + "App", False),
    (REPO + "app", REPO + "app2", False),
    (REPO + "app", REPO + "team/app", False),
    (REPO + "*", REPO + "app", True),
    (REPO + "*", REPO + "team/app", True),
    (REPO + "*", REPO, True),
    (REPO + "team/*", REPO + "team/app", True),
    (REPO + "team/*", REPO + "teams/app", False),
    (REPO + "ap?", REPO + "app", True),
    (REPO + "ap?", REPO + "ap", False),
    (REPO + "*/app", REPO + "team/app", True),
    (REPO + "*/app", REPO + "app", False),
    (REPO + "a*p", REPO + "ap", True),
    ("*", REPO + "app", True),
    ("*", "*", True),
    (REPO + "app", "*", False),
    (REPO + "*", "*", False),
    ("arn:aws:ecr:*:*:*", REPO + "app", True),
    ("arn:aws:ecr:*", REPO + "app", True),
    ("arn:aws:ecr:us-*:111122223333:repository/app", REPO + "app", True),
    ("arn:aws:ecr:eu-*:111122223333:repository/app", REPO + "app", False),
    ("arn:aws:ecr:us-east-1:*:repository/app", REPO + "app", True),
    ("arn:aws:ecr:us-east-1:444455556666:repository/app", REPO + "app", False),
    ("arn:*:ecr:us-east-1:111122223333:repository/app", REPO + "app", True),
    ("arn:aws-cn:ecr:us-east-1:111122223333:repository/app", REPO + "app", False),
    # The page's own examples: a star takes in slashes, but not the ones that are written.
    ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1/test/object.jpg", True),
    ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1/2/test/3/object.jpg", True),
    ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket//test/object.jpg", True),
    ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1/test/", True),
    ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1-test/object.jpg", False),
    ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/test/object.jpg", False),
    ("arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1/2/test.jpg", False),
    # "If the * wildcard is the last character of a segment, it can expand to match beyond the colon boundaries."
    (LOGS + "/ecs/*", LOGS + "/ecs/a:log-stream:b", True),
    ("arn:aws:s3:::b/a.b", "arn:aws:s3:::b/aXb", False),
    ("arn:aws:s3:::b/(a)", "arn:aws:s3:::b/(a)", True),
    ("arn:aws:s3:::b/[ab]", "arn:aws:s3:::b/a", False),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/line\nbreak", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "resource", "matches"), PATTERNS)
def test_a_resource_pattern_matches_the_whole_arn_and_minds_case(decide, pattern, resource, matches):
    assert decide(identity=[{"Action": "*", "Resource": pattern}], on=resource).allowed is matches


@pytest.mark.parametrize(("pattern", "resource", "matches"), PATTERNS)
def test_not_resource_is_every_resource_the_pattern_leaves(decide, pattern, resource, matches):
    assert decide(identity=[{"Action": "*", "NotResource": pattern}], on=resource).allowed is not matches


@pytest.mark.parametrize(("name", "allowed"), [("a", True), ("b", True), ("c", False)])
def test_a_list_of_resources_covers_each(decide, name, allowed):
    assert decide(identity=[{"Action": "*", "Resource": [REPO + "a", REPO + "b"]}], on=REPO + name).allowed is allowed


def test_deny_with_not_resource_spares_the_named_resource(decide):
    statements = ["*", {"Effect": "Deny", "Action": "*", "NotResource": REPO + "app"}]
    assert decide(identity=statements, on=REPO + "app").allowed
    assert not decide(identity=statements, on=REPO + "other").allowed
