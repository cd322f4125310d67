"""A condition on the caller's own ARN or account names the caller as Principal does, and no witness is somebody else.

IAM User Guide, reference_policies_condition-keys: aws:PrincipalArn and aws:PrincipalAccount are the requester's own.
"""

import json

import pytest

from labs.iam import Policies, PolicyKind, Scene, Wanted, excess, lacking, parse_policy

pytestmark = pytest.mark.unit

ACCOUNT, OTHER = "111122223333", "444455556666"
ME = f"arn:aws:iam::{ACCOUNT}:role/me"
USER = f"arn:aws:iam::{OTHER}:user/ana"
SCENE = Scene(account=ACCOUNT, resource=f"arn:aws:iam::{ACCOUNT}:role/lab")
EVERYONE = {"Principal": "*"}
DENY = {"Effect": "Deny", "Principal": "*"}


def trust(*statements):
    listed = [{"Effect": "Allow", "Action": "sts:AssumeRole", **each} for each in statements]
    text = json.dumps({"Version": "2012-10-17", "Statement": listed})
    return Policies(resource=parse_policy(text, PolicyKind.TRUST, "trust"))


def when(operator, key, values, **more):
    return {**EVERYONE, "Condition": {operator: {key: values}}, **more}


def arn(operator, values, **more):
    return when(operator, "aws:PrincipalArn", values, **more)


def account(operator, values, **more):
    return when(operator, "aws:PrincipalAccount", values, **more)


def assume(*principals):
    return [Wanted("sts:AssumeRole", principals={"AWS": list(principals)})]


RIGHT = {
    "everyone called so": ([arn("ArnEquals", ME)], [ME]),
    "as text": ([arn("StringEquals", ME)], [ME]),
    "in other letters": ([when("StringEquals", "AWS:principalARN", ME)], [ME]),
    "one of two": ([arn("ArnEquals", [ME, USER])], [ME, USER]),
    "everyone but who is not called so": ([EVERYONE, arn("ArnNotEquals", ME, **DENY)], [ME]),
    "and as text": ([EVERYONE, arn("StringNotEquals", ME, **DENY)], [ME]),
    "both at once": ([{"Principal": {"AWS": ME}, "Condition": {"ArnEquals": {"aws:PrincipalArn": ME}}}], [ME]),
    "the account, and the name": (
        [{"Principal": {"AWS": ACCOUNT}, "Condition": {"ArnEquals": {"aws:PrincipalArn": ME}}}],
        [ME],
    ),
    "a user of another account": ([arn("ArnEquals", USER)], [USER]),
    "everyone of an account": ([account("StringEquals", OTHER)], [OTHER]),
    "everyone but another account's": ([EVERYONE, account("StringNotEquals", OTHER, **DENY)], [OTHER]),
    "a name that nobody of the account can have": (
        [
            {
                "Principal": {"AWS": ACCOUNT},
                "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}},
            }
        ],
        [ME],
    ),
    "an account, and a name of another": (
        [
            {
                "Principal": "*",
                "Condition": {
                    "StringEquals": {"aws:PrincipalAccount": ACCOUNT},
                    "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:*"},
                },
            }
        ],
        [ME],
    ),
}


@pytest.mark.parametrize(("statements", "who"), RIGHT.values(), ids=RIGHT)
def test_who_is_named_by_a_condition_alone_is_no_excess(statements, who):
    assert excess(trust(*statements), assume(*who), SCENE) == ()


@pytest.mark.parametrize("name", [each for each in RIGHT if "name" not in each])
def test_and_lacks_nothing(name):
    statements, who = RIGHT[name]
    assert lacking(trust(*statements), assume(*who), SCENE) == ()


def test_a_root_user_is_named_as_well_where_one_can_come():
    """It can assume no role; any other call it can make."""
    root = arn("ArnEquals", f"arn:aws:iam::{OTHER}:root")
    assert excess(trust(root), assume(ME), SCENE) == ()
    statement = {"Effect": "Allow", "Action": "ecr:BatchGetImage", **root}
    given = parse_policy({"Version": "2012-10-17", "Statement": [statement]}, PolicyKind.RESOURCE)
    scene = Scene(account=ACCOUNT, resource=f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app")
    (found,) = excess(Policies(resource=given), [], scene)
    assert found.witness.principal.arn == f"arn:aws:iam::{OTHER}:root"


WIDE = {
    "a pattern": ([arn("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/*")], [ME]),
    "a pattern over accounts": ([arn("ArnLike", "arn:aws:iam::*:role/me")], [ME]),
    "two, one of them wanted": ([arn("ArnEquals", [ME, USER])], [ME]),
    "a name's beginning": ([arn("StringLike", f"{ME}*")], [ME]),
    "everyone but one": ([arn("ArnNotEquals", ME)], [USER]),
    "if there is a name": ([arn("ArnEqualsIfExists", ME)], []),
    "an account for one of its roles": ([account("StringEquals", ACCOUNT)], [ME]),
    "two accounts": ([account("StringEquals", [ACCOUNT, OTHER])], [ACCOUNT]),
    "a pattern of accounts": ([account("StringLike", "44*")], [OTHER]),
    "everyone but an account": ([account("StringNotEquals", OTHER)], [ACCOUNT]),
}


@pytest.mark.parametrize(("statements", "who"), WIDE.values(), ids=WIDE)
def test_who_is_let_in_beyond_them_is_shown(statements, who):
    found = excess(trust(*statements), assume(*who) if who else [], SCENE)
    assert [each.place.index for each in found] == [0]
    assert all(each.witness is not None for each in found)


@pytest.mark.parametrize(("statements", "who"), [*WIDE.values(), *RIGHT.values()], ids=[*WIDE, *RIGHT])
def test_a_witness_is_called_what_its_keys_say(statements, who):
    for found in excess(trust(*statements), [], SCENE):
        keys = {key.lower(): value for key, value in found.witness.context.items()}
        caller = found.witness.principal
        assert keys.get("aws:principalarn", caller.identity_arn) == caller.identity_arn
        assert keys.get("aws:principalaccount", caller.account) == caller.account
