"""One cause a row: what is broken in the working course, the step that stops, the text, and the diagnosis' first words.

``first`` must stand in the first cause's line or its evidence: the id of what is broken.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

from labs.fargate.sources import ImageFound, Missing, SecretFound
from labs.fargate.steps import StepName
from tests.fargate.course import (
    ALLOW_ALL,
    AMD64,
    ARM64,
    BUCKET,
    GROUP,
    INDEX,
    KEY,
    PARAMETER,
    REPOSITORY,
    SECRET,
    SINGLE,
    TASK_ROLE,
    Course,
    descriptor,
    missing,
    permission,
    statement,
)

AUTH, SECRETS, MANIFEST, LAYERS, LOGS = (
    StepName.AUTH,
    StepName.SECRETS,
    StepName.MANIFEST,
    StepName.LAYERS,
    StepName.LOGS,
)


@dataclass(frozen=True)
class Cause:
    """A row."""

    name: str
    text_id: str
    step: StepName
    break_it: Callable[[Course], None]
    first: str = ""


ROWS: list[Cause] = []


def row(text_id, step, first=""):
    """The decorated function breaks the course; its name is the row's."""

    def add(function):
        ROWS.append(Cause(function.__name__, text_id, step, function, first))
        return function

    return add


# The network: endpoints.


@row("auth.unreachable", AUTH, "com.amazonaws.us-east-1.ecr.api")
def the_ecr_api_endpoint_is_missing(course):
    course.remove_endpoint("ecr.api")


@row("ssm.unreachable", SECRETS, "com.amazonaws.us-east-1.ssm")
def the_ssm_endpoint_is_missing(course):
    course.remove_endpoint("ssm")


@row("asm.unreachable", SECRETS, "com.amazonaws.us-east-1.secretsmanager")
def the_secrets_manager_endpoint_is_missing(course):
    course.remove_endpoint("secretsmanager")


@row("manifest.unreachable", MANIFEST, "com.amazonaws.us-east-1.ecr.dkr")
def the_ecr_dkr_endpoint_is_missing(course):
    course.remove_endpoint("ecr.dkr")


@row("layers.unreachable", LAYERS, "com.amazonaws.us-east-1.s3")
def the_s3_gateway_is_missing(course):
    course.remove_endpoint("s3")


@row("logs.unreachable", LOGS, "com.amazonaws.us-east-1.logs")
def the_logs_endpoint_is_missing(course):
    course.remove_endpoint("logs")


@row("auth.unreachable", AUTH, "vpce-ecr-api")
def the_ecr_api_endpoint_has_no_private_dns(course):
    course.endpoint("ecr.api")["PrivateDnsEnabled"] = False


@row("manifest.unreachable", MANIFEST, "vpce-ecr-dkr")
def the_ecr_dkr_endpoint_has_no_private_dns(course):
    course.endpoint("ecr.dkr")["PrivateDnsEnabled"] = False


@row("logs.unreachable", LOGS, "vpce-logs")
def the_logs_endpoint_has_no_private_dns(course):
    course.endpoint("logs")["PrivateDnsEnabled"] = False


@row("ssm.unreachable", SECRETS, "vpce-ssm")
def the_ssm_endpoint_is_still_pending(course):
    course.endpoint("ssm")["State"] = "pending"


@row("auth.unreachable", AUTH, "enableDnsSupport")
def the_vpc_has_no_dns(course):
    course.attributes["enableDnsSupport"] = False


@row("auth.unreachable", AUTH, "enableDnsHostnames")
def the_vpc_has_no_dns_host_names(course):
    course.attributes["enableDnsHostnames"] = False


# The network: routes.


@row("auth.unreachable", AUTH, "rtb-private")
def a_public_address_is_no_use_without_an_internet_gateway(course):
    course.remove_endpoint("ecr.api")
    course.security_group("sg-task")["IpPermissionsEgress"] = [permission("-1", block="0.0.0.0/0")]
    course.place["awsvpcConfiguration"]["assignPublicIp"] = "ENABLED"


