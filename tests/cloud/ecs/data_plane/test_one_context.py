"""The same guard rails on the API, on the registry and on what a task's start asks: none binds one door alone."""

import json

import pytest

from tests.cloud.ecs.lab_ecs import TRUST
from tests.cloud.lab_cloud import allow, deny, refused

KEYS = (
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:userid",
)


def guard_rails(region, secure):
    """AWS's region guard rail and "deny insecure transport", for an account that may be used in one Region."""
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": [region]}}
    return (
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*", "Condition": elsewhere},
        deny("*", Condition={"Bool": {"aws:SecureTransport": secure}}),
    )


def held_to(lab, name, *statements):
    """A role with all rights under these statements, for tasks and for a session; its ARN and the session's keys."""
    everyone = {"Effect": "Allow", "Principal": {"AWS": lab.cloud.account}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [TRUST, everyone]}
    arn = lab.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    lab.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    return arn, lab.cloud.assume(arn)


def through_the_registry(lab, keys):
    """The answer of ``/v2/`` to a client that a session has logged in."""
    token = lab.cloud.client("ecr", keys).get_authorization_token()["authorizationData"][0]["authorizationToken"]
    headers = {"Authorization": f"Basic {token}"}
    return lab.cloud.raw("GET", f"/v2/{lab.name}/app/tags/list", headers=headers)[0]


def start(lab, vpc, role, family):
    """A task of the role; its ARN."""
    definition = lab.register(lab.container(lab.image("hello")), family=family, executionRoleArn=role)
    return lab.run(definition, vpc)


def test_every_key_that_is_always_there_is_there_at_every_door(lab, vpc):
    there = {"Null": dict.fromkeys(KEYS, "false")}
    region = lab.cloud.region
    role, keys = held_to(lab, f"{lab.name}-keys", allow("*", Condition=there), *guard_rails(region, "false"))
    assert lab.cloud.client("ecr", keys).describe_repositories()["repositories"]
    assert lab.cloud.client("iam", keys, region="eu-west-1").list_roles()["Roles"]
    assert lab.cloud.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="again")["Credentials"]
    assert through_the_registry(lab, keys) == 200
    task = start(lab, vpc, role, "keys")
    lab.reaches(task, "RUNNING")
    lab.ecs.stop_task(cluster=lab.name, task=task)


@pytest.mark.parametrize(("name", "rails"), [("region", ("eu-west-1", "false")), ("secure", ("us-east-1", "true"))])
def test_a_guard_rail_binds_every_door_alike(lab, vpc, name, rails):
    role, keys = held_to(lab, f"{lab.name}-{name}", allow("*"), *guard_rails(*rails))
    said = refused(lab.cloud.client("ecr", keys).describe_repositories)
    assert said[0] == "AccessDeniedException"
    assert "with an explicit deny in an identity-based policy" in said[1]
    assert refused(lab.cloud.client("ecr", keys).get_authorization_token)[0] == "AccessDeniedException"
    stopped = lab.reaches(start(lab, vpc, role, name), "STOPPED")
    assert "ecr:GetAuthorizationToken" in stopped["stoppedReason"]
    assert "with an explicit deny in an identity-based policy" in stopped["stoppedReason"]


def test_the_registry_is_bound_for_a_token_of_before_the_guard_rail(lab):
    name = f"{lab.name}-late"
    _, keys = held_to(lab, name, allow("*"))
    token = lab.cloud.client("ecr", keys).get_authorization_token()["authorizationData"][0]["authorizationToken"]
    for rails, expected in ((("us-east-1", "false"), 200), (("eu-west-1", "false"), 403), (("us-east-1", "true"), 403)):
        document = {"Version": "2012-10-17", "Statement": [allow("*"), *guard_rails(*rails)]}
        lab.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
        found = lab.cloud.raw("GET", f"/v2/{lab.name}/app/tags/list", headers={"Authorization": f"Basic {token}"})
        assert found[0] == expected
