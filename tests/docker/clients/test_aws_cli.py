"""The AWS CLI with the variables of ``labs env`` and nothing else: its ordinary calls answer in sensible JSON."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.lab_cloud import LabCloud
from tests.docker.clients.conftest import Image, Repository
from tests.forked_programs import AWS, Forked

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
PULL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"}]}
)
# What is typed, and the path in the answer that must hold something ("" where the CLI prints nothing).
CALLS = [
    ("sts get-caller-identity", "Arn"),
    ("sts get-session-token", "Credentials.SessionToken"),
    ("sts assume-role --role-arn {role} --role-session-name cli", "Credentials.AccessKeyId"),
    ("iam create-user --user-name cli-user", "User.Arn"),
    ("iam get-role --role-name cli-role", "Role.AssumeRolePolicyDocument.Statement.0"),
    ("iam list-roles", "Roles.0.RoleName"),
    ("iam put-role-policy --role-name cli-role --policy-name own --policy-document {pull}", ""),
    ("iam list-role-policies --role-name cli-role", "PolicyNames.0"),
    ("iam create-policy --policy-name cli-policy --policy-document {pull}", "Policy.Arn"),
    (
        "iam simulate-principal-policy --policy-source-arn {role} --action-names ecr:PutImage",
        "EvaluationResults.0.EvalDecision",
    ),
    ("ecr create-repository --repository-name cli/made", "repository.repositoryUri"),
    ("ecr describe-repositories", "repositories.0.repositoryArn"),
    ("ecr get-authorization-token", "authorizationData.0.authorizationToken"),
    ("ecr describe-images --repository-name {repository}", "imageDetails.0.imageDigest"),
    ("ecr list-images --repository-name {repository} --filter tagStatus=TAGGED", "imageIds.0.imageTag"),
    ("ecr batch-get-image --repository-name {repository} --image-ids imageTag=v1", "images.0.imageManifest"),
    (
        "ecr put-image-tag-mutability --repository-name {repository} --image-tag-mutability MUTABLE",
        "imageTagMutability",
    ),
    ("ecr set-repository-policy --repository-name {repository} --policy-text {shared}", "policyText"),
    ("ec2 describe-vpcs", "Vpcs.0.VpcId"),
    ("ec2 create-vpc --cidr-block 10.9.0.0/16", "Vpc.VpcId"),
    ("ec2 describe-subnets --filters Name=vpc-id,Values={vpc}", "Subnets.0.SubnetId"),
    ("ec2 describe-security-groups --filters Name=vpc-id,Values={vpc}", "SecurityGroups.0.GroupId"),
    ("ec2 describe-route-tables --filters Name=vpc-id,Values={vpc}", "RouteTables.0.Routes.0.GatewayId"),
    ("ec2 create-security-group --group-name cli --description made-by-the-cli --vpc-id {vpc}", "GroupId"),
    ("ec2 describe-availability-zones", "AvailabilityZones.0.ZoneName"),
    ("ecs create-cluster --cluster-name cli", "cluster.clusterArn"),
    ("ecs list-clusters", "clusterArns.0"),
    ("ecs register-task-definition --cli-input-json {task}", "taskDefinition.taskDefinitionArn"),
    ("ecs describe-task-definition --task-definition cli-task", "taskDefinition.containerDefinitions.0.image"),
    ("logs create-log-group --log-group-name /cli/made", ""),
    ("logs describe-log-groups --log-group-name-prefix /cli", "logGroups.0.logGroupName"),
    ("logs filter-log-events --log-group-name /cli/there", "events.0.message"),
    ("ssm put-parameter --name /cli/made --value secret --type SecureString", "Version"),
    ("ssm get-parameter --name /cli/there --with-decryption", "Parameter.Value"),
    ("ssm get-parameters-by-path --path /cli", "Parameters.0.Name"),
    ("secretsmanager create-secret --name cli/made --secret-string secret", "ARN"),
    ("secretsmanager get-secret-value --secret-id cli/there", "SecretString"),
    ("kms create-key", "KeyMetadata.KeyId"),
    ("kms list-aliases", "Aliases"),
    ("kms describe-key --key-id {key}", "KeyMetadata.Arn"),
    ("s3api create-bucket --bucket cli-made", "Location"),
    ("s3api list-buckets", "Buckets.0.Name"),
    ("s3api put-object --bucket cli-there --key made", "ETag"),
    ("s3api list-objects-v2 --bucket cli-there", "Contents.0.Key"),
    ("cloudtrail lookup-events --max-items 5", "Events.0.EventName"),
    (
        "cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=CreateRepository",
        "Events.0.CloudTrailEvent",
    ),
]


@dataclass(frozen=True)
class Cli:
    """``aws`` in a shell that has the variables of ``labs env``, in an empty home."""

    environment: dict[str, str]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        aws = Forked(list(words), self.environment, None, AWS)
        said = aws.communicate(60)
        return subprocess.CompletedProcess(aws.args, aws.wait(), *said)


def shell(cloud: LabCloud, home: Path) -> dict[str, str]:
    """The environment of such a shell: what ``labs env`` prints, read as a shell reads it."""
    said = subprocess.run(
        [sys.executable, "-m", "labs", "env", "--state", str(cloud.state)], capture_output=True, text=True, check=True
    )
    exported = dict(line.removeprefix("export ").split("=", 1) for line in said.stdout.splitlines())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    return {**kept, **{name: shlex.split(value)[0] for name, value in exported.items()}, "HOME": str(home)}


@pytest.fixture(scope="module")
def cli(cloud: LabCloud, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(shell(cloud, tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def known(cloud: LabCloud) -> dict[str, str]:
    """What the calls speak about, made by boto3: each call can be run alone and in any order."""
    account, region = cloud.account, cloud.region
    made = cloud.client("iam").create_role(RoleName="cli-role", AssumeRolePolicyDocument=TRUST)["Role"]
    trusting = json.loads(TRUST)
    trusting["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    )
    cloud.client("iam").update_assume_role_policy(RoleName="cli-role", PolicyDocument=json.dumps(trusting))
    cloud.client("iam").put_role_policy(RoleName="cli-role", PolicyName="there", PolicyDocument=PULL)
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="cli/there")
    digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    upload = ecr.initiate_layer_upload(repositoryName="cli/there")["uploadId"]
    ecr.upload_layer_part(
        repositoryName="cli/there", uploadId=upload, partFirstByte=0, partLastByte=1, layerPartBlob=b"{}"
    )
    ecr.complete_layer_upload(repositoryName="cli/there", uploadId=upload, layerDigests=[digest])
    kind = "application/vnd.oci.image.manifest.v1+json"
    config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest, "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [config]}
    ecr.put_image(repositoryName="cli/there", imageManifest=json.dumps(manifest), imageTag="v1")
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/cli/there")
    logs.create_log_stream(logGroupName="/cli/there", logStreamName="one")
    now = int(logs.describe_log_groups()["logGroups"][0]["creationTime"])
    logs.put_log_events(
        logGroupName="/cli/there", logStreamName="one", logEvents=[{"timestamp": now, "message": "hello"}]
    )
    cloud.client("ssm").put_parameter(Name="/cli/there", Value="secret", Type="SecureString")
    cloud.client("secretsmanager").create_secret(Name="cli/there", SecretString="secret")
    cloud.client("s3").create_bucket(Bucket="cli-there")
    cloud.client("s3").put_object(Bucket="cli-there", Key="there", Body=b"x")
    cloud.client("ecs").create_cluster(clusterName="cli-there")
    task = {
        "family": "cli-task",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "app", "image": "app:v1", "essential": True}],
    }
    cloud.client("ecs").register_task_definition(**task)
    shared = json.loads(PULL)
    shared["Statement"][0]["Principal"] = "*"
    del shared["Statement"][0]["Resource"]
    return {
        "role": made["Arn"],
        "pull": shlex.quote(PULL),
        "shared": shlex.quote(json.dumps(shared)),
        "task": shlex.quote(json.dumps(task)),
        "repository": "cli/there",
        "region": region,
        "vpc": cloud.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"],
        "key": cloud.client("kms").create_key()["KeyMetadata"]["KeyId"],
    }


def found(answer: Any, path: str) -> Any:
    """The value at a dotted path; AssertionError where the answer has none."""
    for step in path.split("."):
        if isinstance(answer, list):
            assert int(step) < len(answer), f"nothing at {step} of {path}"
            answer = answer[int(step)]
        else:
            assert step in answer, f"no {step} of {path} in {answer}"
            answer = answer[step]
    return answer


@pytest.mark.parametrize(("typed", "path"), CALLS, ids=[" ".join(typed.split()[:2]) for typed, _ in CALLS])
def test_the_call_ends_with_exit_code_0_and_its_json(cli: Cli, known: dict[str, str], typed: str, path: str) -> None:
    done = cli.run(*shlex.split(typed.format(**known)))
    assert done.returncode == 0, done.stderr
    if not path:
        assert done.stdout == ""
    else:
        assert found(json.loads(done.stdout), path) not in (None, "")


def test_a_refused_call_ends_with_awss_sentence_on_standard_error(cli: Cli, cloud: LabCloud) -> None:
    keys = cloud.user("cli-nobody")
    nobody = Cli({**cli.environment, "AWS_ACCESS_KEY_ID": keys.access_key_id, "AWS_SECRET_ACCESS_KEY": keys.secret})
    done = nobody.run("ecr", "describe-repositories")
    assert done.returncode not in (0, 1)
    assert "An error occurred (AccessDeniedException) when calling the DescribeRepositories operation: " in done.stderr
    assert "is not authorized to perform: ecr:DescribeRepositories on resource: " in done.stderr


def test_files_go_to_a_bucket_and_back(cli: Cli, known: dict[str, str], tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(os.urandom(9 << 20))  # above the CLI's threshold for several parts
    for words in (("cp", str(there), "s3://cli-there/big"), ("cp", "s3://cli-there/big", str(back))):
        done = cli.run("s3", *words, "--only-show-errors")
        assert done.returncode == 0, done.stderr
    assert back.read_bytes() == there.read_bytes()


@pytest.mark.clients
@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed (Debian: apt-get install skopeo)")
def test_the_password_that_the_cli_prints_opens_the_registry_to_skopeo(
    cli: Cli, repository: Repository, image: Image, tmp_path: Path
) -> None:
    password = cli.run("ecr", "get-login-password")
    assert password.returncode == 0, password.stderr
    auth = ["--authfile", str(tmp_path / "auth.json"), "--tls-verify=false"]

    def skopeo(*words: str, given: str = "") -> None:
        done = subprocess.run(["skopeo", *words], input=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    skopeo("login", *auth, "--username", "AWS", "--password-stdin", repository.host, given=password.stdout)
    where = f"docker://{repository.uri}:v1"
    options = ["--authfile", str(tmp_path / "auth.json"), "--dest-tls-verify=false"]
    skopeo("copy", "--all", *options, f"oci:{image.folder}:two", where)
    assert repository.digest("v1") == image.digest
