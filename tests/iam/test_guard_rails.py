"""Service and resource control policies, and VPC endpoint policies: they limit and never grant.

IAM User Guide: reference_policies_evaluation-logic; AWS Organizations User Guide:
orgs_manage_policies_scps_evaluation; AWS PrivateLink guide: vpc-endpoints-access.
"""

import pytest

DENY = {"Effect": "Deny", "Action": "ecr:Put*"}
NOTHING = ["s3:ListAllMyBuckets"]
USER = {"Action": "*", "Principal": {"AWS": "arn:aws:iam::111122223333:user/ana"}}
SCP = "because no service control policy allows the ecr:PutImage action"
RCP = "because no resource control policy allows the ecr:PutImage action"
ENDPOINT = "because no VPC endpoint policy allows the ecr:PutImage action"

CASES = {
    "a service control policy grants nothing": (
        "user",
        {"scp": ["*"]},
        "because no identity-based policy allows the ecr:PutImage action",
    ),
    "a service control policy must allow": ("user", {"identity": ["*"], "scp": NOTHING}, SCP),
    "a service control policy that allows lets pass": ("user", {"identity": ["*"], "scp": ["ecr:*"]}, ""),
    "a deny of a service control policy wins": (
        "user",
        {"identity": ["*"], "scp": ["*", DENY]},
        "with an explicit deny in a service control policy",
    ),
    "a service control policy limits the root user": ("root", {"scp": NOTHING}, SCP),
    "a deny of a service control policy stops the root user": (
        "root",
        {"scp": ["*", DENY]},
        "with an explicit deny in a service control policy",
    ),
    "a service control policy limits a direct grant": ("user", {"resource": [USER], "scp": NOTHING}, SCP),
    "a service control policy is not about services": ("service", {"resource": ["*"], "scp": NOTHING}, ""),
    "a service control policy is not about anonymous requests": ("anonymous", {"resource": ["*"], "scp": [DENY]}, ""),
    "service control policies must allow at every level": (
        "user",
        {"identity": ["*"], "scp": [["*"], ["ecr:*"], ["ecr:PutImage"]]},
        "",
    ),
    "a level without an allow stops, however wide the others": (
        "user",
        {"identity": ["*"], "scp": [["*"], NOTHING, ["*"]]},
        SCP,
    ),
    "the root's deny stops what the account's own level allows": (
        "user",
        {"identity": ["*"], "scp": [["*", DENY], ["*"]]},
        "with an explicit deny in a service control policy",
    ),
    "the account's own deny stops what the root allows": (
        "user",
        {"identity": ["*"], "scp": [["*"], ["*", DENY]]},
        "with an explicit deny in a service control policy",
    ),
    "resource control policies must allow at every level": (
        "anonymous",
        {"resource": ["*"], "rcp": [["*"], NOTHING]},
        RCP,
    ),
    "a resource control policy must allow": ("user", {"identity": ["*"], "rcp": NOTHING}, RCP),
    "a resource control policy limits anonymous requests": ("anonymous", {"resource": ["*"], "rcp": NOTHING}, RCP),
    "a deny of a resource control policy wins": (
        "user",
        {"identity": ["*"], "rcp": ["*", DENY]},
        "with an explicit deny in a resource control policy",
    ),
    "a service control policy does not bind a service-linked role": (
        "session of a service-linked role",
        {"identity": ["*"], "scp": NOTHING},
        "",
    ),
    "a deny of a service control policy does not bind a service-linked role": (
        "session of a service-linked role",
        {"identity": ["*"], "scp": ["*", DENY]},
        "",
    ),
    "a resource control policy does not bind a service-linked role": (
        "session of a service-linked role",
        {"identity": ["*"], "rcp": [DENY]},
        "",
    ),
    "a boundary binds a service-linked role": (
        "session of a service-linked role",
        {"identity": ["*"], "boundary": NOTHING},
        "because no permissions boundary allows the ecr:PutImage action",
    ),
    "an endpoint policy grants nothing": (
        "user",
        {"endpoint": ["*"]},
        "because no identity-based policy allows the ecr:PutImage action",
    ),
    "an endpoint policy must allow": ("session", {"identity": ["*"], "endpoint": NOTHING}, ENDPOINT),
    "an endpoint policy must allow what a resource policy grants": (
        "user",
        {"resource": [USER], "endpoint": NOTHING},
        ENDPOINT,
    ),
    "an endpoint policy limits the root user": ("root", {"endpoint": NOTHING}, ENDPOINT),
    "an endpoint policy that allows lets pass": ("session", {"identity": ["*"], "endpoint": ["*"]}, ""),
    "an endpoint policy for another principal stops": (
        "session",
        {"identity": ["*"], "endpoint": [USER]},
        ENDPOINT,
    ),
    "an endpoint policy for the account lets pass": (
        "session",
        {"identity": ["*"], "endpoint": [{"Action": "*", "Principal": {"AWS": "111122223333"}}]},
        "",
    ),
    "a deny of an endpoint policy wins": (
        "session",
        {"identity": ["*"], "endpoint": ["*", DENY]},
        "with an explicit deny in a VPC endpoint policy",
    ),
}


@pytest.mark.parametrize(("who", "policies", "words"), CASES.values(), ids=CASES.keys())
def test_guard_rails(decide, who, policies, words):
    decision = decide(who=who, **policies)
    assert (decision.allowed, decision.words) == (words == "", words)


@pytest.mark.parametrize(
    ("on", "allowed"),
    [
        ("arn:aws:s3:::prod-us-east-1-starport-layer-bucket/abc", True),
        ("arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/abc", False),
    ],
)
def test_the_s3_endpoint_policy_of_the_ecr_guide_lets_layers_through(decide, on, allowed):
    layers = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"}
    assert decide(action="s3:GetObject", on=on, identity=["*"], endpoint=[layers]).allowed is allowed


BOUND = [
    "ecr:PutImage",
    "ECR:PutImage",
    "s3:GetObject",
    "kms:Decrypt",
    "secretsmanager:GetSecretValue",
    "logs:PutLogEvents",
]
FREE = ["ec2:DescribeVpcs", "ecs:RunTask", "iam:CreateRole", "ssm:GetParameters", "kms:RetireGrant"]


@pytest.mark.parametrize("action", [*BOUND, *FREE])
@pytest.mark.parametrize("rcp", [["lambda:*"], ["*", {"Effect": "Deny", "Action": "*"}]], ids=["no allow", "a deny"])
def test_a_resource_control_policy_binds_the_services_that_aws_lists(decide, action, rcp):
    assert decide(who="user", action=action, on="*", identity=["*"], rcp=rcp).allowed is (action in FREE)
