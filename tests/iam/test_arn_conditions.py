"""ArnEquals, ArnLike and their negations: "each of the six colon-delimited components is checked separately".

IAM User Guide: reference_policies_elements_condition_operators, "Amazon Resource Name (ARN)".
"""

import pytest

TOPIC = "arn:aws:sns:us-east-1:111122223333:topic"
CASES = [
    (TOPIC, TOPIC, True),
    (TOPIC, TOPIC.upper(), False),
    (TOPIC, TOPIC + "2", False),
    ("arn:aws:sns:*:111122223333:topic", TOPIC, True),
    ("arn:aws:sns:us-*:111122223333:t*", TOPIC, True),
    ("arn:aws:sns:us-east-?:111122223333:topic", TOPIC, True),
    ("arn:aws:sns:*:444455556666:*", TOPIC, False),
    ("arn:*:*:*:*:*", TOPIC, True),
    ("arn:aws:*", TOPIC, True),
    ("*", TOPIC, True),
    ("arn:aws:sns", TOPIC, True),
    ("arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/team/push", True),
    ("arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:user/ana", False),
    # The page's own example: a StringLike would match, an ArnLike does not.
    (
        "arn:aws:someservice:*:111122223333:finance/*",
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        False,
    ),
    ("arn:aws:logs:us-east-1:1:log-group:*", "arn:aws:logs:us-east-1:1:log-group:a:b", True),
    ("arn:aws:sns:us-east-1:111122223333:topic", "topic", False),
    ([], TOPIC, False),
    (["arn:aws:sqs:*", TOPIC], TOPIC, True),
]


@pytest.mark.parametrize("operator", ["ArnEquals", "ArnLike"])
@pytest.mark.parametrize(("pattern", "arn", "holds"), CASES)
def test_an_arn_matches_component_by_component(decide, operator, pattern, arn, holds):
    statement = {"Action": "*", "Condition": {operator: {"aws:SourceArn": pattern}}}
    assert decide(identity=[statement], context={"aws:SourceArn": arn}).allowed is holds


@pytest.mark.parametrize("operator", ["ArnNotEquals", "ArnNotLike"])
@pytest.mark.parametrize(("pattern", "arn", "holds"), CASES)
def test_a_negated_arn_condition_is_the_opposite(decide, operator, pattern, arn, holds):
    statement = {"Action": "*", "Condition": {operator: {"aws:SourceArn": pattern}}}
    assert decide(identity=[statement], context={"aws:SourceArn": arn}).allowed is not holds


@pytest.mark.parametrize(
    ("operator", "holds"),
    [("ArnEquals", False), ("ArnLike", False), ("ArnNotEquals", True), ("ArnNotLike", True), ("ArnLikeIfExists", True)],
)
def test_an_absent_arn_is_judged_by_the_operator(decide, operator, holds):
    assert decide(identity=[{"Action": "*", "Condition": {operator: {"aws:SourceArn": "*"}}}]).allowed is holds


def test_a_string_like_reaches_over_colons_where_arn_like_does_not(decide):
    pattern = "arn:aws:someservice:*:111122223333:finance/*"
    arn = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
    statement = {"Action": "*", "Condition": {"StringLike": {"aws:SourceArn": pattern}}}
    assert decide(identity=[statement], context={"aws:SourceArn": arn}).allowed
