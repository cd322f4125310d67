"""Principal and NotPrincipal. IAM User Guide: reference_policies_elements_principal, ..._notprincipal."""

import pytest

ARN = "arn:aws:iam::111122223333:"
SESSION = "arn:aws:sts::111122223333:assumed-role/push/lab"
PROVIDER = ARN + "oidc-provider/token.actions.githubusercontent.com"
EVERYBODY = (
    "user",
    "session",
    "root",
    "service",
    "federated user",
    "web identity",
    "anonymous",
    "stranger",
)
# Principal element, and whom a Deny with it meets.
NAMED = [
    ("*", EVERYBODY),
    ({"AWS": "*"}, ("user", "session", "root", "federated user", "anonymous", "stranger")),
    ({"AWS": "111122223333"}, ("user", "session", "root", "federated user")),
    ({"AWS": ARN + "root"}, ("user", "session", "root", "federated user")),
    ({"AWS": "444455556666"}, ("stranger",)),
    ({"AWS": ["444455556666", ARN + "user/ana"]}, ("user", "federated user", "stranger")),
    ({"AWS": ARN + "user/ana"}, ("user", "federated user")),
    ({"AWS": ARN + "user/Ana"}, ()),
    ({"AWS": ARN + "user/an"}, ()),
    ({"AWS": ARN + "role/push"}, ("session",)),
    ({"AWS": ARN + "role/pus"}, ()),
    ({"AWS": SESSION}, ("session",)),
    ({"AWS": SESSION[:-1]}, ()),
    ({"AWS": "arn:aws:sts::111122223333:federated-user/ana"}, ("federated user",)),
    ({"Service": "ecs-tasks.amazonaws.com"}, ("service",)),
    ({"Service": ["ec2.amazonaws.com", "ECS-tasks.amazonaws.com"]}, ("service",)),
    ({"Service": "ec2.amazonaws.com"}, ()),
    ({"Federated": PROVIDER}, ("web identity",)),
    ({"Federated": "accounts.google.com"}, ()),
    ({"AWS": PROVIDER}, ()),
    ({"AWS": ARN + "user/ana", "Service": "ecs-tasks.amazonaws.com"}, ("user", "federated user", "service")),
    ({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, ()),
]
CASES = [(element, who, who in met) for element, met in NAMED for who in EVERYBODY]


@pytest.mark.parametrize(("element", "who", "met"), CASES)
def test_a_principal_element_means_these_and_no_others(decide, element, who, met):
    deny = {"Effect": "Deny", "Principal": element, "Action": "*"}
    decision = decide(who=who, resource=[deny, "*"])
    assert (decision.words == "with an explicit deny in a resource-based policy") is met


def test_a_role_is_named_by_its_arn_with_the_path(decide):
    who = "session of a role with a path"
    for arn, met in [(ARN + "role/team/push", True), (ARN + "role/push", False)]:
        deny = {"Effect": "Deny", "Principal": {"AWS": arn}, "Action": "*"}
        assert decide(who=who, identity=["*"], resource=[deny]).allowed is not met


SPARED = [
    # NotPrincipal element, and whom a Deny with it spares.
    ({"AWS": [ARN + "user/ana", ARN + "root"]}, ("user", "root")),
    ({"AWS": ARN + "user/ana"}, ("user",)),
    ({"AWS": ARN + "root"}, ("root",)),
    ({"AWS": [SESSION, ARN + "role/push", ARN + "root"]}, ("session", "root")),
    # The role alone does not spare its sessions.
    ({"AWS": [ARN + "role/push", ARN + "root"]}, ("root",)),
    ({"Service": "ecs-tasks.amazonaws.com"}, ("service",)),
]


@pytest.mark.parametrize(
    ("element", "who", "spared"), [(e, who, who in spared) for e, spared in SPARED for who in EVERYBODY]
)
def test_deny_with_not_principal_spares_only_the_very_principal(decide, element, who, spared):
    deny = {"Effect": "Deny", "NotPrincipal": element, "Action": "*"}
    assert (decide(who=who, resource=[deny, "*"]).kind.value != "explicitDeny") is spared


def test_deny_with_not_principal_always_meets_a_principal_with_a_boundary(decide):
    """access_policies_boundaries: "regardless of the values specified in the NotPrincipal element"."""
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": [ARN + "user/ana", ARN + "root"]}, "Action": "*"}
    assert decide(who="user", identity=["*"], resource=[deny]).allowed
    assert not decide(who="user", identity=["*"], boundary=["*"], resource=[deny]).allowed


@pytest.mark.parametrize(("who", "allowed"), [("user", False), ("anonymous", True), ("service", True)])
def test_allow_with_not_principal_allows_everyone_else_even_anonymous(decide, who, allowed):
    statement = {"NotPrincipal": {"AWS": ARN + "user/ana"}, "Action": "*"}
    assert decide(who=who, resource=[statement]).allowed is allowed
