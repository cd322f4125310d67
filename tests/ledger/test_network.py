"""VPC, endpoints, Fargate and stores against a real labs cloud: what is made, whose it is, and that it goes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from labs import cli
from labs.errors import LabError
from labs.ledger import cleanup, costing, kinds, removal
from labs.ledger.kind import Kind
from labs.ledger.names import EXPIRES_TAG, moment
from labs.ledger.receipt import Outcome, Receipt
from labs.session import Target, connect
from labs.session.local import Cloud
from tests.ledger import whole_lab
from tests.ledger.changed_kinds import change, failing


def quiet(_line: str) -> None:
    pass


def count(receipt: Receipt) -> tuple[int, int, int]:
    return receipt.created, receipt.gone, len(receipt.left)


@pytest.fixture
def target(on_local_aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.setenv("LAB_HOURS", "3")
    found = connect()
    yield found
    cleanup.clean(found, quiet)


@pytest.fixture
def foreign(target: Target) -> Iterator[Any]:
    """An EC2 client that the ledger does not see; the VPCs made with it go at the end, with subnets and groups."""
    ec2 = target.session.client("ec2", endpoint_url=target.endpoint)
    before = {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]}
    yield ec2
    for vpc in {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]} - before:
        inside = [{"Name": "vpc-id", "Values": [vpc]}]
        for each in ec2.describe_subnets(Filters=inside)["Subnets"]:
            ec2.delete_subnet(SubnetId=each["SubnetId"])
        for each in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]:
            if each["GroupName"] != "default":
                ec2.delete_security_group(GroupId=each["GroupId"])
        ec2.delete_vpc(VpcId=vpc)


def tags(*pairs: tuple[str, str], of: str) -> list[dict[str, Any]]:
    return [{"ResourceType": of, "Tags": [{"Key": key, "Value": value} for key, value in pairs]}]


def tries(target: Target, event: str, parameter: str) -> list[str]:
    """On what a call was tried, from the trail."""
    trail = target.session.client("cloudtrail", endpoint_url=target.endpoint)
    found = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": event}])["Events"]
    return [json.loads(each["CloudTrailEvent"])["requestParameters"][parameter] for each in found]


def vpc_ids(ec2: Any) -> set[str]:
    return {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]}


def test_the_whole_lab_with_its_wrong_answers_is_created_and_gone(target: Target, foreign: Any) -> None:
    before = vpc_ids(foreign)
    ids = whole_lab.build(target)
    assert vpc_ids(foreign) - before == {ids["vpc"]}
    made = len(target.ledger.entries())
    assert all(entry.id and entry.was_created for entry in target.ledger.entries())
    lines: list[str] = []
    receipt = cleanup.clean(target, lines.append)
    assert count(receipt) == (made, made, 0), "\n".join(lines)
    assert vpc_ids(foreign) == before
    assert "on AWS; nothing on the local AWS" in str(receipt)
    assert receipt.cost is not None
    assert receipt.cost.more == 0


def test_everything_tagged_says_whose_it_is_and_until_when(target: Target) -> None:
    whole_lab.build_one_of_each(target)
    now = datetime.now(UTC)
    seen = set()
    for entry in target.ledger.entries():
        kind = kinds.known().named(entry.kind)
        assert kind is not None
        found = kind.tags_now(target.client(kind.service), entry.id)
        # The task has no image and may have ended by itself.
        if entry.kind in whole_lab.UNTAGGED or (entry.kind == "ecs task" and found is None):
            continue
        assert found is not None, entry
        assert target.tags.items() <= found.items()
        expires = moment(found[EXPIRES_TAG])
        assert expires is not None
        assert timedelta(hours=2.9) < expires - now <= timedelta(hours=3)
        seen.add(entry.kind)
    assert seen | {"ecs task"} == {kind.name for kind in kinds.known()} - whole_lab.UNTAGGED


def test_foreign_resources_of_every_shape_stay(target: Target, foreign: Any) -> None:
    untagged = foreign.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    bens = foreign.create_vpc(
        CidrBlock="10.9.0.0/16", TagSpecifications=tags(("fargate-lab-kit", "fargate-lab"), ("owner", "ben"), of="vpc")
    )["Vpc"]["VpcId"]
    other_lab = foreign.create_vpc(
        CidrBlock="10.10.0.0/16",
        TagSpecifications=tags(("fargate-lab-kit", "fargate-lab-ben"), ("owner", target.tags["owner"]), of="vpc"),
    )["Vpc"]["VpcId"]
    whole_lab.build(target)
    assert cleanup.clean(target, quiet).left == ()
    assert {untagged, bens, other_lab} <= vpc_ids(foreign)


def test_a_vpc_that_changed_hands_is_left_and_the_owner_is_named(target: Target, foreign: Any) -> None:
    vpc = target.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    foreign.create_tags(Resources=[vpc], Tags=[{"Key": "owner", "Value": "ben"}])
    receipt = cleanup.clean(target, quiet)
    assert count(receipt) == (1, 0, 1)
    assert "its owner tag says 'ben', not 'lab-admin'" in receipt.left[0].reason
    assert vpc in vpc_ids(foreign)


def test_what_others_put_into_the_labs_vpc_stays_and_is_named_at_once(target: Target, foreign: Any) -> None:
    vpc = target.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    theirs = foreign.create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc)["GroupId"]
    receipt = cleanup.clean(target, quiet)
    # Asked once, not again and again until a deadline.
    assert tries(target, "DeleteVpc", "vpcId").count(vpc) == 1
    assert count(receipt) == (1, 0, 1)
    assert receipt.left[0].reason == f"in use by {theirs}, not this lab's to remove"
    foreign.delete_security_group(GroupId=theirs)
    assert count(cleanup.clean(target, quiet)) == (1, 1, 0)


def test_nothing_is_made_inside_somebody_elses_vpc(target: Target, foreign: Any) -> None:
    vpc = foreign.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    group = foreign.describe_security_groups(Filters=inside)["SecurityGroups"][0]["GroupId"]
    table = foreign.describe_route_tables(Filters=inside)["RouteTables"][0]["RouteTableId"]
    acl = foreign.describe_network_acls(Filters=inside)["NetworkAcls"][0]["NetworkAclId"]
    ec2 = target.client("ec2")
    for call in (
        lambda: ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24"),
        lambda: ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table]),
        lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[whole_lab.HTTPS]),
        lambda: ec2.create_route(
            RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId="igw-0123456789abcdef0"
        ),
        lambda: ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=1, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0"
        ),
    ):
        with pytest.raises(LabError, match=r"was not sent: .* is not this lab's"):
            call()
    assert target.ledger.entries() == []


def test_what_a_vpc_brought_with_it_is_its_labs(target: Target) -> None:
    ec2 = target.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    group = ec2.describe_security_groups(Filters=inside)["SecurityGroups"][0]["GroupId"]
    table = ec2.describe_route_tables(Filters=inside)["RouteTables"][0]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    permission = {**whole_lab.HTTPS, "IpRanges": [{"CidrIp": "10.0.0.0/16"}, {"CidrIp": "10.1.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    # Two rules by one call are two entries.
    assert sorted(entry.kind for entry in target.ledger.entries()) == [
        "ec2 internet gateway", "ec2 route", "ec2 security group rule", "ec2 security group rule", "ec2 vpc",
    ]  # fmt: skip
    assert count(cleanup.clean(target, quiet)) == (5, 5, 0)


def test_a_retyped_call_after_the_kernel_restarted_is_allowed_by_the_accounts_tags(target: Target) -> None:
    vpc = target.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    target.ledger.file.unlink()
    target.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    assert count(cleanup.clean(target, quiet)) == (2, 2, 0)


@pytest.mark.parametrize(
    ("service", "call", "params"),
    [
        ("ssm", "put_parameter", {"Name": "/prod/greeting", "Value": "x", "Type": "String"}),
        ("logs", "create_log_group", {"logGroupName": "/ecs/prod"}),
        ("logs", "put_retention_policy", {"logGroupName": "/ecs/prod", "retentionInDays": 1}),
        ("secretsmanager", "create_secret", {"Name": "prod", "SecretString": "x"}),
        ("ecs", "create_cluster", {"clusterName": "prod"}),
        ("ecs", "register_task_definition", {"family": "prod", "containerDefinitions": []}),
        ("ecs", "run_task", {"cluster": "prod", "taskDefinition": "x"}),
        ("ecs", "run_task", {"taskDefinition": "x"}),
        ("ecs", "create_service", {"cluster": "prod", "serviceName": "fargate-lab", "taskDefinition": "x"}),
        ("ecs", "create_service", {"cluster": "arn:aws:ecs:us-east-1:111122223333:cluster/prod", "serviceName": "x"}),
    ],
)
def test_a_call_without_the_labs_prefix_is_not_sent(
    target: Target, service: str, call: str, params: dict[str, Any]
) -> None:
    with pytest.raises(LabError, match="does not begin with 'fargate-lab'"):
        getattr(target.client(service), call)(**params)
    assert target.ledger.entries() == []


@pytest.mark.parametrize(
    ("service", "call", "params"),
    [
        ("ec2", "run_instances", {"MinCount": 1, "MaxCount": 1}),
        ("logs", "put_resource_policy", {"policyName": "x"}),
        ("ecs", "put_account_setting_default", {"name": "awsvpcTrunking", "value": "enabled"}),
        ("iam", "put_user_policy", {"UserName": "x", "PolicyName": "x", "PolicyDocument": "{}"}),
        ("ec2", "create_vpc_peering_connection", {"VpcId": "vpc-1"}),
    ],
)
def test_what_could_not_be_taken_back_is_not_sent(
    target: Target, service: str, call: str, params: dict[str, Any]
) -> None:
    with pytest.raises(LabError, match="the ledger does not know how to take it back"):
        getattr(target.client(service), call)(**params)


def test_a_parameter_may_be_overwritten_when_it_is_the_labs_and_only_then(target: Target) -> None:
    ssm, name = target.client("ssm"), "/fargate-lab/greeting"
    again = {"Name": name, "Value": "second", "Type": "SecureString", "Overwrite": True}
    with pytest.raises(LabError, match="would overwrite '/fargate-lab/greeting', which does not exist yet") as told:
        ssm.put_parameter(**again)
    assert told.value.next_step == "leave out Overwrite the first time"
    ssm.put_parameter(Name=name, Value="first", Type="SecureString")
    ssm.put_parameter(**again)
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "second"
    assert "first" not in target.ledger.file.read_text()
    assert count(cleanup.clean(target, quiet)) == (1, 1, 0)


def test_the_trainees_own_tags_stay_beside_the_labs(target: Target) -> None:
    given = [*tags(("Name", "mine"), of="vpc")]
    vpc = target.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=given)["Vpc"]
    found = {tag["Key"]: tag["Value"] for tag in vpc["Tags"]}
    assert found["Name"] == "mine"
    assert target.tags.items() <= found.items()


def test_a_secret_that_waits_for_its_deletion_is_removed_for_good(target: Target) -> None:
    client = target.client("secretsmanager")
    client.create_secret(Name="fargate-lab/greeting", SecretString="x")
    client.delete_secret(SecretId="fargate-lab/greeting", RecoveryWindowInDays=7)
    assert count(cleanup.clean(target, quiet)) == (1, 1, 0)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_secret(SecretId="fargate-lab/greeting")


def test_a_stage_takes_back_only_its_own(target: Target) -> None:
    whole_lab.build_network(target)
    target.client("logs").create_log_group(logGroupName="/fargate-lab/app")
    items = cleanup.take_back(target, lambda entry: entry.kind.startswith("ec2 "))
    assert {item.outcome for item in items} == {Outcome.GONE}
    assert [entry.kind for entry in target.ledger.entries() if entry.state != "gone"] == ["logs log group"]


def test_slow_ones_are_deleted_together_and_waited_for_together(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = whole_lab.build_network(target)
    address = target.client("ec2").allocate_address(Domain="vpc")["AllocationId"]
    target.client("ec2").create_nat_gateway(SubnetId=ids["a"], AllocationId=address)
    order: list[str] = []
    delete = Kind.delete

    def noting(kind: Kind, client: Any, id: str) -> None:
        order.append(kind.name)
        delete(kind, client, id)

    monkeypatch.setattr(Kind, "delete", noting)
    assert cleanup.clean(target, quiet).left == ()
    slow = ["ec2 nat gateway"] + ["ec2 vpc endpoint"] * 5
    assert order[: len(slow)] == slow
    assert order.index("ec2 elastic ip") > order.index("ec2 nat gateway")
    assert order[-1] == "ec2 vpc"


def test_a_delete_that_is_refused_for_good_is_left_with_the_accounts_words(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_lab.build_network(target)
    busy = ClientError({"Error": {"Code": "DependencyViolation", "Message": "has dependencies"}}, "DeleteSubnet")
    with monkeypatch.context() as patch:
        change(patch, "ec2 subnet", remove=failing(busy))
        patch.setattr(removal, "LONGEST_WAIT_S", 6.0)
        receipt = cleanup.clean(target, quiet)
    left = {item.kind: item.reason for item in receipt.left}
    assert left["ec2 subnet"] == "DependencyViolation: has dependencies"
    assert set(left) == {"ec2 subnet", "ec2 vpc"}
    assert cleanup.clean(target, quiet).left == ()


def test_a_cluster_with_somebody_elses_service_is_left_and_the_service_runs_on(target: Target) -> None:
    ids = whole_lab.build_network(target)
    whole_lab.build_stores(target)
    whole_lab.build_fargate(target, ids)
    ecs = target.session.client("ecs", endpoint_url=target.endpoint)
    network = {"awsvpcConfiguration": {"subnets": [ids["a"]], "securityGroups": [ids["tasks"]]}}
    ecs.create_service(
        cluster="fargate-lab", serviceName="theirs", taskDefinition="fargate-lab-app", launchType="FARGATE",
        desiredCount=0, networkConfiguration=network,
    )  # fmt: skip
    receipt = cleanup.clean(target, quiet)
    left = {item.kind: item.reason for item in receipt.left}
    assert left == {"ecs cluster": "it holds the service theirs, not this lab's to remove"}
    [service] = ecs.describe_services(cluster="fargate-lab", services=["theirs"])["services"]
    assert service["status"] == "ACTIVE"
    ecs.delete_service(cluster="fargate-lab", service="theirs", force=True)
    assert cleanup.clean(target, quiet).left == ()


def test_the_bill_follows_endpoints_tasks_and_changes(target: Target) -> None:
    ids = whole_lab.build_network(target)
    whole_lab.build_stores(target)
    whole_lab.build_fargate(target, ids)
    ecs, ec2 = target.client("ecs"), target.client("ec2")
    endpoint = ec2.describe_vpc_endpoints(
        Filters=[{"Name": "service-name", "Values": ["com.amazonaws.us-east-1.logs"]}]
    )["VpcEndpoints"][0]["VpcEndpointId"]
    later = datetime.now(UTC) + timedelta(minutes=90)
    bill = costing.bill(target, {}, later)
    by_kind = {kind: sum(line.so_far for line in bill.lines if line.kind == kind) for kind in kinds_of(bill)}
    # Four endpoints in two zones, two started hours each; two tasks of 0.25 vCPU and 0.5 GB for 90 minutes.
    assert by_kind["ec2 vpc endpoint"] == pytest.approx(4 * 2 * 2 * 0.01)
    assert by_kind["ecs service"] == pytest.approx(1.5 * 2 * (0.25 * 0.03238 + 0.5 * 0.00356), rel=0.01)
    ecs.update_service(cluster="fargate-lab", service="app", desiredCount=0)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveSubnetIds=[ids["b"]])
    bill = costing.bill(target, {}, later)
    endpoints = {line.id: line.units for line in bill.lines if line.kind == "ec2 vpc endpoint"}
    assert [each for id, each in endpoints.items() if id.startswith(endpoint)] == [1]
    assert sum(line.more for line in bill.lines if line.kind == "ecs service") == 0


def kinds_of(bill: costing.Bill) -> set[str]:
    return {line.kind for line in bill.lines}


def test_the_commands_say_what_would_go_what_it_costs_and_what_went(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_lab.build_network(target)
    assert cli.main(["clean", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert told.count("would go  ec2 vpc endpoint") == 5
    assert "(ecr.dkr)" in told
    assert "12 h more" in told
    assert cli.main(["clean"]) == 0
    told = capsys.readouterr().out
    assert "left 0" in told
    assert "cost about 0.08 USD (prices of us-east-1, read 2026-08-20) on AWS; nothing on the local AWS" in told


def test_a_broken_price_table_does_not_stop_the_cleaning(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAB_PRICES", "/nowhere.toml")
    target.client("logs").create_log_group(logGroupName="/fargate-lab/app")
    assert cli.main(["clean"]) == 0
    told = capsys.readouterr().out
    assert "LAB_PRICES names /nowhere.toml, which cannot be read" in told
    assert "created 1, gone 1, left 0" in told


def test_a_cleaning_logs_out_of_the_registry(target: Target) -> None:
    config = target.home / "docker" / "config.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({"auths": {"127.0.0.1:1": {"auth": "QVdTOng="}}}))
    assert cli.main(["clean"]) == 0
    assert json.loads(config.read_text()) == {}


def test_the_ledger_holds_no_secret(target: Target) -> None:
    whole_lab.build_stores(target)
    assert "not shown" not in target.ledger.file.read_text()
