"""A VPC, roles, an image and a task definition for tests of ECS, over a running ``labs cloud``; boto3 only."""

import contextlib
import gzip
import hashlib
import io
import itertools
import json
import select
import tarfile
import time
from dataclasses import dataclass

from botocore.exceptions import ClientError

TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "ssm", "secretsmanager")
_numbers = itertools.count(10)

HELLO = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("hello from", os.environ.get("WHO", "the app"), "secret", os.environ.get("APP_SECRET", "none"), flush=True)
while True:
    time.sleep(0.05)
"""


def until(condition, seconds=60):
    """Ask until it is true, at most so long; what it was at last."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        select.select([], [], [], 0.05)
    return found


@dataclass
class Vpc:
    """Two private subnets, the tasks' group, and with ``open`` every endpoint."""

    id: str
    subnets: list
    group: str
    table: str

    @property
    def configuration(self):
        return {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.group]}}


class EcsLab:
    """Everything a task needs, made with an administrator's keys."""

    def __init__(self, cloud, name):
        self.cloud, self.name = cloud, name
        self.ecs, self.ec2, self.ecr = cloud.client("ecs"), cloud.client("ec2"), cloud.client("ecr")
        self.logs, self.ssm, self.iam = cloud.client("logs"), cloud.client("ssm"), cloud.client("iam")
        self.role = self.iam.create_role(
            RoleName=f"{name}-exec",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [TRUST]}),
        )["Role"]["Arn"]
        self.iam.attach_role_policy(RoleName=f"{name}-exec", PolicyArn=EXECUTION)
        self.ecr.create_repository(repositoryName=f"{name}/app")
        self.logs.create_log_group(logGroupName=f"/ecs/{name}")
        self.ecs.create_cluster(clusterName=name)
        self.registry = f"127.0.0.1:{cloud.port}"

    def vpc(self, endpoints=ENDPOINTS, s3=True):
        """A VPC without any way out but these endpoints, closed to all but the tasks' group."""
        ec2, number = self.ec2, next(_numbers)
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        zones = (f"{self.cloud.region}a", f"{self.cloud.region}b")
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.{n}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for n, zone in enumerate(zones)
        ]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        tasks = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
        made = Vpc(vpc, subnets, tasks, table)
        if endpoints:
            self.open(made, endpoints)
        if s3:
            self.open_s3(made)
        return made

    def open(self, vpc, endpoints=ENDPOINTS):
        """Interface endpoints that let the tasks' group in."""
        ec2 = self.ec2
        group = ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=vpc.id)["GroupId"]
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": vpc.group}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        made = [
            ec2.create_vpc_endpoint(
                VpcId=vpc.id,
                VpcEndpointType="Interface",
                ServiceName=f"com.amazonaws.{self.cloud.region}.{name}",
                SubnetIds=vpc.subnets,
                SecurityGroupIds=[group],
                PrivateDnsEnabled=True,
            )["VpcEndpoint"]["VpcEndpointId"]
            for name in endpoints
        ]
        described = lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=made)["VpcEndpoints"]  # noqa: E731
        until(lambda: all(each["State"].lower() == "available" for each in described()))

    def open_s3(self, vpc):
        """The gateway endpoint that layers come through."""
        self.ec2.create_vpc_endpoint(
            VpcId=vpc.id,
            VpcEndpointType="Gateway",
            ServiceName=f"com.amazonaws.{self.cloud.region}.s3",
            RouteTableIds=[vpc.table],
        )

    def blob(self, data):
        """Upload one blob as any client of ECR's API; its descriptor."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        where = {"repositoryName": f"{self.name}/app"}
        upload = self.ecr.initiate_layer_upload(**where)["uploadId"]
        self.ecr.upload_layer_part(
            **where, uploadId=upload, partFirstByte=0, partLastByte=len(data) - 1, layerPartBlob=data
        )
        with contextlib.suppress(self.ecr.exceptions.LayerAlreadyExistsException):
            self.ecr.complete_layer_upload(**where, uploadId=upload, layerDigests=[digest])
        return {"digest": digest, "size": len(data)}

    def manifest(self, program, architecture="amd64", **config):
        """Push one platform's image with ``program`` as /app/app.py; its descriptor and body."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo("app/app.py")
            entry.size, entry.mode = len(program.encode()), 0o644
            archive.addfile(entry, io.BytesIO(program.encode()))
        plain = packed.getvalue()
        diff = "sha256:" + hashlib.sha256(plain).hexdigest()
        document = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Entrypoint": ["python", "/app/app.py"], "WorkingDir": "/app", **config},
            "rootfs": {"type": "layers", "diff_ids": [diff]},
        }
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    **self.blob(json.dumps(document).encode()),
                },
                "layers": [
                    {
                        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                        **self.blob(gzip.compress(plain, mtime=0)),
                    }
                ],
            }
        )

    def put(self, body, media_type, tag=None):
        more = {"imageTag": tag} if tag else {}
        with contextlib.suppress(self.ecr.exceptions.ImageAlreadyExistsException):
            self.ecr.put_image(
                repositoryName=f"{self.name}/app", imageManifest=body, imageManifestMediaType=media_type, **more
            )
        return "sha256:" + hashlib.sha256(body.encode()).hexdigest()

    def image(self, tag, program=HELLO, platforms=("amd64", "arm64"), **config):
        """Push an index over these platforms under a tag; the image's name."""
        entries = []
        for architecture in platforms:
            body = self.manifest(program, architecture, **config)
            digest = self.put(body, MANIFEST)
            platform = {"os": "linux", "architecture": architecture}
            entries.append({"mediaType": MANIFEST, "digest": digest, "size": len(body), "platform": platform})
        self.put(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}), INDEX, tag)
        return f"{self.registry}/{self.name}/app:{tag}"

    def single(self, tag, architecture, program=HELLO):
        """Push an image of one platform, without an index."""
        self.put(self.manifest(program, architecture), MANIFEST, tag)
        return f"{self.registry}/{self.name}/app:{tag}"

    def container(self, image, name="app", **more):
        """A container definition that logs to CloudWatch."""
        options = {
            "awslogs-group": f"/ecs/{self.name}",
            "awslogs-region": self.cloud.region,
            "awslogs-stream-prefix": "lab",
        }
        return {"name": name, "image": image, "logConfiguration": {"logDriver": "awslogs", "options": options}, **more}

    def register(self, *containers, family="app", **more):
        """Register a task definition; its ARN."""
        given = {
            "family": f"{self.name}-{family}",
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": self.role,
            "containerDefinitions": list(containers),
            **more,
        }
        return self.ecs.register_task_definition(**given)["taskDefinition"]["taskDefinitionArn"]

    def run(self, definition, vpc, **more):
        """Run one task; its ARN."""
        made = self.ecs.run_task(
            cluster=self.name,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=vpc.configuration,
            **more,
        )
        assert made["failures"] == []
        return made["tasks"][0]["taskArn"]

    def task(self, arn):
        """A task as it is now."""
        return self.ecs.describe_tasks(cluster=self.name, tasks=[arn])["tasks"][0]

    def reaches(self, arn, status, seconds=60):
        """Wait for a task's status; the task. Fails when it stops instead."""

        def there():
            now = self.task(arn)
            assert now["lastStatus"] != "STOPPED" or status == "STOPPED", now
            return now["lastStatus"] == status

        until(there, seconds)
        return self.task(arn)

    def lines(self, arn, container="app"):
        """The task's lines in CloudWatch Logs; none when there is no stream."""
        stream = f"lab/{container}/{arn.rsplit('/', 1)[-1]}"
        try:
            events = self.logs.get_log_events(
                logGroupName=f"/ecs/{self.name}", logStreamName=stream, startFromHead=True
            )["events"]
        except ClientError:
            return []
        return [each["message"] for each in events]

    def service(self, name, definition, vpc, **more):
        """Create a service."""
        return self.ecs.create_service(
            cluster=self.name,
            serviceName=name,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=vpc.configuration,
            **more,
        )["service"]

    def described(self, name):
        """A service as it is now."""
        return self.ecs.describe_services(cluster=self.name, services=[name])["services"][0]

    def events(self, name):
        """What a service said, oldest first."""
        return [each["message"] for each in reversed(self.described(name)["events"])]