@row("layers.unreachable", LAYERS, "rtb-private")
def the_s3_gateway_is_not_in_the_route_table(course):
    table = course.table("rtb-private")
    table["Routes"] = [each for each in table["Routes"] if each.get("GatewayId") != "vpce-s3"]
    course.endpoint("s3")["RouteTableIds"] = []


@row("layers.unreachable", LAYERS, "rtb-main")
def the_subnet_lost_its_route_table(course):
    course.table("rtb-private")["Associations"] = []


@row("layers.unreachable", LAYERS, "vpce-s3")
def the_route_to_s3_is_a_blackhole(course):
    course.table("rtb-private")["Routes"][1]["State"] = "blackhole"


# The network: security groups.


@row("auth.unreachable", AUTH, "sg-task")
def the_tasks_group_lets_nothing_out(course):
    course.security_group("sg-task")["IpPermissionsEgress"] = []


@row("auth.unreachable", AUTH, "sg-task")
def the_tasks_group_lets_only_port_80_out(course):
    course.security_group("sg-task")["IpPermissionsEgress"] = [permission(ports=(80, 80), block="0.0.0.0/0")]


@row("auth.unreachable", AUTH, "sg-task")
def the_tasks_group_lets_nothing_out_to_the_endpoints(course):
    course.security_group("sg-task")["IpPermissionsEgress"] = [permission(prefix_list="pl-s3")]


@row("layers.unreachable", LAYERS, "sg-task")
def the_tasks_group_lets_nothing_out_to_s3(course):
    course.security_group("sg-task")["IpPermissionsEgress"] = [permission(group="sg-endpoints")]


@row("auth.unreachable", AUTH, "sg-endpoints")
def the_endpoints_group_lets_nothing_in(course):
    course.security_group("sg-endpoints")["IpPermissions"] = []


@row("auth.unreachable", AUTH, "sg-endpoints")
def the_endpoints_group_lets_another_port_in(course):
    course.security_group("sg-endpoints")["IpPermissions"] = [permission(ports=(80, 80), group="sg-task")]


@row("auth.unreachable", AUTH, "sg-endpoints")
def the_endpoints_group_lets_another_group_in(course):
    course.security_group("sg-endpoints")["IpPermissions"] = [permission(group="sg-default")]


@row("auth.unreachable", AUTH, "sg-endpoints")
def the_task_is_in_the_default_group(course):
    course.place["awsvpcConfiguration"]["securityGroups"] = []


@row("logs.unreachable", LOGS, "sg-logs")
def logs_alone_is_exempt_from_inbound_443(course):
    """The talk's advice: AWS documents 443 for every interface endpoint."""
    closed = copy.deepcopy(course.security_group("sg-endpoints")) | {"GroupId": "sg-logs", "IpPermissions": []}
    course.vpc["SecurityGroups"].append(closed)
    _move(course, "logs", "sg-logs")


@row("ssm.unreachable", SECRETS, "sg-default")
def the_ssm_endpoint_is_in_the_default_group(course):
    egress = course.security_group("sg-task")["IpPermissionsEgress"]
    egress.append(permission(block="10.0.0.0/16"))
    _move(course, "ssm", "sg-default")


def _move(course, service, group):
    endpoint = course.endpoint(service)
    endpoint["Groups"] = [{"GroupId": group, "GroupName": group}]
    for each in course.vpc["NetworkInterfaces"]:
        if each["NetworkInterfaceId"] in endpoint["NetworkInterfaceIds"]:
            each["Groups"] = endpoint["Groups"]
    egress = course.security_group("sg-task")["IpPermissionsEgress"]
    egress.append(permission(group=group))


# The network: network ACLs.


@row("auth.unreachable", AUTH, "acl-1")
def the_acl_lets_nothing_out(course):
    _deny(course, egress=True)


@row("auth.unreachable", AUTH, "acl-1")
def the_acl_lets_nothing_in(course):
    _deny(course, egress=False)


