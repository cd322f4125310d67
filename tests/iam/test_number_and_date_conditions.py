"""Numeric and Date operators. IAM User Guide: reference_policies_elements_condition_operators, "Numeric", "Date"."""

import pytest

ABSENT = None
NUMBERS = [
    ("NumericEquals", "10", "10", True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", 10, "10", True),
    ("NumericEquals", "10", "11", False),
    ("NumericEquals", ["9", "10"], "10", True),
    ("NumericEquals", "10", "ten", False),
    ("NumericEquals", "ten", "ten", False),
    ("NumericEquals", "0.1", "0.10", True),
    ("NumericNotEquals", "10", "11", True),
    ("NumericNotEquals", "10", "10", False),
    ("NumericNotEquals", "10", ABSENT, True),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThan", "10", "-1", True),
    ("NumericLessThan", "10", "9.999", True),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericLessThanEquals", "10", "10.1", False),
    ("NumericLessThanEquals", "10", ABSENT, False),
    ("NumericGreaterThan", "10", "11", True),
    ("NumericGreaterThan", "10", "10", False),
    ("NumericGreaterThan", "9", "10", True),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "10", "9", False),
    ("NumericGreaterThanEquals", "10", ABSENT, False),
    ("NumericLessThan", "10", "NaN", False),
    ("NumericLessThan", "10", "-Infinity", False),
]
NOON = "2026-11-23T12:00:00Z"
DATES = [
    ("DateEquals", NOON, NOON, True),
    ("DateEquals", NOON, "2026-11-23T13:00:00+01:00", True),
    ("DateEquals", NOON, "2026-11-23T07:00:00-05:00", True),
    ("DateEquals", NOON, "1795435200", True),
    ("DateEquals", "1795435200", NOON, True),
    ("DateEquals", NOON, "2026-11-23T12:00:01Z", False),
    ("DateEquals", NOON, "2026-11-23T12:00Z", True),
    ("DateEquals", "2026-11-23", "2026-11-23T00:00:00Z", True),
    ("DateNotEquals", NOON, "2026-11-23T12:00:01Z", True),
    ("DateNotEquals", NOON, ABSENT, True),
    ("DateLessThan", NOON, "2026-11-23T11:59:59Z", True),
    ("DateLessThan", NOON, NOON, False),
    ("DateLessThan", NOON, "2026-11-23T11:59:59.999Z", True),
    ("DateLessThanEquals", NOON, NOON, True),
    ("DateLessThanEquals", "2026-12", NOON, True),
    ("DateLessThanEquals", "2026", NOON, False),
    ("DateGreaterThan", NOON, "2026-11-23T12:00:00.5Z", True),
    ("DateGreaterThan", NOON, NOON, False),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", NOON, True),
    ("DateGreaterThanEquals", NOON, NOON, True),
    ("DateGreaterThanEquals", NOON, "yesterday", False),
    ("DateGreaterThanEquals", NOON, "2026-02-30T00:00:00Z", False),
    ("DateGreaterThan", NOON, ABSENT, False),
]


@pytest.mark.parametrize(("operator", "wanted", "found", "holds"), NUMBERS)
def test_a_numeric_condition_compares_numbers_not_texts(decide, operator, wanted, found, holds):
    statement = {"Action": "*", "Condition": {operator: {"s3:max-keys": wanted}}}
    context = {} if found is None else {"s3:max-keys": found}
    assert decide(identity=[statement], context=context).allowed is holds


@pytest.mark.parametrize(("operator", "wanted", "found", "holds"), DATES)
def test_a_date_condition_compares_moments(decide, operator, wanted, found, holds):
    statement = {"Action": "*", "Condition": {operator: {"aws:CurrentTime": wanted}}}
    context = {} if found is None else {"aws:CurrentTime": found}
    assert decide(identity=[statement], context=context).allowed is holds
