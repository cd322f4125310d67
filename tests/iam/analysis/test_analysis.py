"""What policies may ever allow, beyond what is wanted or short of it: one row a kind of mistake, or of honest spelling.

IAM User Guide: reference_policies_elements, reference_policies_evaluation-logic, reference_policies_condition-keys.
"""

import json
from datetime import UTC, datetime

import pytest

from labs.iam import (
    Policies,
    PolicyKind,
    Principal,
    PrincipalKind,
    Scene,
    Truth,
    Wanted,
    analyse,
    evaluate,
    excess,
    lacking,
    parse_policy,
)

ACCOUNT = "111122223333"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"
SIX = ["BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "InitiateLayerUpload", "PutImage",
       "UploadLayerPart"]  # fmt: skip
NEEDED = [f"ecr:{name}" for name in (*SIX, "GetDownloadUrlForLayer")]
TOKEN = "ecr:GetAuthorizationToken"
WANTED = [Wanted(NEEDED, REPOSITORY), Wanted(TOKEN)]
ROLE = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/push/lab", ACCOUNT, PrincipalKind.ROLE_SESSION)
USER = Principal(f"arn:aws:iam::{ACCOUNT}:user/ana", ACCOUNT, PrincipalKind.USER)
SCENE = Scene(ROLE, ACCOUNT, now=datetime(2026, 11, 30, tzinfo=UTC))


def allow(actions, resources="*", condition=None, **more):
    made = {"Effect": "Allow", "Action": actions, "Resource": resources, **more}
    return {key: value for key, value in {**made, "Condition": condition}.items() if value is not None}


def deny(actions, resources="*", condition=None, **more):
    return {**allow(actions, resources, condition, **more), "Effect": "Deny"}


def document(statements, kind=PolicyKind.IDENTITY, name="push", version="2012-10-17"):
    return parse_policy(json.dumps({"Version": version, "Statement": statements}, indent=1), kind, name)


def identity(*statements, version="2012-10-17", **others):
    """The policies of a role: statements of one identity policy, and statements of other kinds by keyword."""
    kinds = {"boundary": PolicyKind.BOUNDARY, "session": PolicyKind.SESSION}
    made = {kind: document(given, kinds[kind], kind) for kind, given in others.items()}
    if "session" in made:
        made["session"] = (made["session"],)
    return Policies(identity=(document(list(statements), version=version),), **made)


PUSH, LOGIN = allow(NEEDED, REPOSITORY), allow(TOKEN)
EVERYTHING = allow("*")
TAG = "aws:PrincipalTag/team"


def under(**condition):
    """Everything, under one condition: ``under(StringEquals=("aws:x", "value"))``."""
    listed = {operator.replace("__", ":"): {key: value} for operator, (key, value) in condition.items()}
    return allow("*", condition=listed)


