"""One thing broken a mutation, over the real APIs, and put back; each yields what the first finding must name.

A mutation that is also a row of ``tests.fargate.causes`` has its name, and takes the step and AWS's text from there.
"""

import contextlib

from labs.fargate.steps import StepName
from tests.cloud.lab_cloud import allow, deny, policy
from tests.fargate.causes import ROWS

REGION = "us-east-1"
_KNOWN = {row.name: (row.step, row.text_id) for row in ROWS}
MUTATIONS = {}


def mutation(function=None, *, step=None, text_id=""):
    """Register it; ``step`` and ``text_id`` where there is no row of that name."""

    def add(given):
        found = _KNOWN.get(given.__name__) or (step, text_id)
        MUTATIONS[given.__name__] = (contextlib.contextmanager(given), *found)
        return given

    return add(function) if function else add


def tcp(port=443, **to):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **to}


def everywhere(port=443):
    return tcp(port, IpRanges=[{"CidrIp": "0.0.0.0/0"}])


# Endpoints that are not there, or not as they must be.


def _missing(name, service):
    def gone(world):
        with world.without_endpoint(service):
            yield f"com.amazonaws.{REGION}.{service}"

    gone.__name__ = name
    mutation(gone)


_missing("the_ecr_api_endpoint_is_missing", "ecr.api")
_missing("the_ecr_dkr_endpoint_is_missing", "ecr.dkr")
_missing("the_s3_gateway_is_missing", "s3")
_missing("the_ssm_endpoint_is_missing", "ssm")
_missing("the_secrets_manager_endpoint_is_missing", "secretsmanager")
_missing("the_logs_endpoint_is_missing", "logs")


def _no_private_dns(name, service):
    def without(world):
        with world.endpoint(service, {"PrivateDnsEnabled": True}, PrivateDnsEnabled=False) as id:
            yield id

    without.__name__ = name
    mutation(without)


_no_private_dns("the_ecr_api_endpoint_has_no_private_dns", "ecr.api")
_no_private_dns("the_ecr_dkr_endpoint_has_no_private_dns", "ecr.dkr")
_no_private_dns("the_logs_endpoint_has_no_private_dns", "logs")


@mutation
def the_vpc_has_no_dns(world):
    with world.attribute("EnableDnsSupport") as name:
        yield name


@mutation
def the_vpc_has_no_dns_host_names(world):
    with world.attribute("EnableDnsHostnames") as name:
        yield name


# Routes.


@mutation
def the_s3_gateway_is_not_in_the_route_table(world):
    table = {"AddRouteTableIds": [world.vpc.table]}
    with world.endpoint("s3", table, RemoveRouteTableIds=[world.vpc.table]):
        yield world.vpc.table


@mutation
def the_subnet_lost_its_route_table(world):
    table = world.ec2.describe_route_tables(RouteTableIds=[world.vpc.table])["RouteTables"][0]
    subnet = world.vpc.subnets[0]
    id = next(a["RouteTableAssociationId"] for a in table["Associations"] if a.get("SubnetId") == subnet)
    world.ec2.disassociate_route_table(AssociationId=id)
    try:
        yield world.main
    finally:
        world.ec2.associate_route_table(RouteTableId=world.vpc.table, SubnetId=subnet)


# Security groups and network ACLs.


@mutation
def the_tasks_group_lets_nothing_out(world):
    with world.rules("tasks", egress=True) as id:
        yield id


@mutation
def the_tasks_group_lets_only_port_80_out(world):
    with world.rules("tasks", everywhere(80), egress=True) as id:
        yield id


@mutation
def the_tasks_group_lets_nothing_out_to_the_endpoints(world):
    with world.rules("tasks", tcp(PrefixListIds=[{"PrefixListId": world.s3_list}]), egress=True) as id:
        yield id


@mutation
def the_tasks_group_lets_nothing_out_to_s3(world):
    with world.rules("tasks", tcp(UserIdGroupPairs=[{"GroupId": world.groups["endpoints"]}]), egress=True) as id:
        yield id


@mutation
def the_endpoints_group_lets_nothing_in(world):
    with world.rules("endpoints") as id:
        yield id


@mutation
def the_endpoints_group_lets_another_port_in(world):
    with world.rules("endpoints", tcp(80, UserIdGroupPairs=[{"GroupId": world.vpc.group}])) as id:
        yield id


@mutation
def the_endpoints_group_lets_another_group_in(world):
    with world.rules("endpoints", tcp(UserIdGroupPairs=[{"GroupId": world.groups["default"]}])) as id:
        yield id


