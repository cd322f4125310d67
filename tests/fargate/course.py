"""The course's VPC and task as plain data, working; a test breaks one thing and asks what happens.

``Course`` is the whole of it: ``vpc`` in the shape of EC2's describe_* answers, ``policies`` of the execution role, and
what is in the registry, the secrets and the logs. Every part may be changed in place.
"""

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from labs import iam, network, oci
from labs.fargate.image import ImageRef
from labs.fargate.plan import Sources, plan, survey
from labs.fargate.sources import CannotRead, ImageFound, ImageMissing, Missing, SecretFound
from labs.fargate.task import TaskSpec

ACCOUNT, REGION = "111122223333", "us-east-1"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/fargate-lab/app:1"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/fargate-lab/app"
EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/fargate-lab-execution"
TASK_ROLE = f"arn:aws:iam::{ACCOUNT}:role/fargate-lab-task"
TASK_ID = "0123456789abcdef0123456789abcdef"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/fargate-lab/greeting"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:fargate-lab/db-AbCdEf"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b9fd1a4-0000-4000-8000-000000000000"
GROUP = "/fargate-lab"
STREAM = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:log-stream:app/app/{TASK_ID}"
BUCKET = f"prod-{REGION}-starport-layer-bucket"
AMD64, ARM64 = oci.Platform("linux", "amd64"), oci.Platform("linux", "arm64")
INTERFACE_ENDPOINTS = ("ecr.api", "ecr.dkr", "ssm", "secretsmanager", "logs")