# What is added to the right policy -> an action that is then too much, and on what.
TOO_MUCH = {
    "a condition that every request of today meets": (under(DateGreaterThan=("aws:CurrentTime", "2020-01-01")), "iam:"),
    "the time in seconds": (under(NumericGreaterThan=("aws:EpochTime", "1577836800")), "iam:"),
    "an address": (under(IpAddress=("aws:SourceIp", "203.0.113.0/24")), "iam:"),
    "not an address": (under(NotIpAddress=("aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"])), "iam:"),
    "a second factor": (under(Bool=("aws:MultiFactorAuthPresent", "true")), "iam:"),
    "a second factor, if there is one": (under(BoolIfExists=("aws:MultiFactorAuthPresent", "true")), "iam:"),
    "a user agent": (under(StringLike=("aws:UserAgent", "*docker*")), "iam:"),
    "a region": (under(StringEquals=("aws:RequestedRegion", "eu-west-1")), "iam:"),
    "a tag of the principal": (under(StringEquals=(TAG, "blue")), "iam:"),
    "a tag whose name is in other letters": (under(StringEquals=("AWS:principaltag/TEAM", "blue")), "iam:"),
    "two tags that must be alike": (
        under(StringEquals=("aws:ResourceTag/team", "${aws:PrincipalTag/team}")),
        "iam:",
    ),
    "a key that is absent": (under(Null=("aws:SourceVpce", "true")), "iam:"),
    "a key that nobody knows": (under(StringEquals=("new-service:Key", "x")), "iam:"),
    "tag keys, each of which may be": (under(ForAllValues__StringEquals=("aws:TagKeys", ["a"])), "iam:"),
    "tag keys, two of which there are": (
        under(ForAnyValue__StringEquals=("aws:TagKeys", "a"), ForAnyValue__StringLike=("aws:TagKeys", "b*")),
        "iam:",
    ),
    "the principal that asks": (under(ArnLike=("aws:PrincipalArn", "arn:aws:iam::*:role/p*")), "iam:"),
    "any of two conditions in one": (under(StringEquals=(TAG, ["blue", "red"])), "iam:"),
    "another service": (allow("dynamodb:*"), "dynamodb:"),
    "a service that the catalogue does not know": (allow("brand-new:*"), "brand-new:"),
    "an action that the catalogue does not know": (allow("ecr:PutImages", REPOSITORY), "ecr:PutImages"),
    "an action of every service": (allow("*:Create*"), ""),
    "any action whose name has a letter": (allow("*:*e*"), ""),
    "one more action": (allow("ecr:DescribeImages", REPOSITORY), "ecr:DescribeImages"),
    "one more action by a wildcard": (allow("ecr:PutImage*", REPOSITORY), "ecr:PutImageS"),
    "one more action by question marks": (allow("ecr:?????mages", REPOSITORY), "ecr:ListImages"),
    "all actions but some": (allow(None, REPOSITORY, NotAction=["ecr:*", "iam:*"]), ""),
    "another repository by a question mark": (allow(NEEDED, REPOSITORY[:-1] + "?"), "ecr:"),
    "another repository by a star": (allow(NEEDED, REPOSITORY + "*"), "ecr:"),
    "another repository whose name is longer": (allow(NEEDED, REPOSITORY + "2"), "ecr:"),
    "another account": (allow(NEEDED, REPOSITORY.replace(ACCOUNT, "*")), "ecr:"),
    "another region": (allow(NEEDED, REPOSITORY.replace("us-east-1", "us-*-1")), "ecr:"),
    "every resource but one": (allow(NEEDED, None, NotResource=REPOSITORY), "ecr:"),
    "every resource but those of the account": (
        allow("ecr:PutImage", None, NotResource=f"arn:aws:ecr:*:{ACCOUNT}:*"),
        "ecr:",
    ),
    "a resource by a variable": (allow("s3:GetObject", "arn:aws:s3:::home/${aws:PrincipalTag/team}/*"), "s3:GetObject"),
    "a resource by a variable with a default": (
        allow("ecr:PutImage", REPOSITORY[:-3] + "${aws:PrincipalTag/team, 'other'}"),
        "ecr:PutImage",
    ),
    "what one deny of several leaves": (allow("s3:*"), "s3:"),
}


