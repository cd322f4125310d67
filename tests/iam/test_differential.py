"""Against another implementation: ministack's evaluator (MIT, pinned, in the development environment only).

Cases are drawn from seeds. Where the two disagree, the case must show one of the known differences below, each judged
by AWS's documentation; where it shows none, they must agree.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.iam.differential import (
    ACCOUNT,
    FAMILIES,
    REPOSITORY,
    ROLE_ARN,
    SESSION,
    USER,
    Case,
    Draw,
    family_of,
    ours,
    theirs,
)

SEEDS = range(10)
CASES_A_SEED = 2_000
# What must be left when every case that shows a known difference is put aside.
PLAIN_A_SEED = 800


@dataclass(frozen=True)
class Difference:
    """``shown`` says whether a case could be decided differently for this reason; ``witness`` is one that is."""

    name: str
    page: str
    judgement: str
    shown: Callable[[Case], bool]
    witness: Case
    ours: str
    theirs: str


def allows(condition=None, **more):
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **more}
    if condition is not None:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def asks(condition, **context):
    """A case whose only Allow has this condition."""
    return Case(identity=(allows(condition),), context={key.replace("__", ":"): v for key, v in context.items()})


def several(found):
    return isinstance(found, list) and len(found) != 1


def is_set(operator):
    return operator.startswith("For")


def has_variable(case):
    return "${" in json.dumps(case.statements)


def crosses_components(case):
    return any(family_of(op) == "Arn" and any("*" in v for v in wanted) for op, _, wanted, _ in case.conditions)


def several_without_a_set(case):
    return any(not is_set(op) and op != "Null" and several(found) for op, _, _, found in case.conditions)


def empty_set(case):
    return any((is_set(op) or op == "Null") and found in ("", [], [""]) for op, _, _, found in case.conditions)


def null_of_both(case):
    return any(op == "Null" and len(wanted) > 1 for op, _, wanted, _ in case.conditions)


def mistyped(case):
    odd = {"Numeric": "ten", "Date": "soon", "Bool": "yes", "Ip": "nowhere", "Binary": "not base64!"}
    return any(
        odd.get(family_of(op)) in [*wanted, *(found if isinstance(found, list) else [found])]
        for op, _, wanted, found in case.conditions
        if family_of(op) in odd
    )


def year_alone(case):
    return any(family_of(op) == "Date" and "2026" in wanted for op, _, wanted, _ in case.conditions)


def line_break(case):
    return any(found == "blue\n" for _, _, _, found in case.conditions)


def not_principal(case):
    return any("NotPrincipal" in statement for statement in case.statements)


def everyone_and_a_limit(case):
    limited = case.boundary is not None or case.session is not None
    return limited and any(s.get("Principal") in ("*", {"AWS": "*"}) for s in case.statements)


def principal_arn_of_a_session(case):
    return case.principal is SESSION and any(key == "aws:PrincipalArn" for _, key, _, _ in case.conditions)


OPERATORS_PAGE = "reference_policies_elements_condition_operators"
SETS_PAGE = "reference_policies_condition-single-vs-multi-valued-context-keys"
KNOWN = [
    Difference(
        "policy variables",
        "reference_policies_variables",
        "ministack takes ${...} as plain text; AWS fills it in.",
        has_variable,
        asks({"StringEquals": {"s3:prefix": "${aws:username}"}}, s3__prefix="ana"),
        "Allow",
        "ImplicitDeny",
    ),
    Difference(
        "ARN conditions go component by component",
        OPERATORS_PAGE,
        '"Each of the six colon-delimited components of the ARN is checked separately": a star stops at a colon.',
        crosses_components,
        asks({"ArnLike": {"aws:SourceArn": "arn:aws:*:app"}}, aws__SourceArn="arn:aws:s3:::app"),
        "ImplicitDeny",
        "Allow",
    ),
    Difference(
        "several values without a set operator",
        SETS_PAGE,
        "AWS asks for a set operator there and does not say what happens without one; ministack compares the list's "
        "text, which no value equals; we ask whether any value matches.",
        several_without_a_set,
        asks({"StringEquals": {"aws:TagKeys": "team"}}, aws__TagKeys=["team", "owner"]),
        "Allow",
        "ImplicitDeny",
    ),
    Difference(
        "an empty value under a set operator",
        SETS_PAGE,
        'ForAllValues is true "if the context key values in the request resolve to an empty dataset, such as an empty '
        'string", and ForAnyValue false; ministack compares the empty string.',
        empty_set,
        asks({"ForAllValues:StringEquals": {"s3:prefix": "home"}}, s3__prefix=""),
        "Allow",
        "ImplicitDeny",
    ),
    Difference(
        "Null with both values",
        OPERATORS_PAGE,
        "The values of one key are joined by OR; ministack looks at the first.",
        null_of_both,
        asks({"Null": {"s3:prefix": ["true", "false"]}}, s3__prefix="home"),
        "Allow",
        "ImplicitDeny",
    ),
    Difference(
        "a value of the wrong type under a negated operator",
        OPERATORS_PAGE,
        '"Negated matching" is the opposite of matching, and what is no number equals none; ministack says false to '
        "both. It also takes equal texts for equal booleans and equal binaries. AWS does not document wrong types.",
        mistyped,
        asks({"NumericNotEquals": {"s3:max-keys": "10"}}, **{"s3__max-keys": "ten"}),
        "Allow",
        "ImplicitDeny",
    ),
    Difference(
        "a year alone",
        OPERATORS_PAGE,
        "Dates are in one of the W3C forms of ISO 8601, and a year alone is one; ministack reads 2026 seconds.",
        year_alone,
        asks({"DateLessThan": {"aws:TokenIssueTime": "2026"}}, aws__TokenIssueTime="2025-06-01T00:00:00Z"),
        "Allow",
        "ImplicitDeny",
    ),
    Difference(
        "a line break at the end",
        OPERATORS_PAGE,
        "StringLike matches the whole value; in ministack a pattern's end also stands before a last line break.",
        line_break,
        asks({"StringLike": {"s3:prefix": "blue"}}, s3__prefix="blue\n"),
        "ImplicitDeny",
        "Allow",
    ),
    Difference(
        "NotPrincipal",
        "reference_policies_elements_notprincipal",
        "ministack leaves such statements out, denials too.",
        not_principal,
        Case(
            identity=(allows(),),
            resource={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"},
                        "Action": "*",
                        "Resource": "*",
                    }
                ],
            },
        ),
        "Deny",
        "Allow",
    ),
    Difference(
        "everyone, under a boundary or a session policy",
        "access_policies_boundaries",
        "AWS says that a policy naming a user or a session is not limited by an implicit deny of a boundary, and does "
        "not speak of a wildcard; we read it as naming the session itself, ministack as naming the role.",
        everyone_and_a_limit,
        Case(boundary=allows(Action="s3:*"), resource=allows(Principal="*")),
        "Allow",
        "ImplicitDeny",
    ),
    Difference(
        "aws:PrincipalArn of a session",
        "reference_policies_condition-keys",
        '"For IAM roles, the request context returns the ARN of the role, not the ARN of the user that assumed the '
        "role\"; ministack gives the session's.",
        principal_arn_of_a_session,
        Case(principal=SESSION, identity=(allows({"ArnEquals": {"aws:PrincipalArn": ROLE_ARN}}),)),
        "Allow",
        "ImplicitDeny",
    ),
]


def known_of(case):
    return [difference.name for difference in KNOWN if difference.shown(case)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_disagreement_always_shows_a_known_difference(seed):
    draw, plain, unexplained = Draw(seed), 0, []
    for _ in range(CASES_A_SEED):
        case = draw.case()
        known = known_of(case)
        plain += not known
        if not known and ours(case) != theirs(case):
            unexplained.append(f"ours {ours(case)}, theirs {theirs(case)}\n{case}")
    assert unexplained == []
    assert plain >= PLAIN_A_SEED


def test_the_cases_reach_every_outcome_and_every_family_of_operators():
    draw = Draw(0)
    cases = [draw.case() for _ in range(CASES_A_SEED)]
    plain = [case for case in cases if not known_of(case)]
    assert {ours(case) for case in plain} == {"Allow", "Deny", "ImplicitDeny"}
    assert {family_of(operator) for case in plain for operator, _, _, _ in case.conditions} == {*FAMILIES, ""}
    assert sum(ours(case) == "Allow" for case in plain) >= 100


@pytest.mark.parametrize("difference", KNOWN, ids=[difference.name for difference in KNOWN])
def test_a_known_difference_still_stands(difference):
    """When ministack mends one, it goes from the list."""
    assert known_of(difference.witness) == [difference.name]
    assert (ours(difference.witness), theirs(difference.witness)) == (difference.ours, difference.theirs)


def test_the_users_own_name_in_a_resource_policy_is_no_difference():
    case = Case(boundary=allows(Action="s3:*"), resource=allows(Principal={"AWS": USER.arn}), on=REPOSITORY + "app")
    assert ours(case) == theirs(case) == "Allow"