@row("layers.unreachable", LAYERS, "acl-1")
def the_acl_lets_no_answer_of_s3_in(course):
    """Stateless: 443 goes out, the answer's ephemeral ports come in from the VPC only."""
    entries = course.vpc["NetworkAcls"][0]["Entries"]
    entry = next(each for each in entries if not each["Egress"] and each["RuleNumber"] == 100)
    entry["CidrBlock"] = "10.0.0.0/16"


@row("layers.unreachable", LAYERS, "acl-1")
def the_acl_lets_443_out_to_the_vpc_only(course):
    entries = course.vpc["NetworkAcls"][0]["Entries"]
    entry = next(each for each in entries if each["Egress"] and each["RuleNumber"] == 100)
    entry["CidrBlock"] = "10.0.0.0/16"


def _deny(course, egress):
    entries = course.vpc["NetworkAcls"][0]["Entries"]
    course.vpc["NetworkAcls"][0]["Entries"] = [
        each for each in entries if each["Egress"] is not egress or each["RuleNumber"] > 100
    ]


# Endpoint policies.


@row("auth.denied", AUTH, "vpce-ecr-api")
def the_ecr_api_endpoints_policy_has_no_token(course):
    course.endpoint_policy("ecr.api", statement("ecr:BatchGetImage", "*"))


@row("ssm.denied", SECRETS, "vpce-ssm")
def the_ssm_endpoints_policy_allows_another_parameter(course):
    course.endpoint_policy("ssm", statement("ssm:GetParameters", PARAMETER + "-other"))


@row("asm.denied", SECRETS, "vpce-secretsmanager")
def the_secrets_manager_endpoints_policy_denies(course):
    everything = statement("*", "*")
    course.endpoint_policy("secretsmanager", everything, statement("secretsmanager:GetSecretValue", "*", "Deny"))


@row("manifest.denied", MANIFEST, "vpce-ecr-dkr")
def the_ecr_dkr_endpoints_policy_allows_another_repository(course):
    course.endpoint_policy("ecr.dkr", statement("ecr:*", REPOSITORY + "-other"))


@row("layers.denied", LAYERS, "vpce-ecr-dkr")
def the_ecr_dkr_endpoints_policy_has_no_download(course):
    course.endpoint_policy("ecr.dkr", statement("ecr:BatchGetImage", "*"))


@row("layers.bucket_denied", LAYERS, "vpce-s3")
def the_s3_gateways_policy_allows_another_bucket(course):
    course.endpoint_policy("s3", statement("s3:GetObject", "arn:aws:s3:::my-bucket/*"))


@row("layers.bucket_denied", LAYERS, "vpce-s3")
def the_s3_gateways_policy_allows_the_bucket_but_not_its_objects(course):
    course.endpoint_policy("s3", statement("s3:GetObject", f"arn:aws:s3:::{BUCKET}"))


@row("layers.bucket_denied", LAYERS, "vpce-s3")
def the_s3_gateways_policy_allows_only_our_account(course):
    """ECR's links are signed by ECR, not by the execution role."""
    course.endpoint_policy(
        "s3", statement("s3:*", "*", Condition={"StringEquals": {"aws:PrincipalAccount": "111122223333"}})
    )


@row("logs.denied", LOGS, "vpce-logs")
def the_logs_endpoints_policy_allows_no_stream(course):
    course.endpoint_policy("logs", statement("logs:PutLogEvents", "*"))


# The roles.


@row("role.trust", StepName.ROLES, "ecs-tasks.amazonaws.com")
def another_service_may_assume_the_roles(course):
    course.trust_principal = {"Service": "ec2.amazonaws.com"}


@row("role.trust", StepName.ROLES, TASK_ROLE)
def the_task_role_does_not_exist(course):
    course.roles.discard(TASK_ROLE)


@row("register.secrets_role", StepName.ROLES, "execution role")
def there_is_no_execution_role(course):
    del course.definition["executionRoleArn"]