def _in_the_default_group(name, service):
    def moved(world):
        default, own = [world.groups["default"]], [world.groups["endpoints"]]
        undo = {"AddSecurityGroupIds": own, "RemoveSecurityGroupIds": default}
        with world.endpoint(service, undo, AddSecurityGroupIds=default, RemoveSecurityGroupIds=own):
            yield default[0]

    moved.__name__ = name
    return moved


mutation(_in_the_default_group("the_ssm_endpoint_is_in_the_default_group", "ssm"))
mutation(step=StepName.LOGS, text_id="logs.unreachable")(
    _in_the_default_group("the_logs_endpoint_is_in_the_default_group", "logs")
)


@mutation
def the_acl_lets_nothing_out(world):
    with world.acl_rule(egress=True) as id:
        yield id


@mutation
def the_acl_lets_nothing_in(world):
    with world.acl_rule(egress=False) as id:
        yield id


@mutation
def the_acl_lets_no_answer_of_s3_in(world):
    with world.acl_rule(egress=False, cidr="52.216.0.0/15") as id:
        yield id


# Policies of endpoints.


@mutation
def the_ecr_api_endpoints_policy_has_no_token(world):
    with world.endpoint_policy("ecr.api", allow("ecr:BatchGetImage")) as id:
        yield id


@mutation
def the_ssm_endpoints_policy_allows_another_parameter(world):
    with world.endpoint_policy("ssm", allow("ssm:GetParameters", world.parameter + "-other")) as id:
        yield id


@mutation
def the_secrets_manager_endpoints_policy_denies(world):
    with world.endpoint_policy("secretsmanager", allow("*"), deny("secretsmanager:GetSecretValue")) as id:
        yield id


@mutation
def the_ecr_dkr_endpoints_policy_allows_another_repository(world):
    with world.endpoint_policy("ecr.dkr", allow("ecr:*", world.repository + "-other")) as id:
        yield id


@mutation
def the_ecr_dkr_endpoints_policy_has_no_download(world):
    with world.endpoint_policy("ecr.dkr", allow("ecr:BatchGetImage")) as id:
        yield id


@mutation
def the_s3_gateways_policy_allows_another_bucket(world):
    with world.endpoint_policy("s3", allow("s3:GetObject", "arn:aws:s3:::my-bucket/*")) as id:
        yield id


@mutation
def the_logs_endpoints_policy_allows_no_stream(world):
    with world.endpoint_policy("logs", allow("logs:PutLogEvents")) as id:
        yield id


# The execution role, and policies of resources.


def _without(name, sid, action):
    def changed(world):
        with world.permitted(**{sid: None}):
            yield action

    changed.__name__ = name
    mutation(changed)


_without("the_role_may_not_get_a_token", "token", "ecr:GetAuthorizationToken")
_without("the_role_may_not_get_the_manifest", "manifest", "ecr:BatchGetImage")
_without("the_role_may_not_download_layers", "layers", "ecr:GetDownloadUrlForLayer")
_without("the_role_may_not_get_the_parameter", "parameter", "ssm:GetParameters")
_without("the_role_may_not_get_the_secret", "secret", "secretsmanager:GetSecretValue")
_without("the_role_may_not_create_the_stream", "logs", "logs:CreateLogStream")


@mutation
def the_token_is_limited_to_a_repository(world):
    with world.permitted(token=allow("ecr:GetAuthorizationToken", world.repository)):
        yield "ecr:GetAuthorizationToken on *"


@mutation
def a_deny_outdoes_the_allow_of_the_parameter(world):
    with world.permitted(no_secrets=deny("ssm:*")):
        yield "NoSecrets"


@mutation(step=StepName.SECRETS, text_id="ssm.denied")
def the_roles_boundary_has_no_parameters(world):
    made = world.iam.create_policy(PolicyName="boundary", PolicyDocument=policy(allow("ecr:*"), allow("logs:*")))
    arn = made["Policy"]["Arn"]
    world.iam.put_role_permissions_boundary(RoleName=world.role_name, PermissionsBoundary=arn)
    try:
        yield "permissions boundary"
    finally:
        world.iam.delete_role_permissions_boundary(RoleName=world.role_name)
        world.iam.delete_policy(PolicyArn=arn)


@mutation
def the_repositorys_policy_denies_the_manifest(world):
    statement = {"Effect": "Deny", "Principal": {"AWS": world.lab.role}, "Action": "ecr:BatchGetImage"}
    where = {"repositoryName": f"{world.name}/app"}
    world.lab.ecr.set_repository_policy(**where, policyText=policy(statement))
    try:
        yield world.repository
    finally:
        world.lab.ecr.delete_repository_policy(**where)