ALLOW_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def statement(action, resource, effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


POLICY = {
    "token": statement("ecr:GetAuthorizationToken", "*"),
    "manifest": statement("ecr:BatchGetImage", REPOSITORY),
    "layers": statement("ecr:GetDownloadUrlForLayer", REPOSITORY),
    "parameter": statement("ssm:GetParameters", PARAMETER),
    "secret": statement("secretsmanager:GetSecretValue", SECRET),
    "logs": statement(
        ["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"
    ),
}

DEFINITION = {
    "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/app:1",
    "family": "app",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": EXECUTION_ROLE,
    "taskRoleArn": TASK_ROLE,
    "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    "containerDefinitions": [
        {
            "name": "app",
            "image": IMAGE,
            "essential": True,
            "secrets": [
                {"name": "GREETING", "valueFrom": "/fargate-lab/greeting"},
                {"name": "PASSWORD", "valueFrom": f"{SECRET}:password::"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "app"},
            },
        }
    ],
}
PLACE = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-task"]}}


def permission(protocol="tcp", ports=(443, 443), group="", block="", prefix_list=""):
    """One entry of IpPermissions."""
    raw = {"IpProtocol": protocol, "UserIdGroupPairs": [], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
    if protocol != "-1":
        raw |= {"FromPort": ports[0], "ToPort": ports[1]}
    if group:
        raw["UserIdGroupPairs"] = [{"GroupId": group, "UserId": ACCOUNT}]
    if block:
        raw["IpRanges"] = [{"CidrIp": block}]
    if prefix_list:
        raw["PrefixListIds"] = [{"PrefixListId": prefix_list}]
    return raw


def _subnet(letter, number):
    return {
        "SubnetId": f"subnet-{letter}",
        "VpcId": "vpc-1",
        "AvailabilityZone": f"{REGION}{letter}",
        "CidrBlock": f"10.0.{number}.0/24",
        "AvailableIpAddressCount": 246,
        "MapPublicIpOnLaunch": False,
        "State": "available",
    }


def _endpoint(service, number):
    id = f"vpce-{service.replace('.', '-')}"
    name = service.split(".")
    host = f"{name[1]}.{name[0]}" if len(name) == 2 else service
    return {
        "VpcEndpointId": id,
        "VpcEndpointType": "Interface",
        "VpcId": "vpc-1",
        "ServiceName": f"com.amazonaws.{REGION}.{service}",
        "State": "available",
        "PolicyDocument": json.dumps(ALLOW_ALL),
        "PrivateDnsEnabled": True,
        "SubnetIds": ["subnet-a", "subnet-b"],
        "NetworkInterfaceIds": [f"eni-{number}a", f"eni-{number}b"],
        "Groups": [{"GroupId": "sg-endpoints", "GroupName": "endpoints"}],
        "RouteTableIds": [],
        "DnsEntries": [{"DnsName": f"{id}.{host}.{REGION}.vpce.amazonaws.com", "HostedZoneId": "Z1"}],
    }


def _interface(number, letter, host):
    return {
        "NetworkInterfaceId": f"eni-{number}{letter}",
        "VpcId": "vpc-1",
        "SubnetId": f"subnet-{letter}",
        "AvailabilityZone": f"{REGION}{letter}",
        "Groups": [{"GroupId": "sg-endpoints", "GroupName": "endpoints"}],
        "PrivateIpAddress": f"10.0.{'ab'.index(letter)}.{10 + number}",
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": f"10.0.{'ab'.index(letter)}.{10 + number}"}],
        "InterfaceType": "vpc_endpoint",
        "Description": f"VPC Endpoint Interface vpce-{host}",
        "Status": "in-use",
    }


def _acl_entry(number, egress, action):
    return {
        "RuleNumber": number,
        "Egress": egress,
        "RuleAction": action,
        "Protocol": "-1",
        "CidrBlock": "0.0.0.0/0",
    }


def vpc():
    """Two private subnets, no NAT, five interface endpoints, the S3 gateway, groups as narrow as they can be."""
    numbered = list(enumerate(INTERFACE_ENDPOINTS))
    return {
        "Region": REGION,
        "Vpcs": [
            {
                "VpcId": "vpc-1",
                "CidrBlock": "10.0.0.0/16",
                "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}],
                "DhcpOptionsId": "dopt-1",
                "IsDefault": False,
            }
        ],
        "VpcAttributes": {"vpc-1": {"enableDnsSupport": True, "enableDnsHostnames": True}},
        "Subnets": [_subnet("a", 0), _subnet("b", 1)],
        "RouteTables": [
            {
                "RouteTableId": "rtb-main",
                "VpcId": "vpc-1",
                "Associations": [{"Main": True, "RouteTableId": "rtb-main"}],
                "Routes": [_local()],
            },
            {
                "RouteTableId": "rtb-private",
                "VpcId": "vpc-1",
                "Associations": [
                    {"Main": False, "SubnetId": f"subnet-{each}", "RouteTableId": "rtb-private"} for each in "ab"
                ],
                "Routes": [
                    _local(),
                    {
                        "DestinationPrefixListId": "pl-s3",
                        "GatewayId": "vpce-s3",
                        "State": "active",
                        "Origin": "CreateRoute",
                    },
                ],
            },
        ],
        "SecurityGroups": [
            {
                "GroupId": "sg-default",
                "GroupName": "default",
                "VpcId": "vpc-1",
                "IpPermissions": [permission("-1", group="sg-default")],
                "IpPermissionsEgress": [permission("-1", block="0.0.0.0/0")],
            },
            {
                "GroupId": "sg-task",
                "GroupName": "task",
                "VpcId": "vpc-1",
                "IpPermissions": [],
                "IpPermissionsEgress": [permission(group="sg-endpoints"), permission(prefix_list="pl-s3")],
            },
            {
                "GroupId": "sg-endpoints",
                "GroupName": "endpoints",
                "VpcId": "vpc-1",
                "IpPermissions": [permission(group="sg-task")],
                "IpPermissionsEgress": [],
            },
        ],
        "NetworkAcls": [
            {
                "NetworkAclId": "acl-1",
                "VpcId": "vpc-1",
                "IsDefault": True,
                "Associations": [{"SubnetId": "subnet-a"}, {"SubnetId": "subnet-b"}],
                "Entries": [
                    _acl_entry(number, egress, action)
                    for egress in (False, True)
                    for number, action in ((100, "allow"), (32767, "deny"))
                ],
            }
        ],
        "NetworkInterfaces": [_interface(n, letter, service) for n, service in numbered for letter in "ab"],
        "VpcEndpoints": [
            *(_endpoint(service, n) for n, service in numbered),
            {
                "VpcEndpointId": "vpce-s3",
                "VpcEndpointType": "Gateway",
                "VpcId": "vpc-1",
                "ServiceName": f"com.amazonaws.{REGION}.s3",
                "State": "available",
                "PolicyDocument": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": "*",
                                "Action": "s3:GetObject",
                                "Resource": f"arn:aws:s3:::{BUCKET}/*",
                            }
                        ],
                    }
                ),
                "PrivateDnsEnabled": False,
                "RouteTableIds": ["rtb-private"],
                "SubnetIds": [],
                "NetworkInterfaceIds": [],
                "Groups": [],
                "DnsEntries": [],
            },
        ],
        "NatGateways": [],
        "InternetGateways": [],
        "DhcpOptions": [
            {
                "DhcpOptionsId": "dopt-1",
                "DhcpConfigurations": [{"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]}],
            }
        ],
        "PrefixLists": [
            {
                "PrefixListId": "pl-s3",
                "PrefixListName": f"com.amazonaws.{REGION}.s3",
                "Cidrs": ["52.216.0.0/15", "54.231.0.0/16"],
            }
        ],
    }


def _local():
    return {
        "DestinationCidrBlock": "10.0.0.0/16",
        "GatewayId": "local",
        "State": "active",
        "Origin": "CreateRouteTable",
    }


def descriptor(letter, platform=None):
    return oci.Descriptor(oci.OCI_MANIFEST, "sha256:" + letter * 64, 10, platform)


INDEX = oci.Index(oci.OCI_INDEX, (descriptor("a", AMD64), descriptor("b", ARM64)))
SINGLE = oci.Manifest(oci.OCI_MANIFEST, descriptor("c"), (descriptor("d"),))


@dataclass
class Course:
    """Everything a start reads, working. It is its own permissions, registry, secrets and logs."""

    vpc: dict = field(default_factory=vpc)
    definition: dict = field(default_factory=lambda: copy.deepcopy(DEFINITION))
    place: dict = field(default_factory=lambda: copy.deepcopy(PLACE))
    policy: dict = field(default_factory=lambda: copy.deepcopy(POLICY))
    digests: dict = field(default_factory=dict)
    resource_policies: dict = field(default_factory=dict)
    trust_principal: dict = field(default_factory=lambda: {"Service": "ecs-tasks.amazonaws.com"})
    roles: set = field(default_factory=lambda: {EXECUTION_ROLE, TASK_ROLE})
    image: object = field(default_factory=lambda: ImageFound("sha256:" + "e" * 64, INDEX))
    secrets: dict = field(
        default_factory=lambda: {
            "/fargate-lab/greeting": SecretFound(PARAMETER),
            SECRET: SecretFound(SECRET, json_keys=frozenset({"password", "user"})),
        }
    )
    groups: set = field(default_factory=lambda: {GROUP})
    unreadable: set = field(default_factory=set)
    exec_enabled: bool = False
    now: datetime = datetime(2026, 11, 30, 12, tzinfo=UTC)

    # Answers.

    def decide(self, principal, action, resource, context, endpoint):
        self._read("permissions")
        own = {"Version": "2012-10-17", "Statement": list(self.policy.values())}
        document = self.resource_policies.get(resource)
        policies = iam.Policies(
            identity=(iam.parse_policy(own, name="execution"),),
            resource=iam.parse_policy(document, iam.PolicyKind.RESOURCE) if document else None,
            endpoint=endpoint,
        )
        return iam.evaluate(iam.Request(principal, action, resource, context), policies)

    def trust(self, role):
        self._read("permissions")
        if role not in self.roles:
            return None
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": self.trust_principal, "Action": "sts:AssumeRole"}],
        }
        service = iam.Principal("ecs-tasks.amazonaws.com", "", iam.PrincipalKind.SERVICE)
        request = iam.Request(service, "sts:AssumeRole", role, {}, ACCOUNT)
        return iam.evaluate_trust(request, iam.parse_policy(document, iam.PolicyKind.TRUST))

    def resolve(self, image: ImageRef):
        self._read("registry")
        return self.image

    def find(self, secret):
        self._read("secrets")
        return self.secrets.get(secret.name)

    def has_group(self, name, region):
        self._read("logs")
        return name in self.groups

    def _read(self, what):
        if what in self.unreadable:
            raise CannotRead(f"not allowed to read the {what}")

    # Questions.

    @property
    def task(self):
        return TaskSpec.of(
            self.definition, self.place, task_id=TASK_ID, exec_enabled=self.exec_enabled, registry_host="127.0.0.1:5001"
        ).pinned(self.digests)

    @property
    def sources(self):
        return Sources(network.Snapshot.parse(self.vpc), self, self, self, self)

    def plan(self, **options):
        read = self.sources
        return plan(self.task, read.snapshot, read.permissions, read.registry, read.secrets, read.logs, **options)

    def survey(self):
        return survey(self.task, self.sources)

    # Parts, to be changed in place.

    @property
    def container(self):
        return self.definition["containerDefinitions"][0]

    @property
    def log_options(self):
        return self.container["logConfiguration"]["options"]

    def endpoint(self, service):
        return next(e for e in self.vpc["VpcEndpoints"] if e["ServiceName"].endswith("." + service))

    def remove_endpoint(self, service):
        gone = self.endpoint(service)
        self.vpc["VpcEndpoints"].remove(gone)
        self.vpc["NetworkInterfaces"] = [
            each
            for each in self.vpc["NetworkInterfaces"]
            if each["NetworkInterfaceId"] not in gone["NetworkInterfaceIds"]
        ]
        for table in self.vpc["RouteTables"]:
            table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") != gone["VpcEndpointId"]]

    def endpoint_policy(self, service, *statements):
        made = [{"Principal": "*", **each} for each in statements]
        self.endpoint(service)["PolicyDocument"] = json.dumps({"Version": "2012-10-17", "Statement": made})

    def security_group(self, id):
        return next(each for each in self.vpc["SecurityGroups"] if each["GroupId"] == id)

    def table(self, id):
        return next(each for each in self.vpc["RouteTables"] if each["RouteTableId"] == id)

    @property
    def attributes(self):
        return self.vpc["VpcAttributes"]["vpc-1"]


def missing(kind: Missing):
    return ImageMissing(kind)