@row("auth.denied", AUTH, "ecr:GetAuthorizationToken")
def the_role_may_not_get_a_token(course):
    del course.policy["token"]


@row("auth.denied", AUTH, "ecr:GetAuthorizationToken")
def the_token_is_limited_to_a_repository(course):
    course.policy["token"]["Resource"] = REPOSITORY


@row("auth.denied", AUTH, "ecr:GetAuthorizationToken")
def the_token_is_limited_to_an_endpoint(course):
    """GetAuthorizationToken carries no key of the VPC's endpoint."""
    course.policy["token"]["Condition"] = {"StringEquals": {"aws:SourceVpce": "vpce-ecr-api"}}


@row("ssm.denied", SECRETS, "ssm:GetParameters")
def the_role_may_not_get_the_parameter(course):
    del course.policy["parameter"]


@row("ssm.denied", SECRETS, "NoSecrets")
def a_deny_outdoes_the_allow_of_the_parameter(course):
    course.policy["deny"] = statement("ssm:*", "*", "Deny", Sid="NoSecrets")


@row("asm.denied", SECRETS, "secretsmanager:GetSecretValue")
def the_role_may_not_get_the_secret(course):
    del course.policy["secret"]


@row("manifest.denied", MANIFEST, "ecr:BatchGetImage")
def the_role_may_not_get_the_manifest(course):
    del course.policy["manifest"]


@row("manifest.denied", MANIFEST, REPOSITORY)
def the_repositorys_policy_denies_the_manifest(course):
    denied = statement("ecr:BatchGetImage", "*", "Deny", Principal="*")
    del denied["Resource"]
    course.resource_policies[REPOSITORY] = {"Version": "2012-10-17", "Statement": [denied]}


@row("layers.denied", LAYERS, "ecr:GetDownloadUrlForLayer")
def the_role_may_not_download_layers(course):
    del course.policy["layers"]


@row("logs.denied", LOGS, "logs:CreateLogStream")
def the_role_may_not_create_the_stream(course):
    del course.policy["logs"]


@row("logs.group_denied", LOGS, "logs:CreateLogGroup")
def the_role_may_not_create_the_group(course):
    course.groups.clear()
    course.log_options["awslogs-create-group"] = "true"


@row("ssm.kms_denied", SECRETS, KEY)
def the_role_may_not_decrypt_the_parameter(course):
    course.secrets["/fargate-lab/greeting"] = SecretFound(PARAMETER, KEY)


@row("asm.kms_denied", SECRETS, KEY)
def the_role_may_not_decrypt_the_secret(course):
    course.secrets[SECRET] = replace(course.secrets[SECRET], key_arn=KEY)


# What is not there.


@row("eni.gone", StepName.ENI, "subnet-gone")
def the_subnet_was_deleted(course):
    course.place["awsvpcConfiguration"]["subnets"] = ["subnet-gone"]


@row("eni.gone", StepName.ENI, "sg-gone")
def the_group_was_deleted(course):
    course.place["awsvpcConfiguration"]["securityGroups"] = ["sg-gone"]


@row("eni.no_address", StepName.ENI, "subnet-a")
def the_subnet_is_full(course):
    _fill(course)


@row("eni.no_address_public", StepName.ENI, "subnet-a")
def the_subnet_is_full_for_a_task_with_a_public_address(course):
    _fill(course)
    course.place["awsvpcConfiguration"]["assignPublicIp"] = "ENABLED"


def _fill(course):
    pattern = course.vpc["NetworkInterfaces"][0]
    taken = {each["PrivateIpAddress"] for each in course.vpc["NetworkInterfaces"]}
    for number in range(4, 255):
        address = f"10.0.0.{number}"
        if address not in taken:
            more = copy.deepcopy(pattern) | {"NetworkInterfaceId": f"eni-full-{number}", "PrivateIpAddress": address}
            more["PrivateIpAddresses"] = [{"Primary": True, "PrivateIpAddress": address}]
            course.vpc["NetworkInterfaces"].append(more)