@mutation
def the_role_may_not_decrypt_the_parameter(world):
    name = f"/{world.name}/sealed"
    arn = world._parameter(name, KeyId=world.key, Overwrite=True)
    with (
        world.permitted(parameter=allow("ssm:GetParameters")),
        world.as_definition(secrets=[{"name": "SEALED", "valueFrom": arn}]),
    ):
        yield world.key


@mutation
def the_role_may_not_create_the_group(world):
    with world.as_definition(log={"awslogs-group": "/ecs/not-there", "awslogs-create-group": "true"}):
        yield "logs:CreateLogGroup"


# What is not there.


@mutation
def the_parameter_does_not_exist(world):
    name = f"/{world.name}/absent"
    with (
        world.permitted(parameter=allow("ssm:GetParameters")),
        world.as_definition(secrets=[{"name": "ABSENT", "valueFrom": name}]),
    ):
        yield name


@mutation
def the_secret_does_not_exist(world):
    arn = world.secret.replace("/db-", "/absent-")
    with (
        world.permitted(secret=allow("secretsmanager:GetSecretValue")),
        world.as_definition(secrets=[{"name": "ABSENT", "valueFrom": arn}]),
    ):
        yield arn


@mutation
def the_secret_has_no_value(world):
    arn = world.manager.create_secret(Name=f"{world.name}/empty")["ARN"]
    try:
        with (
            world.permitted(secret=allow("secretsmanager:GetSecretValue")),
            world.as_definition(secrets=[{"name": "EMPTY", "valueFrom": arn}]),
        ):
            yield "AWSCURRENT"
    finally:
        world.manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@mutation
def the_log_group_does_not_exist(world):
    with world.as_definition(log={"awslogs-group": "/ecs/not-there"}):
        yield "/ecs/not-there"


@mutation
def the_log_options_name_no_region(world):
    with world.as_definition(log={"awslogs-region": ""}):
        yield "awslogs-region"


@mutation
def the_tag_was_never_pushed(world):
    image = world.image.replace("app:1", "app:9")
    with world.as_definition(image=image):
        yield image


@mutation
def the_repository_does_not_exist(world):
    with (
        world.permitted(manifest=allow("ecr:BatchGetImage")),
        world.as_definition(image=world.image.replace("/app:1", "/other:1")),
    ):
        yield "Create the repository"


@mutation
def the_index_has_no_image_for_the_cpu(world):
    image = world.lab.image("amd64-only", platforms=("amd64",))
    with world.as_definition(
        image=image, runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    ):
        yield "linux/arm64"


@mutation
def the_one_image_is_for_another_cpu(world):
    image = world.lab.single("single", "amd64")
    with world.as_definition(
        image=image, runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    ):
        yield "linux/amd64"


def _file_system(world, subnet):
    """A definition with a volume of EFS whose mount target stands in a subnet, closed to all but tcp 443."""
    volume = {"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}
    target = world.ec2.create_network_interface(
        SubnetId=subnet,
        Groups=[world.groups["endpoints"]],
        Description="EFS mount target for fs-0123456789abcdef0 (fsmt-0123456789abcdef0)",
    )["NetworkInterface"]["NetworkInterfaceId"]
    undo = contextlib.ExitStack()
    undo.callback(world.ec2.delete_network_interface, NetworkInterfaceId=target)
    undo.enter_context(world.as_definition(volumes=[volume]))
    return undo


@mutation
def the_mount_targets_group_lets_no_nfs_in(world):
    with _file_system(world, world.vpc.subnets[0]):
        yield world.groups["endpoints"]


@mutation
def the_file_system_has_its_mount_target_in_another_zone(world):
    with _file_system(world, world.vpc.subnets[1]):
        yield "fs-0123456789abcdef0"


@mutation
def the_subnet_is_full(world):
    block = world.ec2.describe_vpcs(VpcIds=[world.vpc.id])["Vpcs"][0]["CidrBlock"].replace("0.0/16", "9.0/28")
    subnet = world.ec2.create_subnet(VpcId=world.vpc.id, CidrBlock=block)["Subnet"]["SubnetId"]
    taken = [
        world.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"] for _ in range(11)
    ]
    before = list(world.vpc.subnets)
    world.vpc.subnets[:] = [subnet]
    try:
        yield subnet
    finally:
        world.vpc.subnets[:] = before
        for id in taken:
            world.ec2.delete_network_interface(NetworkInterfaceId=id)
        world.ec2.delete_subnet(SubnetId=subnet)
