"""Everything that notebooks 04 and 05 create, and their wrong answers."""

import json
from typing import Any

from labs.ledger import kinds
from labs.session import Target

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        ],
    }
)
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}]}
)
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
# They have no tags of their own: their table or role says whose they are.
UNTAGGED = {"ec2 route", "ec2 route table association", "iam role policy", "iam role attachment"}
# Only the ledger knows of them: the course makes none, and to look for one would ask for a permission more.
LEDGER_ALONE = {"ecr creation template"}
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def build_one_of_each(target: Target) -> None:
    """One resource of every kind, in few calls."""
    ec2 = target.client("ec2")
    ecr = target.client("ecr")
    ecr.create_repository(repositoryName=target.names.repository)
    ecr.create_repository_creation_template(prefix=template(target), appliedFor=["CREATE_ON_PUSH"])
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    group = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": group}]}]
    )
    s3 = f"com.amazonaws.{target.region}.s3"
    ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Gateway", ServiceName=s3, RouteTableIds=[table])
    build_wrong_answers(target, {"vpc": vpc, "a": subnet, "b": subnet, "table": table, "tasks": group})
    build_stores(target)
    build_fargate(target, {"a": subnet, "b": subnet, "tasks": group})
    assert {entry.kind for entry in target.ledger.entries()} == {kind.name for kind in kinds.known()}


def template(target: Target) -> str:
    """The prefix that the repository creation template is for."""
    return f"{target.prefix}/team"


def build_network(target: Target) -> dict[str, str]:
    """The VPC of stage 04 with its endpoints; the ids by name."""
    ec2, region = target.client("ec2"), target.region
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{region}{zone}")
        for i, zone in enumerate("ab")
    ]
    a, b = (each["Subnet"]["SubnetId"] for each in subnets)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    for subnet in (a, b):
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    tasks = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
    ends = ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=vpc)["GroupId"]
    # Each names the other: neither can go first.
    to_ends = [{**HTTPS, "UserIdGroupPairs": [{"GroupId": ends}]}]
    ec2.authorize_security_group_egress(GroupId=tasks, IpPermissions=to_ends)
    from_tasks = [{**HTTPS, "UserIdGroupPairs": [{"GroupId": tasks}]}]
    ec2.authorize_security_group_ingress(GroupId=ends, IpPermissions=from_tasks)
    for service in ("ecr.api", "ecr.dkr", "ssm", "logs"):
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{region}.{service}",
            SubnetIds=[a, b],
            SecurityGroupIds=[ends],
            PrivateDnsEnabled=True,
        )
    gateway = ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType="Gateway", ServiceName=f"com.amazonaws.{region}.s3", RouteTableIds=[table]
    )
    s3 = gateway["VpcEndpoint"]["VpcEndpointId"]
    return {"vpc": vpc, "a": a, "b": b, "table": table, "tasks": tasks, "endpoints": ends, "s3": s3}


def build_wrong_answers(target: Target, ids: dict[str, str]) -> None:
    """What a trainee may add to it: a way out to the internet, an ACL, an interface."""
    ec2 = target.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=ids["vpc"])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=ids["a"], AllocationId=address)
    ec2.create_route(RouteTableId=ids["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    six = ec2.create_egress_only_internet_gateway(VpcId=ids["vpc"])["EgressOnlyInternetGateway"]
    ec2.create_route(
        RouteTableId=ids["table"],
        DestinationIpv6CidrBlock="::/0",
        EgressOnlyInternetGatewayId=six["EgressOnlyInternetGatewayId"],
    )
    acl = ec2.create_network_acl(VpcId=ids["vpc"])["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=10, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0"
    )
    ec2.create_network_interface(SubnetId=ids["b"], Groups=[ids["tasks"]])


def build_stores(target: Target) -> None:
    """The stores and roles of stage 05, and the identity provider of stage 06."""
    prefix, iam = target.prefix, target.client("iam")
    target.client("logs").create_log_group(logGroupName=f"/{prefix}/app")
    target.client("logs").put_retention_policy(logGroupName=f"/{prefix}/app", retentionInDays=1)
    target.client("ssm").put_parameter(Name=f"/{prefix}/greeting", Value="not shown", Type="SecureString")
    target.client("secretsmanager").create_secret(Name=f"{prefix}/greeting", SecretString="not shown")
    iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )
    for purpose in ("execution", "task"):
        iam.create_role(RoleName=target.names.role(purpose), AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName=target.names.role("execution"), PolicyArn=MANAGED)
    iam.put_role_policy(RoleName=target.names.role("execution"), PolicyName="secret", PolicyDocument=ALLOW)


def build_fargate(target: Target, ids: dict[str, str]) -> None:
    """Cluster, task definition, a task run by hand and a service."""
    ecs, prefix = target.client("ecs"), target.prefix
    ecs.create_cluster(clusterName=prefix)
    definition = ecs.register_task_definition(
        family=f"{prefix}-app",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        executionRoleArn=target.role_arn(target.names.role("execution")),
        containerDefinitions=[
            {"name": "app", "image": f"{target.registry}/{target.names.repository}:none", "cpu": 256, "memory": 512}
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    network = {"awsvpcConfiguration": {"subnets": sorted({ids["a"], ids["b"]}), "securityGroups": [ids["tasks"]]}}
    where: dict[str, Any] = {"cluster": prefix, "taskDefinition": definition, "networkConfiguration": network}
    ecs.run_task(**where, launchType="FARGATE", count=1)
    ecs.create_service(**where, serviceName="app", launchType="FARGATE", desiredCount=2)


def build(target: Target) -> dict[str, str]:
    """All of it; the ids of the network by name."""
    target.client("ecr").create_repository(repositoryName=target.names.repository)
    ids = build_network(target)
    build_wrong_answers(target, ids)
    build_stores(target)
    build_fargate(target, ids)
    return ids