@row("ssm.missing", SECRETS, "/fargate-lab/greeting")
def the_parameter_does_not_exist(course):
    del course.secrets["/fargate-lab/greeting"]


@row("asm.missing", SECRETS, SECRET)
def the_secret_does_not_exist(course):
    del course.secrets[SECRET]


@row("asm.no_value", SECRETS, "AWSCURRENT")
def the_secret_has_no_value(course):
    course.secrets[SECRET] = SecretFound(SECRET, has_value=False)


@row("asm.json_key", SECRETS, "password")
def the_secret_has_no_such_key(course):
    course.secrets[SECRET] = SecretFound(SECRET, json_keys=frozenset({"user"}))


@row("manifest.no_tag", MANIFEST, "fargate-lab/app:1")
def the_tag_was_never_pushed(course):
    course.image = missing(Missing.IMAGE)


@row("manifest.deleted", MANIFEST, "fargate-lab/app:1@sha256:")
def the_deployments_image_was_deleted(course):
    course.digests = {"app": "sha256:" + "d" * 64}
    course.image = missing(Missing.IMAGE)


@row("manifest.no_repository", MANIFEST, "the repository does not exist")
def the_repository_does_not_exist(course):
    course.image = missing(Missing.REPOSITORY)


@row("manifest.public_denied", MANIFEST, "registry refuses")
def another_registry_refuses_the_image(course):
    course.image = missing(Missing.REFUSED)


@row("manifest.platform", StepName.PLATFORM, "linux/amd64")
def the_index_has_no_image_for_the_cpu(course):
    course.image = ImageFound("sha256:" + "e" * 64, replace(INDEX, manifests=(descriptor("a", AMD64),)))


@row("exit.essential", StepName.START, "linux/amd64")
def the_one_image_is_for_another_cpu(course):
    course.image = ImageFound("sha256:" + "e" * 64, SINGLE, AMD64)


@row("logs.no_group", LOGS, GROUP)
def the_log_group_does_not_exist(course):
    course.groups.clear()


@row("logs.no_region", LOGS, "awslogs-region")
def the_log_options_name_no_region(course):
    del course.log_options["awslogs-region"]


@row("logs.no_stream_prefix", LOGS, "awslogs-stream-prefix")
def the_log_options_name_no_prefix(course):
    del course.log_options["awslogs-stream-prefix"]


# File systems.