@pytest.mark.parametrize(("added", "action"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_access_beyond_what_is_wanted_is_shown_by_a_request(added, action):
    policies = identity(PUSH, LOGIN, added)
    found = excess(policies, WANTED, SCENE)
    assert found
    for each in found:
        assert each.place.index == 2
        assert each.place.line > 1
        assert evaluate(each.witness, policies).allowed
        assert each.witness.action.startswith(action) or len(found) > 1
    assert any(each.witness.action.startswith(action) for each in found)


NEVER = {
    "a date that is over": under(DateLessThan=("aws:CurrentTime", "2020-01-01")),
    "a date that is over, in seconds": under(NumericLessThan=("aws:EpochTime", "1577836800")),
    "a date that is over, by day": under(DateEquals=("aws:CurrentTime", "2026-11-29")),
    "a range that is none": under(
        DateGreaterThan=("aws:CurrentTime", "2030-01-01"), DateLessThan=("aws:CurrentTime", "2029-01-01")
    ),
    "a range that is none, told by two keys": under(
        DateGreaterThan=("aws:CurrentTime", "2030-01-01"), NumericLessThan=("aws:EpochTime", "1861920000")
    ),
    "numbers below and above": under(
        NumericLessThan=("s3:max-keys", "5"), NumericGreaterThanEquals=("s3:max-keys", "5")
    ),
    "two different values": under(StringEquals=(TAG, "blue"), StringLike=(TAG, "red*")),
    "a value and not that value": under(StringEquals=(TAG, "blue"), StringNotEquals=(TAG, ["blue", "red"])),
    "a value without regard to case and another": under(StringEqualsIgnoreCase=(TAG, "BLUE"), StringLike=(TAG, "r*")),
    "patterns that have no text in common": under(StringLike=(TAG, "a*b"), StringNotLike=(TAG, ["a*b", "x"])),
    "an empty list": under(StringEquals=(TAG, [])),
    "a value, and no value": under(StringEquals=(TAG, "blue"), Null=(TAG, "true")),
    "a key that is always there, absent": under(Null=("aws:CurrentTime", "true")),
    "addresses apart": under(
        IpAddress=("aws:SourceIp", "10.0.0.0/8"), IpAddressIfExists=("aws:SourceIp", "192.0.2.0/24")
    ),
    "an address within and not around": under(
        IpAddress=("aws:SourceIp", "10.1.0.0/16"), NotIpAddress=("aws:SourceIp", "10.0.0.0/8")
    ),
    "neither true nor false": under(StringNotEquals=("aws:SecureTransport", ["true", "false"])),
    "a number that is none": under(NumericEquals=("s3:max-keys", "ten")),
    "ARNs of two services": under(
        ArnLike=("aws:SourceArn", "arn:aws:s3:::*"), ArnEquals=("aws:SourceArn", "arn:aws:ecs:*")
    ),
    "somebody else": under(StringEquals=("aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/other")),
    "a user's name, of a role": under(StringLike=("aws:username", "*")),
    "tag keys of which each is and one is not": under(
        ForAllValues__StringEquals=("aws:TagKeys", ["a"]), ForAnyValue__StringLike=("aws:TagKeys", "b*")
    ),
    "an action that no action is": allow("ecr:PutImage", None, NotResource="*"),
    "an action but every action": allow(None, NotAction="*"),
    "a resource by a variable that a role has not": allow("s3:*", "arn:aws:s3:::home/${aws:username}"),
}


@pytest.mark.parametrize("added", NEVER.values(), ids=NEVER)
def test_a_contradiction_is_no_access(added):
    assert excess(identity(PUSH, LOGIN, added), WANTED, SCENE) == ()


OVER = {"DateLessThan": {"aws:CurrentTime": "2020-01-01"}}
# The right policy, spelled otherwise.
RIGHT = {
    "in another order": [LOGIN, allow(NEEDED[::-1], [REPOSITORY])],
    "in other letters": [allow([each.upper() for each in NEEDED], REPOSITORY), allow("ECR:getauthorizationtoken")],
    "a statement for each action": [*(allow(each, REPOSITORY) for each in NEEDED), LOGIN],
    "the token with the repository as well": [allow([*NEEDED, TOKEN], REPOSITORY), LOGIN],
    "a wildcard that only one action matches": [
        allow(
            ["ecr:PutImag?", "ecr:*LayerUpload", "ecr:BatchCheck*", "ecr:BatchGetIm*", "ecr:Upl*", "ecr:GetDown*"],
            REPOSITORY,
        ),
        LOGIN,
    ],
    "all, and denies that take off the rest": [
        EVERYTHING,
        deny(None, NotAction=[*NEEDED, TOKEN]),
        deny(NEEDED, None, NotResource=REPOSITORY),
    ],
    "all of ECR on the repository, and a deny of the rest": [
        allow("ecr:*", REPOSITORY),
        LOGIN,
        deny(None, NotAction=[*NEEDED, TOKEN]),
    ],
    "a condition that always holds": [
        allow(NEEDED, REPOSITORY, {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}}),
        allow(TOKEN, condition={"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/push"}}),
    ],
    "either with or without TLS": [
        allow(NEEDED, REPOSITORY, {"Bool": {"aws:SecureTransport": "true"}}),
        allow(NEEDED, REPOSITORY, {"Bool": {"aws:SecureTransport": "false"}}),
        LOGIN,
    ],
    "a deny that never applies": [PUSH, LOGIN, deny("*", condition=OVER)],
    "a deny of something else": [PUSH, LOGIN, deny("ecr:DeleteRepository")],
    "a list that says the same twice": [PUSH, PUSH, LOGIN, allow(TOKEN, [REPOSITORY, "*"])],
    "statements without what they are about": [PUSH, LOGIN, allow(None, NotAction=["*"])],
}


