"""Role trust policies, which "must explicitly allow access for principals".

IAM User Guide: id_roles_terms-and-concepts, reference_policies_evaluation-logic.
"""

import pytest

ROLE = "arn:aws:iam::111122223333:role/push"
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{GITHUB}"
ASSUME = ["sts:AssumeRole"]
TRUST = "because no role trust policy allows the sts:AssumeRole action"
IDENTITY = "because no identity-based policy allows the sts:AssumeRole action"


def trusts(**principal):
    return {"Action": "sts:AssumeRole", "Principal": principal}


USER = trusts(AWS="arn:aws:iam::111122223333:user/ana")
ACCOUNT = trusts(AWS="111122223333")
ROOT = trusts(AWS="arn:aws:iam::111122223333:root")
SERVICE = trusts(Service="ecs-tasks.amazonaws.com")
STRANGER = trusts(AWS="arn:aws:iam::444455556666:user/eve")
DENY = {"Effect": "Deny", "Action": "sts:AssumeRole"}

CASES = {
    "a trusted user of the same account needs no policy": ("user", [USER], {}, ""),
    "a trusted account leaves it to the identity policy": ("user", [ACCOUNT], {"identity": ASSUME}, ""),
    "a trusted account root means the account": ("user", [ROOT], {"identity": ASSUME}, ""),
    "a trusted account is not enough alone": ("user", [ACCOUNT], {}, IDENTITY),
    "an identity policy is not enough without trust": ("user", [SERVICE], {"identity": ["*"]}, TRUST),
    "the root user is not trusted by itself": ("root", [SERVICE], {}, TRUST),
    "the root user may be trusted": ("root", [ACCOUNT], {}, ""),
    "a trusted service may assume": ("service", [SERVICE], {}, ""),
    "a service that is not trusted may not": ("service", [USER], {}, TRUST),
    "a service is not everyone of AWS": ("service", [trusts(AWS="*")], {}, TRUST),
    "everyone of AWS of the same account needs no policy": ("user", [trusts(AWS="*")], {}, ""),
    "a role session may be trusted by its role": (
        "session",
        [trusts(AWS="arn:aws:iam::111122223333:role/push")],
        {},
        "",
    ),
    "a boundary limits a role that is trusted": (
        "session",
        [trusts(AWS="arn:aws:iam::111122223333:role/push")],
        {"boundary": ["ecr:*"]},
        "because no permissions boundary allows the sts:AssumeRole action",
    ),
    "a deny in the trust policy wins": (
        "user",
        [USER, DENY],
        {"identity": ["*"]},
        "with an explicit deny in the role trust policy",
    ),
    "a deny in the identity policy wins": (
        "user",
        [USER],
        {"identity": [DENY]},
        "with an explicit deny in an identity-based policy",
    ),
    "a stranger needs both: only trust": ("stranger", [STRANGER], {}, IDENTITY),
    "a stranger needs both: only policy": ("stranger", [USER], {"identity": ASSUME}, TRUST),
    "a stranger needs both: both": ("stranger", [STRANGER], {"identity": ASSUME}, ""),
    "a stranger's account may be trusted": ("stranger", [trusts(AWS="444455556666")], {"identity": ASSUME}, ""),
    "an anonymous request is not trusted": ("anonymous", [USER], {}, TRUST),
}


@pytest.mark.parametrize(("who", "trust", "policies", "words"), CASES.values(), ids=CASES.keys())
def test_assuming_a_role(decide, who, trust, policies, words):
    decision = decide(who=who, action="sts:AssumeRole", on=ROLE, owner="111122223333", trust=trust, **policies)
    assert (decision.allowed, decision.words) == (words == "", words)


@pytest.mark.parametrize(("given", "allowed"), [("12345", True), ("54321", False), (None, False)])
def test_an_external_id_must_be_the_agreed_one(decide, given, allowed):
    trust = [{**STRANGER, "Condition": {"StringEquals": {"sts:ExternalId": "12345"}}}]
    context = {} if given is None else {"sts:ExternalId": given}
    decision = decide(
        who="stranger",
        action="sts:AssumeRole",
        on=ROLE,
        owner="111122223333",
        trust=trust,
        identity=ASSUME,
        context=context,
    )
    assert decision.allowed is allowed


OLD = "repo:octo-org/octo-repo:"
NEW = "repo:octo-org@123456/octo-repo@789012:"
MAIN = "ref:refs/heads/main"
STS = "sts.amazonaws.com"
SUBJECTS = [
    # sub pattern, sub in the token, audience, allowed
    (OLD + "*", OLD + MAIN, STS, True),
    (OLD + MAIN, OLD + MAIN, STS, True),
    (OLD + MAIN, OLD + "pull_request", STS, False),
    (OLD + "*", "repo:octo-org/other:" + MAIN, STS, False),
    (OLD + "*", NEW + MAIN, STS, False),
    (NEW + "*", NEW + MAIN, STS, True),
    (OLD + "*", OLD + MAIN, "https://github.com/octo-org", False),
]


@pytest.mark.parametrize(("pattern", "subject", "audience", "allowed"), SUBJECTS)
def test_a_workflow_of_the_right_repository_may_assume(decide, pattern, subject, audience, allowed):
    trust = [
        {
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": PROVIDER},
            "Condition": {
                "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{GITHUB}:sub": pattern},
            },
        }
    ]
    decision = decide(
        who="web identity",
        action="sts:AssumeRoleWithWebIdentity",
        on=ROLE,
        trust=trust,
        context={f"{GITHUB}:sub": subject, f"{GITHUB}:aud": audience},
    )
    assert decision.allowed is allowed
