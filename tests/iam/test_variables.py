"""Policy variables. IAM User Guide: reference_policies_variables, reference_policies_elements_version."""

import pytest

TAG = "aws:PrincipalTag/"
HOME = "arn:aws:s3:::bucket/home/"


def reads(decide, pattern, resource, context=None, who="user", version="2012-10-17"):
    statement = {"Action": "s3:GetObject", "Resource": pattern}
    return decide(
        who=who, action="s3:GetObject", on=resource, context=context, identity=[statement], version=version
    ).allowed


RESOURCES = [
    # pattern, resource, context, matches
    (HOME + "${aws:username}/*", HOME + "ana/letter", {}, True),
    (HOME + "${aws:username}/*", HOME + "eve/letter", {}, False),
    (HOME + "${AWS:UserName}", HOME + "ana", {}, True),
    (HOME + "${aws:username}", HOME + "bob", {"aws:username": "bob"}, True),
    (HOME + "${aws:PrincipalTag/team}", HOME + "red", {"aws:PrincipalTag/team": "red"}, True),
    (HOME + "${aws:PrincipalTag/team}", HOME + "red", {"aws:principaltag/TEAM": "red"}, True),
    (HOME + "${aws:PrincipalTag/team}", HOME + "red", {}, False),
    (HOME + "${aws:PrincipalTag/team}", HOME + "", {}, False),
    (HOME + "${aws:PrincipalTag/team}", HOME + "${aws:PrincipalTag/team}", {}, False),
    (HOME + "${aws:PrincipalTag/team, 'none'}", HOME + "none", {}, True),
    (HOME + "${aws:PrincipalTag/team, 'none'}", HOME + "red", {"aws:PrincipalTag/team": "red"}, True),
    (HOME + "${aws:PrincipalTag/team, 'none'}", HOME + "none", {"aws:PrincipalTag/team": "red"}, False),
    (HOME + "${aws:PrincipalTag/team, ''}x", HOME + "x", {}, True),
    (HOME + "${aws:PrincipalTag/team,'none'}", HOME + "none", {}, True),
    (HOME + "${aws:PrincipalTag/a}-${aws:PrincipalTag/b}", HOME + "1-2", {TAG + "a": "1", TAG + "b": "2"}, True),
    # The value is plain text: a star in it is a star.
    (HOME + "${aws:PrincipalTag/team}", HOME + "anything", {"aws:PrincipalTag/team": "*"}, False),
    (HOME + "${aws:PrincipalTag/team}", HOME + "*", {"aws:PrincipalTag/team": "*"}, True),
    # A key with two values has no one value.
    (HOME + "${aws:TagKeys}", HOME + "a", {"aws:TagKeys": ["a", "b"]}, False),
    (HOME + "${aws:TagKeys}", HOME + "a", {"aws:TagKeys": ["a"]}, True),
    # ${*}, ${?} and ${$} are the characters themselves.
    (HOME + "a${*}b", HOME + "a*b", {}, True),
    (HOME + "a${*}b", HOME + "axb", {}, False),
    (HOME + "a${?}", HOME + "a?", {}, True),
    (HOME + "a${?}", HOME + "ab", {}, False),
    (HOME + "${$}{aws:username}", HOME + "${aws:username}", {}, True),
    (HOME + "${*}*", HOME + "*anything", {}, True),
    # What is no variable is plain text.
    (HOME + "${}", HOME + "${}", {}, True),
    (HOME + "${aws:username", HOME + "${aws:username", {}, True),
    (HOME + "$aws:username", HOME + "$aws:username", {}, True),
    # "You can't use a variable to replace parts of the ARN before the fifth colon."
    ("arn:aws:sqs:${aws:username}", "arn:aws:sqs:ana", {}, False),
    ("arn:aws:sqs:${aws:PrincipalTag/r}:1:queue", "arn:aws:sqs:eu-west-1:1:queue", {TAG + "r": "eu-west-1"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "resource", "context", "matches"), RESOURCES)
def test_a_variable_in_a_resource_is_filled_in_from_the_request(decide, pattern, resource, context, matches):
    assert reads(decide, pattern, resource, context) is matches


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        (HOME + "${aws:username}", HOME + "ana", False),
        (HOME + "${aws:username}", HOME + "${aws:username}", True),
        (HOME + "a${*}b", HOME + "a*b", False),
        (HOME + "a${*}b", HOME + "a${anything}b", True),
    ],
)
def test_version_2008_takes_variables_literally(decide, pattern, resource, matches):
    assert reads(decide, pattern, resource, version="2008-10-17") is matches


