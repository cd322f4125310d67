"""The published policy is enough, each action of it is missed where it is refused, and nothing is ever written."""

import json

import pytest

from labs.account import POLICY
from labs.errors import LabError
from labs.fargate.steps import StepName
from labs.network.describe_calls import IAM_ACTIONS
from tests.cloud.lab_cloud import deny, policy

DOCUMENT = json.loads(POLICY.read_text("utf-8"))
ACTIONS = [action for statement in DOCUMENT["Statement"] for action in statement["Action"]]
# S3's prefix list is known by its id in the gateway's route; its addresses, and the kinds of things that the world's
# network does not have, no step needs to read.
NOT_NEEDED = {
    "ec2:DescribeManagedPrefixLists",
    "ec2:DescribePrefixLists",
    "ec2:GetManagedPrefixListEntries",
    "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeTransitGatewayAttachments",
    "ec2:DescribeVpcPeeringConnections",
}
# Without these there is nothing to look at.
ESSENTIAL = {"ecs:DescribeTasks", "ecs:DescribeTaskDefinition"}
# Needed when a service is asked about, or nothing is named.
OF_A_SERVICE = {"ecs:ListTasks": "steady", "ecs:DescribeServices": "", "ecs:ListServices": ""}
READS = ("Describe", "Get", "List", "BatchGet", "Lookup", "Simulate")


@pytest.fixture(scope="module")
def reader(world):
    """Keys of a user with exactly the published policy, and a way to refuse one action of it."""
    world.iam.create_user(UserName="reader")
    world.iam.put_user_policy(UserName="reader", PolicyName="diagnose", PolicyDocument=POLICY.read_text("utf-8"))
    key = world.iam.create_access_key(UserName="reader")["AccessKey"]
    return type(world.cloud.admin)(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture
def refused(world, reader):
    """Refuse one action to the reader."""

    def refuse(action):
        world.iam.put_user_policy(UserName="reader", PolicyName="refused", PolicyDocument=policy(deny(action)))

    yield refuse
    world.iam.delete_user_policy(UserName="reader", PolicyName="refused")


@pytest.fixture(scope="module")
def stopped(world):
    """A task that ran and was stopped, with all that a diagnosis can read: its ARN."""
    managed = world.iam.create_policy(
        PolicyName="key", PolicyDocument=policy({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"})
    )
    world.iam.attach_role_policy(RoleName=world.role_name, PolicyArn=managed["Policy"]["Arn"])
    sealed = world._parameter(f"/{world.name}/kept", KeyId=world.key, Overwrite=True)
    statements = {**world.statements, "parameter": {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}}
    world.permit(statements)
    definition = world.register(
        image=world.lab.single("one", "amd64"),
        secrets=[{"name": "SEALED", "valueFrom": sealed}, {"name": "PASSWORD", "valueFrom": world.secret}],
        family="whole",
    )
    arn = world.lab.run(definition, world.vpc)
    world.lab.reaches(arn, "RUNNING", 60)
    world.lab.ecs.stop_task(cluster=world.name, task=arn)
    world.lab.reaches(arn, "STOPPED", 60)
    yield arn
    world.permit(world.statements)
    world.iam.detach_role_policy(RoleName=world.role_name, PolicyArn=managed["Policy"]["Arn"])


@pytest.fixture(scope="module")
def steady(world):
    """A service with one task: its name. It may not have settled yet."""
    world.lab.service("steady", world.definition, world.vpc, desiredCount=1)
    yield "steady"
    world.lab.ecs.delete_service(cluster=world.name, service="steady", force=True)


def test_the_published_policy_holds_what_the_snapshot_needs_and_only_reads():
    assert set(IAM_ACTIONS) <= set(ACTIONS)
    assert len(ACTIONS) == len(set(ACTIONS))
    assert all(action.split(":")[1].startswith(READS) for action in ACTIONS)


def test_the_published_policy_is_enough(world, reader, stopped):
    diagnosis = world.look(stopped, keys=reader, shell=True).diagnosis
    assert diagnosis.unchecked == ()
    assert {each.step for each in diagnosis.causes} == {"ECS Exec"}
    assert diagnosis.verdict.startswith("Someone stopped this task (StopTask).")


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - NOT_NEEDED - ESSENTIAL - set(OF_A_SERVICE)))
def test_a_refused_read_is_cannot_check_and_named(world, reader, stopped, refused, action):
    refused(action)
    diagnosis = world.look(stopped, keys=reader, shell=True).diagnosis
    assert [each for each in diagnosis.causes if each.step != "ECS Exec"] == []
    assert any(action in each.why for each in diagnosis.unchecked), [each.why for each in diagnosis.unchecked]
    judged = {each.step for each in diagnosis.passed} | {each.step for each in diagnosis.unchecked}
    assert judged >= {step.value for step in StepName}
    assert diagnosis.passed


@pytest.mark.parametrize("action", sorted(NOT_NEEDED))
def test_a_refused_read_that_no_step_needed_is_no_matter(world, reader, stopped, refused, action):
    refused(action)
    diagnosis = world.look(stopped, keys=reader).diagnosis
    assert (diagnosis.causes, diagnosis.unchecked) == ((), ())


@pytest.mark.parametrize("action", sorted(ESSENTIAL))
def test_a_task_that_may_not_be_read_is_one_sentence(world, reader, stopped, refused, action):
    refused(action)
    with pytest.raises(LabError, match=f"CANNOT CHECK: .*{action}") as caught:
        world.look(stopped, keys=reader)
    assert "labs diagnose --policy" in caught.value.next_step


@pytest.mark.parametrize("action", sorted(OF_A_SERVICE))
def test_a_refused_list_of_services_or_tasks_is_named(world, reader, stopped, steady, refused, action):
    refused(action)
    diagnosis = world.look(OF_A_SERVICE[action], keys=reader).diagnosis
    assert any(action in each.why for each in diagnosis.unchecked)
    assert diagnosis.passed


def test_no_call_of_a_diagnosis_writes(world, reader, stopped, steady):
    for name in (stopped, steady, ""):
        world.look(name, keys=reader, shell=True)
    trail = world.cloud.client("cloudtrail")
    mine = [{"AttributeKey": "AccessKeyId", "AttributeValue": reader.access_key_id}]
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=mine)
    events = [event for page in pages for event in page["Events"]]
    assert len(events) > 50
    assert all(event["EventName"].startswith(READS) for event in events)
    assert {event["ReadOnly"] for event in events} == {"true"}
