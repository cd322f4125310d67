"""String and Bool operators. IAM User Guide: reference_policies_elements_condition_operators, "String", "Boolean"."""

import pytest

ABSENT = None
CASES = [
    # operator, value or values in the policy, value in the request, holds
    ("StringEquals", "blue", "blue", True),
    ("StringEquals", "blue", "Blue", False),
    ("StringEquals", "bl*", "blue", False),
    ("StringEquals", "bl*", "bl*", True),
    ("StringEquals", ["red", "blue"], "blue", True),
    ("StringEquals", ["red", "blue"], "green", False),
    ("StringEquals", [], "blue", False),
    ("StringEquals", "", "", True),
    ("StringEquals", "blue", ABSENT, False),
    ("StringNotEquals", "blue", "blue", False),
    ("StringNotEquals", "blue", "Blue", True),
    ("StringNotEquals", ["red", "blue"], "blue", False),
    ("StringNotEquals", ["red", "blue"], "green", True),
    ("StringNotEquals", "blue", ABSENT, True),
    ("StringEqualsIgnoreCase", "blue", "BLUE", True),
    ("StringEqualsIgnoreCase", "Blue", "bLUE", True),
    ("StringEqualsIgnoreCase", "blue", "blues", False),
    ("StringNotEqualsIgnoreCase", "blue", "BLUE", False),
    ("StringNotEqualsIgnoreCase", "blue", "red", True),
    ("StringNotEqualsIgnoreCase", "blue", ABSENT, True),
    ("StringLike", "repo:octo-org/*:ref:refs/heads/main", "repo:octo-org/app:ref:refs/heads/main", True),
    ("StringLike", "repo:octo-org/*:ref:refs/heads/main", "repo:octo-org/app:ref:refs/heads/dev", False),
    ("StringLike", "bl?e", "blue", True),
    ("StringLike", "bl?e", "ble", False),
    ("StringLike", "BLUE", "blue", False),
    ("StringLike", "*", "", True),
    ("StringLike", ["", "home/"], "", True),
    ("StringLike", ["r*", "b*"], "blue", True),
    ("StringLike", "b*", ABSENT, False),
    ("StringNotLike", "b*", "blue", False),
    ("StringNotLike", "b*", "red", True),
    ("StringNotLike", "b*", ABSENT, True),
    ("Bool", "true", "true", True),
    ("Bool", True, "true", True),
    ("Bool", "True", "true", True),
    ("Bool", "false", "true", False),
    ("Bool", False, "false", True),
    ("Bool", "true", "yes", False),
    ("Bool", "true", ABSENT, False),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ6", False),
    ("BinaryEquals", "QmluYXJ5", "not base64!", False),
    ("BinaryEquals", "QmluYXJ5", ABSENT, False),
]


@pytest.mark.parametrize(("operator", "wanted", "found", "holds"), CASES)
def test_a_string_condition_holds_as_documented(decide, operator, wanted, found, holds):
    statement = {"Action": "*", "Condition": {operator: {"aws:RequestTag/color": wanted}}}
    context = {} if found is None else {"aws:RequestTag/color": found}
    assert decide(identity=[statement], context=context).allowed is holds


@pytest.mark.parametrize("written", ["aws:SourceVpce", "AWS:SOURCEVPCE", "aws:sourcevpce"])
def test_a_condition_key_is_found_in_any_case(decide, written):
    statement = {"Action": "*", "Condition": {"StringEquals": {written: "vpce-1"}}}
    assert decide(identity=[statement], context={"aws:sourceVpce": "vpce-1"}).allowed


def test_every_condition_of_a_statement_must_hold(decide):
    statement = {
        "Action": "*",
        "Condition": {
            "StringEquals": {"aws:RequestTag/a": "1", "aws:RequestTag/b": "2"},
            "Bool": {"aws:SecureTransport": "true"},
        },
    }
    full = {"aws:RequestTag/a": "1", "aws:RequestTag/b": "2", "aws:SecureTransport": "true"}
    assert decide(identity=[statement], context=full).allowed
    for key in full:
        assert not decide(identity=[statement], context={**full, key: "no"}).allowed


def test_a_deny_with_a_condition_denies_only_where_it_holds(decide):
    deny = {"Effect": "Deny", "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert decide(identity=["*", deny], context={"aws:SecureTransport": "true"}).allowed
    assert not decide(identity=["*", deny], context={"aws:SecureTransport": "false"}).allowed