CONDITIONS = [
    # operator, policy value, request value, context, holds
    ("StringEquals", "${aws:username}", "ana", {}, True),
    ("StringEquals", "${aws:username}", "eve", {}, False),
    ("StringEquals", ["x", "${aws:username}"], "ana", {}, True),
    ("StringEqualsIgnoreCase", "${aws:username}", "ANA", {}, True),
    ("StringLike", "home/${aws:username}/*", "home/ana/a", {}, True),
    ("StringLike", "home/${aws:username}/*", "home/eve/a", {}, False),
    ("StringLike", "a${*}", "a*", {}, True),
    ("StringLike", "a${*}", "ab", {}, False),
    ("StringNotEquals", "${aws:username}", "eve", {}, True),
    ("StringNotEquals", "${aws:username}", "ana", {}, False),
    ("ArnLike", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::ana/x", {}, True),
    ("ArnNotLike", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::ana/x", {}, False),
    ("Bool", "${aws:PrincipalTag/secure}", "true", {"aws:PrincipalTag/secure": "true"}, True),
    ("StringEquals", "${aws:PrincipalTag/none}", "x", {}, False),
    ("StringEquals", ["${aws:PrincipalTag/none}", "x"], "x", {}, True),
    ("StringEquals", "${aws:PrincipalTag/none, 'x'}", "x", {}, True),
    # "Inverted condition operators like StringNotEquals or StringNotLike do match against a null value."
    ("StringNotEquals", "${aws:PrincipalTag/none}", "x", {}, True),
    ("StringNotEquals", "${aws:PrincipalTag/none}", "", {}, True),
    ("StringNotEquals", "a-${aws:PrincipalTag/none}", "a-", {}, True),
    ("StringNotEqualsIgnoreCase", "${aws:PrincipalTag/none}", "x", {}, True),
    ("StringNotEqualsIfExists", "${aws:PrincipalTag/none}", "x", {}, True),
    ("StringNotLike", "${aws:PrincipalTag/none}", "x", {}, True),
    ("StringNotLike", "${aws:PrincipalTag/none}*", "x", {}, True),
    ("ArnNotLike", "arn:aws:s3:::${aws:PrincipalTag/none}", "arn:aws:s3:::x", {}, True),
    ("ArnNotEquals", "arn:aws:s3:::${aws:PrincipalTag/none}", "arn:aws:s3:::x", {}, True),
    ("StringNotEquals", ["${aws:PrincipalTag/none}", "x"], "x", {}, False),
    ("StringNotEquals", ["${aws:PrincipalTag/none}", "x"], "y", {}, True),
    ("StringNotEquals", ["${aws:PrincipalTag/none, 'x'}"], "x", {}, False),
    ("StringLike", "${aws:PrincipalTag/none}*", "x", {}, False),
    ("StringEqualsIfExists", "${aws:PrincipalTag/none}", "x", {}, False),
    ("ForAnyValue:StringNotEquals", "${aws:PrincipalTag/none}", ["x"], {}, True),
    ("ForAllValues:StringNotEquals", "${aws:PrincipalTag/none}", ["x", "y"], {}, True),
    ("ForAnyValue:StringEquals", "${aws:PrincipalTag/none}", ["x"], {}, False),
    ("ForAllValues:StringEquals", "${aws:PrincipalTag/none}", ["x"], {}, False),
    ("Bool", "${aws:PrincipalTag/none}", "true", {}, False),
    ("ForAllValues:StringEquals", ["${aws:username}"], ["ana"], {}, True),
    # Numeric, Date, IpAddress and Null have no variables.
    ("NumericEquals", "${aws:PrincipalTag/n}", "5", {"aws:PrincipalTag/n": "5"}, False),
    ("IpAddress", "${aws:PrincipalTag/ip}", "192.0.2.1", {"aws:PrincipalTag/ip": "192.0.2.1"}, False),
]


@pytest.mark.parametrize(("operator", "wanted", "found", "context", "holds"), CONDITIONS)
def test_a_variable_in_a_condition_is_filled_in_where_the_operator_has_variables(
    decide, operator, wanted, found, context, holds
):
    statement = {"Action": "*", "Condition": {operator: {"s3:prefix": wanted}}}
    assert decide(who="user", identity=[statement], context={"s3:prefix": found, **context}).allowed is holds


NOT_RESOURCES = [
    # NotResource, the user's team, covers the object of the red team
    (HOME + "${aws:PrincipalTag/team}", None, True),
    (HOME + "${aws:PrincipalTag/team}/*", None, True),
    (HOME + "${aws:PrincipalTag/team}", "blue", True),
    (HOME + "${aws:PrincipalTag/team}", "red", False),
    (HOME + "${aws:PrincipalTag/team, 'red'}", None, False),
    ([HOME + "${aws:PrincipalTag/team}", HOME + "red"], None, False),
    ([HOME + "${aws:PrincipalTag/team}", HOME + "blue"], None, True),
]


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize(("pattern", "team", "covers"), NOT_RESOURCES)
def test_a_resource_with_a_variable_without_value_matches_nothing_so_not_resource_covers_it(
    decide, pattern, team, covers, effect
):
    statement = {"Effect": effect, "Action": "*", "NotResource": pattern}
    context = {"aws:PrincipalTag/team": team} if team else {}
    identity = [statement] if effect == "Allow" else ["*", statement]
    found = decide(who="user", on=HOME + "red", identity=identity, context=context)
    assert found.allowed is (covers if effect == "Allow" else not covers)


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [
        ({}, False),
        ({"aws:ResourceTag/team": "blue"}, False),
        ({"aws:PrincipalTag/team": "blue"}, False),
        ({"aws:PrincipalTag/team": "blue", "aws:ResourceTag/team": "red"}, False),
        ({"aws:PrincipalTag/team": "blue", "aws:ResourceTag/team": "blue"}, True),
    ],
)
def test_who_has_no_team_is_kept_from_what_is_another_teams(decide, tags, allowed):
    condition = {"StringNotEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    deny = {"Effect": "Deny", "Action": "ecr:DescribeImages", "Condition": condition}
    found = decide(who="user", action="ecr:DescribeImages", identity=["ecr:*", deny], context=tags)
    assert found.allowed is allowed


KEYS = [
    ("user", "aws:PrincipalType", "User"),
    ("user", "aws:PrincipalArn", "arn:aws:iam::111122223333:user/ana"),
    ("user", "aws:PrincipalAccount", "111122223333"),
    ("user", "aws:ResourceAccount", "111122223333"),
    ("session", "aws:PrincipalType", "AssumedRole"),
    ("session", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/push"),
    ("session of a role with a path", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/team/push"),
    ("root", "aws:PrincipalType", "Account"),
]


@pytest.mark.parametrize(("who", "key", "value"), KEYS)
def test_the_principals_own_keys_need_not_be_given(decide, who, key, value):
    deny = {"Effect": "Deny", "Action": "*", "Condition": {"StringEquals": {key: value}}}
    assert decide(who=who, identity=["*", deny]).kind.value == "explicitDeny"


def test_only_a_user_has_a_user_name(decide):
    absent = {"Action": "*", "Condition": {"Null": {"aws:username": "true"}}}
    assert decide(who="session", identity=[absent]).allowed
    assert not decide(who="user", identity=[absent]).allowed
