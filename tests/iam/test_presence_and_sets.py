"""Null, ...IfExists, ForAllValues and ForAnyValue.

IAM User Guide: reference_policies_elements_condition_operators, reference_policies_multi-value-conditions.
"""

import pytest

KEY = "aws:TagKeys"
ABSENT = None
CASES = [
    # operator, policy values, request values, holds
    ("Null", "true", ABSENT, True),
    ("Null", "true", "x", False),
    ("Null", "false", "x", True),
    ("Null", "false", ABSENT, False),
    ("Null", True, ABSENT, True),
    ("Null", False, ABSENT, False),
    ("Null", "true", [], True),
    ("Null", ["true", "false"], ABSENT, True),
    ("StringEqualsIfExists", "a", ABSENT, True),
    ("StringEqualsIfExists", "a", "a", True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringNotEqualsIfExists", "a", ABSENT, True),
    ("StringNotEqualsIfExists", "a", "a", False),
    ("StringLikeIfExists", ["t1.*", "t2.*"], "t2.micro", True),
    ("StringLikeIfExists", ["t1.*", "t2.*"], "m5.large", False),
    ("StringLikeIfExists", ["t1.*", "t2.*"], ABSENT, True),
    ("NumericLessThanIfExists", "5", ABSENT, True),
    ("NumericLessThanIfExists", "5", "6", False),
    ("DateLessThanIfExists", "2026-01-01", ABSENT, True),
    ("BoolIfExists", "true", ABSENT, True),
    ("BoolIfExists", "true", "false", False),
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a", "b"], ABSENT, True),
    ("ForAllValues:StringEquals", ["a", "b"], [], True),
    ("ForAllValues:StringEquals", ["a", "b"], "", True),
    ("ForAllValues:StringEquals", ["a", "b"], ["", "c"], False),
    ("ForAllValues:StringEquals", [], ["a"], False),
    ("ForAllValues:StringLike", ["a*"], ["a1", "a2"], True),
    ("ForAllValues:StringLike", ["a*"], ["a1", "b2"], False),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], False),
    ("ForAllValues:StringNotEquals", ["a", "b"], ABSENT, True),
    ("ForAllValues:NumericLessThan", ["10"], ["1", "2"], True),
    ("ForAllValues:NumericLessThan", ["10"], ["1", "20"], False),
    ("ForAllValues:ArnLike", ["arn:aws:s3:::a*"], ["arn:aws:s3:::a1", "arn:aws:s3:::b"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], ["a", "c"], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], ABSENT, False),
    ("ForAnyValue:StringEquals", ["a", "b"], [], False),
    ("ForAnyValue:StringEquals", ["", "b"], "", False),
    ("ForAnyValue:StringLike", ["a*"], ["b", "a1"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
    ("ForAnyValue:StringNotEquals", ["a"], ABSENT, False),
    ("ForAnyValue:StringNotLike", ["a*"], ["a1", "b"], True),
    ("ForAnyValue:IpAddress", ["10.0.0.0/8"], ["192.0.2.1", "10.1.2.3"], True),
    ("ForAnyValue:StringEqualsIfExists", ["a"], ABSENT, True),
    ("ForAnyValue:StringEqualsIfExists", ["a"], ["b"], False),
    ("ForAllValues:StringEqualsIfExists", ["a"], ABSENT, True),
    # Without a set operator, several values: any may match; a negation is the plain opposite.
    ("StringEquals", "a", ["b", "a"], True),
    ("StringNotEquals", "a", ["b", "a"], False),
    ("StringNotEquals", "a", ["b", "c"], True),
]


@pytest.mark.parametrize(("operator", "wanted", "found", "holds"), CASES)
def test_presence_and_set_operators_hold_as_documented(decide, operator, wanted, found, holds):
    statement = {"Action": "*", "Condition": {operator: {KEY: wanted}}}
    context = {} if found is None else {KEY: found}
    assert decide(identity=[statement], context=context).allowed is holds


@pytest.mark.parametrize(
    ("requested", "allowed"), [(["PostDateTime", "Message"], True), (["PostDateTime", "UserName"], False)]
)
def test_the_pages_example_of_for_all_values(decide, requested, allowed):
    names = {"ForAllValues:StringLike": {"dynamodb:requestedAttributes": ["PostDateTime", "Message", "Tags"]}}
    context = {"dynamodb:requestedAttributes": requested}
    assert decide(identity=[{"Action": "*", "Condition": names}], context=context).allowed is allowed


@pytest.mark.parametrize(
    ("requested", "allowed"), [(["UserName", "Message", "PostDateTime"], False), (["UserName"], True)]
)
def test_the_pages_example_of_for_any_value(decide, requested, allowed):
    names = {"ForAnyValue:StringLike": {"dynamodb:requestedAttributes": ["ID", "PostDateTime"]}}
    deny = {"Effect": "Deny", "Action": "*", "Condition": names}
    context = {"dynamodb:requestedAttributes": requested}
    assert decide(identity=["*", deny], context=context).allowed is allowed
