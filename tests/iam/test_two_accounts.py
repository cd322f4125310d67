"""Decisions across accounts: "only if both evaluations return a decision of Allow".

IAM User Guide: reference_policies_evaluation-logic-cross-account.
"""

import pytest

OWNER = "111122223333"
EVE = {"Action": "*", "Principal": {"AWS": "arn:aws:iam::444455556666:user/eve"}}
HER_SESSION = {"Action": "*", "Principal": {"AWS": "arn:aws:sts::444455556666:assumed-role/push/lab"}}
HER_ACCOUNT = {"Action": "*", "Principal": {"AWS": "444455556666"}}
OWN_ACCOUNT = {"Action": "*", "Principal": {"AWS": OWNER}}
DENY = {"Effect": "Deny", "Action": "*"}
NOTHING = ["s3:ListAllMyBuckets"]
IDENTITY = "because no identity-based policy allows the ecr:PutImage action"
RESOURCE = "because no resource-based policy allows the ecr:PutImage action"

CASES = {
    "an identity policy alone is not enough": ("stranger", {"identity": ["*"]}, RESOURCE),
    "a resource policy alone is not enough, even by name": ("stranger", {"resource": [EVE]}, IDENTITY),
    "a resource policy for everyone is not enough alone": ("stranger", {"resource": ["*"]}, IDENTITY),
    "a resource policy that names the session is not enough alone": (
        "strange session",
        {"resource": [HER_SESSION]},
        IDENTITY,
    ),
    "both together are enough": ("stranger", {"identity": ["*"], "resource": [EVE]}, ""),
    "the account may be named instead": ("stranger", {"identity": ["*"], "resource": [HER_ACCOUNT]}, ""),
    "everyone may be named instead": ("stranger", {"identity": ["*"], "resource": ["*"]}, ""),
    "the owner's account is not the caller's": ("stranger", {"identity": ["*"], "resource": [OWN_ACCOUNT]}, RESOURCE),
    "the caller's boundary limits": (
        "stranger",
        {"identity": ["*"], "resource": [EVE], "boundary": NOTHING},
        "because no permissions boundary allows the ecr:PutImage action",
    ),
    "the caller's session policy limits": (
        "strange session",
        {"identity": ["*"], "resource": [HER_SESSION], "session": NOTHING},
        "because no session policy allows the ecr:PutImage action",
    ),
    "the caller's deny wins": (
        "stranger",
        {"identity": ["*", DENY], "resource": [EVE]},
        "with an explicit deny in an identity-based policy",
    ),
    "the owner's deny wins": (
        "stranger",
        {"identity": ["*"], "resource": [EVE, DENY]},
        "with an explicit deny in a resource-based policy",
    ),
    "the caller's service control policy limits": (
        "stranger",
        {"identity": ["*"], "resource": [EVE], "scp": NOTHING},
        "because no service control policy allows the ecr:PutImage action",
    ),
    "another account's root has no rights here": ("strange root", {}, RESOURCE),
    "another account's root may be let in": ("strange root", {"resource": [HER_ACCOUNT]}, ""),
}


@pytest.mark.parametrize(("who", "policies", "words"), CASES.values(), ids=CASES.keys())
def test_across_accounts(decide, who, policies, words):
    decision = decide(who=who, owner=OWNER, **policies)
    assert (decision.allowed, decision.words) == (words == "", words)