@pytest.mark.parametrize("statements", RIGHT.values(), ids=RIGHT)
def test_the_right_access_is_right_however_it_is_written(statements):
    assert excess(identity(*statements), WANTED, SCENE) == ()
    assert lacking(identity(*statements), WANTED, SCENE) == ()


LOCAL = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
LACKS = {
    # name: (statements, the lacking actions, for certain?, the conditions)
    "one action": ([allow(NEEDED[:6], REPOSITORY), LOGIN], NEEDED[6:], True, []),
    "the token": ([PUSH], [TOKEN], True, []),
    "the token, given for the repository alone": ([allow([*NEEDED, TOKEN], REPOSITORY)], [TOKEN], True, []),
    "everything, elsewhere": ([allow(NEEDED, REPOSITORY + "2"), LOGIN], NEEDED, True, []),
    "a misspelt action": ([allow([*NEEDED[:6], "ecr:GetDownloadUrl"], REPOSITORY), LOGIN], NEEDED[6:], True, []),
    "what is denied": ([PUSH, LOGIN, deny("ecr:PutImage")], ["ecr:PutImage"], True, []),
    "what a condition that is never true gives": (
        [allow(NEEDED, REPOSITORY, OVER), LOGIN],
        NEEDED,
        True,
        [],
    ),
    "what another condition contradicts": (
        [allow(NEEDED, REPOSITORY, LOCAL), LOGIN, deny(NEEDED, condition=LOCAL)],
        NEEDED,
        True,
        [],
    ),
    "what a condition narrows": (
        [allow(NEEDED, REPOSITORY, LOCAL), LOGIN],
        NEEDED,
        False,
        ["IpAddress aws:SourceIp 127.0.0.0/8"],
    ),
    "what a deny takes off at times": (
        [PUSH, LOGIN, deny("ecr:PutImage", condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
        ["ecr:PutImage"],
        False,
        ["Bool aws:MultiFactorAuthPresent false"],
    ),
}


@pytest.mark.parametrize(("statements", "actions", "certain", "conditions"), LACKS.values(), ids=LACKS)
def test_what_is_missing_is_told_and_whether_a_condition_decides(statements, actions, certain, conditions):
    policies = identity(*statements)
    found = lacking(policies, WANTED, SCENE)
    assert {action for each in found for action in each.actions} == set(actions)
    for each in found:
        assert each.certain is certain
        assert [str(condition) for condition in each.conditions] == conditions
        assert not evaluate(each.witness, policies).allowed


def test_a_deny_that_is_in_the_way_is_named_with_its_place():
    (found,) = lacking(identity(PUSH, LOGIN, deny("ecr:Put*", Sid="NoPush")), WANTED, SCENE)
    assert (found.denied_by.index, found.denied_by.sid, found.denied_by.line > 20) == (2, "NoPush", True)


def test_one_of_many_objects_may_be_missing_for_certain():
    wanted = [Wanted("s3:GetObject", "arn:aws:s3:::bucket/*")]
    (found,) = lacking(identity(allow("s3:GetObject", "arn:aws:s3:::bucket/a*")), wanted, SCENE)
    assert found.certain
    assert found.resource == "arn:aws:s3:::bucket/*"
    assert not found.witness.resource.startswith("arn:aws:s3:::bucket/a")


def test_a_boundary_takes_off_what_it_does_not_allow():
    assert excess(identity(EVERYTHING, boundary=[PUSH, LOGIN]), WANTED, SCENE) == ()
    assert lacking(identity(EVERYTHING, boundary=[PUSH, LOGIN]), WANTED, SCENE) == ()
    assert lacking(identity(PUSH, LOGIN, boundary=[allow("s3:*")]), WANTED, SCENE)
    (found,) = excess(identity(EVERYTHING, boundary=[PUSH, LOGIN, allow("ecr:ListImages")]), WANTED, SCENE)
    assert (found.actions, found.place.policy) == (("ecr:ListImages",), "push")


def test_boundary_and_session_policies_may_only_allow_together():
    narrow = identity(EVERYTHING, boundary=[allow("ecr:*")], session=[allow("*", REPOSITORY)])
    found = excess(narrow, WANTED, SCENE)
    assert {each.witness.resource for each in found} == {REPOSITORY}
    apart = identity(EVERYTHING, boundary=[allow("ecr:*")], session=[allow("s3:*")])
    assert excess(apart, (), SCENE) == ()


def test_several_documents_are_judged_together():
    policies = Policies(identity=(document([PUSH, LOGIN]), document([allow("s3:GetObject")], name="second")))
    (found,) = excess(policies, WANTED, SCENE)
    assert found.place.policy == "second"
    taken = Policies(identity=(*policies.identity, document([deny("s3:*")], name="third")))
    assert excess(taken, WANTED, SCENE) == ()


def test_version_2008_takes_a_variable_literally():
    policies = identity(allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}"), version="2008-10-17")
    (found,) = analyse(policies, SCENE)
    assert found.witness.resource == "arn:aws:s3:::b/${aws:username}"


def test_a_variable_is_the_same_on_both_sides():
    home = "arn:aws:s3:::home/${aws:username}"
    scene = Scene(account=ACCOUNT)
    assert excess(identity(allow("s3:GetObject", home + "/a*")), [Wanted("s3:GetObject", home + "/*")], scene) == ()
    (found,) = excess(identity(allow("s3:GetObject", home + "*")), [Wanted("s3:GetObject", home + "/*")], scene)
    assert "aws:username" in found.witness.context
    user = Scene(USER)
    assert excess(identity(allow("s3:*", home)), [Wanted("s3:*", "arn:aws:s3:::home/ana")], user) == ()


def test_conditions_are_wanted_too():
    tls = {"Bool": {"aws:SecureTransport": "true"}}
    wanted = [Wanted("s3:GetObject", "arn:aws:s3:::b/*", tls)]
    assert excess(identity(allow("s3:GetObject", "arn:aws:s3:::b/*", tls)), wanted, SCENE) == ()
    (found,) = excess(identity(allow("s3:GetObject", "arn:aws:s3:::b/*")), wanted, SCENE)
    assert found.witness.context["aws:SecureTransport"] == "false"


def test_other_policies_can_be_what_is_wanted():
    before, after = identity(PUSH, LOGIN), identity(PUSH, LOGIN, allow("ecr:ListImages", REPOSITORY))
    assert excess(before, after, SCENE) == lacking(after, before, SCENE) == ()
    assert excess(after, before, SCENE)[0].actions == lacking(before, after, SCENE)[0].actions == ("ecr:ListImages",)


def test_analyse_tells_what_a_statement_gives_and_under_which_conditions():
    dated = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}, **LOCAL}
    found = analyse(identity(allow("ecr:Batch*", REPOSITORY, dated), deny("ecr:BatchDelete*")), SCENE)
    assert [each.count for each in found] == [4]
    assert found[0].resources == (REPOSITORY,)
    assert [(each.condition.key, each.truth) for each in found[0].conditions] == [
        ("aws:CurrentTime", Truth.ALWAYS),
        ("aws:SourceIp", Truth.OPEN),
    ]
    assert found[0].witness.context["aws:SourceIp"].startswith("127.")


def test_the_place_is_that_of_the_action_or_of_the_resource():
    text = '{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow",\n  "Action": ["ecr:PutImage",\n   "s3:*"],\n'
    policies = Policies(identity=(parse_policy(text + '  "Resource": "*"}}', name="p"),))
    places = {each.actions[0][:3]: (each.place.line, each.place.column) for each in excess(policies, WANTED, SCENE)}
    assert places == {"ecr": (5, 15), "s3:": (4, 4)}


def test_what_takes_too_long_is_not_called_none():
    """Sixty patterns that overlap in every way, and a deny for each: no end of combinations."""
    letters = "abcdefghijklmnop"
    parts = [f"arn:aws:s3:::b/*{one}*{other}*{one}*" for one in letters[:6] for other in letters[6:]]
    policies = identity(allow("s3:GetObject", "arn:aws:s3:::b/*"), deny("s3:GetObject", None, NotResource=parts))
    (found,) = excess(policies, [Wanted("s3:GetObject", parts[:-1])], SCENE)
    assert found.witness is not None or found.unclear