def _mount(course, letter="a", group="sg-endpoints"):
    """A volume of EFS, with a mount target in one subnet."""
    course.definition["volumes"] = [{"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]
    pattern = next(each for each in course.vpc["NetworkInterfaces"] if each["SubnetId"] == f"subnet-{letter}")
    address = f"10.0.{'ab'.index(letter)}.99"
    course.vpc["NetworkInterfaces"].append(
        copy.deepcopy(pattern)
        | {
            "NetworkInterfaceId": "eni-efs",
            "Description": "EFS mount target for fs-1 (fsmt-1)",
            "PrivateIpAddress": address,
            "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address}],
            "Groups": [{"GroupId": group, "GroupName": group}],
        }
    )


def _open_nfs(course):
    course.security_group("sg-task")["IpPermissionsEgress"].append(permission(ports=(2049, 2049), group="sg-endpoints"))
    course.security_group("sg-endpoints")["IpPermissions"].append(permission(ports=(2049, 2049), group="sg-task"))


@row("volume.no_target", StepName.START, "fs-1")
def the_file_system_has_its_mount_target_in_another_zone(course):
    _mount(course, "b")
    _open_nfs(course)


@row("volume.unreachable", StepName.START, "sg-endpoints")
def the_mount_targets_group_lets_no_nfs_in(course):
    _mount(course)
    _open_nfs(course)
    course.security_group("sg-endpoints")["IpPermissions"].pop()


# Changes that must not stop the task.

HARMLESS: list[Callable[[Course], None]] = []


def harmless(function):
    """The decorated function changes the course, and the task still starts."""
    HARMLESS.append(function)
    return function


@harmless
def nothing_is_changed(course):
    """The course as it is."""


@harmless
def the_task_mounts_a_file_system(course):
    _mount(course)
    _open_nfs(course)


@harmless
def the_groups_are_wide_open(course):
    course.security_group("sg-task")["IpPermissionsEgress"] = [permission("-1", block="0.0.0.0/0")]
    course.security_group("sg-endpoints")["IpPermissions"] = [permission("-1", block="0.0.0.0/0")]


@harmless
def the_endpoints_admit_the_vpcs_range(course):
    course.security_group("sg-endpoints")["IpPermissions"] = [permission(block="10.0.0.0/16")]


@harmless
def the_endpoints_have_the_default_policy(course):
    for endpoint in course.vpc["VpcEndpoints"]:
        endpoint["PolicyDocument"] = str(ALLOW_ALL).replace("'", '"')


@harmless
def the_group_is_made_by_the_driver(course):
    course.groups.clear()
    course.log_options["awslogs-create-group"] = "true"
    course.policy["group"] = statement("logs:CreateLogGroup", "*")


@harmless
def the_parameter_is_under_a_key_the_role_may_use(course):
    course.secrets["/fargate-lab/greeting"] = SecretFound(PARAMETER, KEY)
    via = {"StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}}
    course.policy["key"] = statement("kms:Decrypt", KEY, Condition=via)
    # A KMS key's policy must leave the decision to the account's policies.
    leave = statement("kms:*", "*", Principal={"AWS": "arn:aws:iam::111122223333:root"})
    course.resource_policies[KEY] = {"Version": "2012-10-17", "Statement": [leave]}


@harmless
def the_one_image_is_for_the_tasks_cpu(course):
    course.image = ImageFound("sha256:" + "e" * 64, SINGLE, ARM64)


@harmless
def the_task_needs_no_secret_and_no_log(course):
    del course.container["secrets"]
    del course.container["logConfiguration"]
    for service in ("ssm", "secretsmanager", "logs"):
        course.remove_endpoint(service)


@harmless
def the_role_limits_what_it_may_to_the_vpc(course):
    within = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    for name in ("manifest", "layers", "parameter", "secret", "logs"):
        course.policy[name]["Condition"] = within


@harmless
def the_task_has_a_public_address_and_an_internet_gateway(course):
    _without_endpoints(course)
    course.place["awsvpcConfiguration"]["assignPublicIp"] = "ENABLED"
    course.vpc["InternetGateways"] = [
        {"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}
    ]
    _default_route(course, "rtb-private", GatewayId="igw-1")


@harmless
def the_private_subnets_go_through_a_nat_gateway(course):
    _without_endpoints(course)
    course.vpc["InternetGateways"] = [
        {"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}
    ]
    public = copy.deepcopy(course.vpc["Subnets"][0]) | {"SubnetId": "subnet-public", "CidrBlock": "10.0.9.0/24"}
    course.vpc["Subnets"].append(public)
    course.vpc["NatGateways"] = [
        {
            "NatGatewayId": "nat-1",
            "VpcId": "vpc-1",
            "SubnetId": "subnet-public",
            "State": "available",
            "ConnectivityType": "public",
            "NatGatewayAddresses": [{"PrivateIp": "10.0.9.5", "PublicIp": "198.51.100.7"}],
        }
    ]
    course.vpc["NetworkAcls"][0]["Associations"].append({"SubnetId": "subnet-public"})
    _default_route(course, "rtb-main", GatewayId="igw-1")
    _default_route(course, "rtb-private", NatGatewayId="nat-1")


def _without_endpoints(course):
    for service in ("ecr.api", "ecr.dkr", "ssm", "secretsmanager", "logs", "s3"):
        course.remove_endpoint(service)
    course.security_group("sg-task")["IpPermissionsEgress"] = [permission("-1", block="0.0.0.0/0")]


def _default_route(course, table, **target):
    course.table(table)["Routes"].append(
        {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "Origin": "CreateRoute", **target}
    )
