"""Decisions within one account. IAM User Guide: reference_policies_evaluation-logic, "Determining whether a request is
allowed or denied within an account", with its table of resource-based policies and implicit denies.
"""

import pytest

ARN = "arn:aws:iam::111122223333:"
USER = {"Action": "*", "Principal": {"AWS": ARN + "user/ana"}}
ROLE = {"Action": "*", "Principal": {"AWS": ARN + "role/push"}}
SESSION = {"Action": "*", "Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/push/lab"}}
FEDERATED = {"Action": "*", "Principal": {"AWS": "arn:aws:sts::111122223333:federated-user/ana"}}
OWN_ACCOUNT = {"Action": "*", "Principal": {"AWS": "111122223333"}}
OTHER_ACCOUNT = {"Action": "*", "Principal": {"AWS": "444455556666"}}
DENY = {"Effect": "Deny", "Action": "*"}
PUBLIC = "*"
NOTHING = ["s3:ListAllMyBuckets"]

IDENTITY = "because no identity-based policy allows the ecr:PutImage action"
BOUNDARY = "because no permissions boundary allows the ecr:PutImage action"
SESSION_WORDS = "because no session policy allows the ecr:PutImage action"
RESOURCE = "because no resource-based policy allows the ecr:PutImage action"

CASES = {
    # name: (who, policies, words of the refusal or "" for an allow)
    "nothing allows, so the request is denied": ("user", {}, IDENTITY),
    "an identity policy is enough": ("user", {"identity": ["*"]}, ""),
    "an identity policy of another action is not": ("user", {"identity": NOTHING}, IDENTITY),
    "an identity policy is enough for a role session": ("session", {"identity": ["*"]}, ""),
    "a resource policy that names the user is enough": ("user", {"resource": [USER]}, ""),
    "a resource policy that names the role is enough": ("session", {"resource": [ROLE]}, ""),
    "a resource policy that names the session is enough": ("session", {"resource": [SESSION]}, ""),
    "a resource policy for everyone is enough": ("user", {"resource": [PUBLIC]}, ""),
    "a resource policy of another principal changes nothing": ("user", {"resource": [ROLE]}, IDENTITY),
    "a resource policy of another principal does not hinder": ("user", {"identity": ["*"], "resource": [ROLE]}, ""),
    "naming the own account delegates and grants nothing": ("user", {"resource": [OWN_ACCOUNT]}, IDENTITY),
    "naming the own account leaves it to the identity policy": (
        "user",
        {"identity": ["*"], "resource": [OWN_ACCOUNT]},
        "",
    ),
    "naming another account does not hinder": ("user", {"identity": ["*"], "resource": [OTHER_ACCOUNT]}, ""),
    "a boundary must allow too": ("user", {"identity": ["*"], "boundary": NOTHING}, BOUNDARY),
    "a boundary alone allows nothing": ("user", {"boundary": ["*"]}, IDENTITY),
    "identity and boundary together allow": ("user", {"identity": ["*"], "boundary": ["*"]}, ""),
    "a session policy must allow too": ("session", {"identity": ["*"], "session": NOTHING}, SESSION_WORDS),
    "a session policy alone allows nothing": ("session", {"session": ["*"]}, IDENTITY),
    "identity, boundary and session policy together allow": (
        "session",
        {"identity": ["*"], "boundary": ["*"], "session": ["*"]},
        "",
    ),
    "the boundary is named before the session policy": (
        "session",
        {"identity": ["*"], "boundary": NOTHING, "session": NOTHING},
        BOUNDARY,
    ),
    "a user who is named is not limited by a boundary": ("user", {"resource": [USER], "boundary": NOTHING}, ""),
    "a role that is named is limited by its boundary": ("session", {"resource": [ROLE], "boundary": NOTHING}, BOUNDARY),
    "a role that is named is limited by a session policy": (
        "session",
        {"resource": [ROLE], "session": NOTHING},
        SESSION_WORDS,
    ),
    "a role that is named passes boundary and session policy that allow": (
        "session",
        {"resource": [ROLE], "boundary": ["*"], "session": ["*"]},
        "",
    ),
    "a session that is named is not limited by a boundary": (
        "session",
        {"resource": [SESSION], "boundary": NOTHING},
        "",
    ),
    "a session that is named is not limited by a session policy": (
        "session",
        {"resource": [SESSION], "session": NOTHING},
        "",
    ),
    "everyone is not limited by boundary or session policy": (
        "session",
        {"resource": [PUBLIC], "boundary": NOTHING, "session": NOTHING},
        "",
    ),
    "the most direct of several grants counts": (
        "session",
        {"resource": [OWN_ACCOUNT, ROLE, SESSION], "boundary": NOTHING},
        "",
    ),
    "the most direct of several grants counts in any order": (
        "session",
        {"resource": [SESSION, ROLE, OWN_ACCOUNT], "boundary": NOTHING},
        "",
    ),
    "everyone of AWS is not limited by boundary or session policy": (
        "session",
        {"resource": [{"Action": "*", "Principal": {"AWS": "*"}}], "boundary": NOTHING, "session": NOTHING},
        "",
    ),
    "a root session is limited by its session policy": ("root", {"session": NOTHING}, SESSION_WORDS),
    "a role asked about by itself is limited like its sessions": (
        "role",
        {"resource": [ROLE], "boundary": NOTHING},
        BOUNDARY,
    ),
    "a role asked about by itself is granted like its sessions": ("role", {"resource": [ROLE]}, ""),
    "a federated user who is named is not limited": (
        "federated user",
        {"resource": [FEDERATED], "session": NOTHING},
        "",
    ),
    "a federated user whose user is named is limited by the session policy": (
        "federated user",
        {"resource": [USER], "session": NOTHING},
        SESSION_WORDS,
    ),
    "a federated user without a session policy may do nothing": ("federated user", {"identity": ["*"]}, SESSION_WORDS),
    "a federated user has what user and session policy share": (
        "federated user",
        {"identity": ["*"], "session": ["*"]},
        "",
    ),
    "the root user needs no policy": ("root", {}, ""),
    "the root user is stopped by a deny of the resource": (
        "root",
        {"resource": [DENY]},
        "with an explicit deny in a resource-based policy",
    ),
    "a service needs a resource policy": ("service", {"identity": ["*"]}, RESOURCE),
    "a service that is named is allowed": (
        "service",
        {"resource": [{"Action": "*", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]},
        "",
    ),
    "a service is not part of any account": ("service", {"resource": [OWN_ACCOUNT]}, RESOURCE),
    "an anonymous request needs a resource policy": ("anonymous", {}, RESOURCE),
    "an anonymous request is allowed where everyone is": ("anonymous", {"resource": [PUBLIC]}, ""),
    "an anonymous request is not allowed where someone is": ("anonymous", {"resource": [USER]}, RESOURCE),
    "a deny of the identity policy wins over every allow": (
        "session",
        {"identity": ["*", DENY], "resource": [SESSION]},
        "with an explicit deny in an identity-based policy",
    ),
    "a deny of the resource policy wins": (
        "user",
        {"identity": ["*"], "resource": [DENY]},
        "with an explicit deny in a resource-based policy",
    ),
    "a deny of the boundary wins even over a direct grant": (
        "user",
        {"identity": ["*"], "resource": [USER], "boundary": ["*", DENY]},
        "with an explicit deny in a permissions boundary",
    ),
    "a deny of the session policy wins even over a direct grant": (
        "session",
        {"identity": ["*"], "resource": [SESSION], "session": ["*", DENY]},
        "with an explicit deny in a session policy",
    ),
    "a KMS key policy that does not name the principal hides the identity policy": (
        "user",
        {"identity": ["*"], "resource": [OTHER_ACCOUNT], "action": "kms:Decrypt"},
        "because no resource-based policy allows the kms:Decrypt action",
    ),
    "a KMS key policy that names the account lets the identity policy decide": (
        "user",
        {"identity": ["*"], "resource": [OWN_ACCOUNT], "action": "kms:Decrypt"},
        "",
    ),
}


@pytest.mark.parametrize(("who", "policies", "words"), CASES.values(), ids=CASES.keys())
def test_within_one_account(decide, who, policies, words):
    decision = decide(who=who, **policies)
    assert (decision.allowed, decision.words) == (words == "", words)


def test_naming_the_account_as_the_resources_owner_changes_nothing(decide):
    assert decide(who="user", identity=["*"], owner="111122223333").allowed


def test_an_empty_list_of_session_policies_does_not_limit(decide):
    assert decide(who="session", identity=["*"], session=None).allowed


def test_the_decision_names_the_statement_that_decided(decide):
    statements = ["ecr:BatchGetImage", {"Sid": "Push", "Action": "ecr:PutImage"}]
    found = decide(identity=statements).statement
    assert (found.policy, found.sid, found.index) == ("identity-based policy", "Push", 1)
    denied = decide(identity=[*statements, {"Sid": "Stop", "Effect": "Deny", "Action": "ecr:Put*"}]).statement
    assert (denied.sid, denied.index) == ("Stop", 2)
    assert decide(identity=["ecr:BatchGetImage"]).statement is None
