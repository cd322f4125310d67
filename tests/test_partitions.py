"""Hosts and ARNs of every partition, as botocore has them."""

import json
from pathlib import Path

import botocore
import pytest

from labs import partitions
from labs.fargate.image import ImageRef, RegistryKind
from labs.fargate.layer_download import layer_host
from labs.fargate.task import session_of
from labs.network.hosts import service_of

DATA = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())["partitions"]
OURS = {each.name: each for each in partitions.PARTITIONS}


@pytest.mark.parametrize("name", OURS)
def test_a_partition_is_as_botocore_knows_it(name: str) -> None:
    theirs = next(each for each in DATA if each["id"] == name)
    assert f"^{OURS[name].regions}$" == theirs["regionRegex"]
    assert OURS[name].suffix == theirs["outputs"]["dnsSuffix"]
    for region in theirs["regions"]:
        if not region.endswith("-global"):
            assert partitions.partition_of(region) == OURS[name], region


CASES = [
    ("eu-west-1", "arn:aws:", "amazonaws.com"),
    ("cn-north-1", "arn:aws-cn:", "amazonaws.com.cn"),
    ("us-gov-west-1", "arn:aws-us-gov:", "amazonaws.com"),
    ("eusc-de-east-1", "arn:aws-eusc:", "amazonaws.eu"),
]


@pytest.mark.parametrize(("region", "prefix", "suffix"), CASES)
def test_what_a_task_asks_for_is_of_its_partition(region: str, prefix: str, suffix: str) -> None:
    registry = f"111122223333.dkr.ecr.{region}.{suffix}"
    image = ImageRef.parse(f"{registry}/app:1", account="111122223333", region=region)
    assert (image.kind, image.region) == (RegistryKind.ECR, region)
    assert image.arn == f"{prefix}ecr:{region}:111122223333:repository/app"
    assert layer_host(region) == f"prod-{region}-starport-layer-bucket.s3.{region}.{suffix}"
    assert partitions.host("api.ecr", region) == f"api.ecr.{region}.{suffix}"
    role = f"{prefix}iam::111122223333:role/team/execution"
    assert session_of(role, "x").arn == f"{prefix}sts::111122223333:assumed-role/execution/x"


@pytest.mark.parametrize(("region", "_prefix", "suffix"), CASES)
def test_a_host_leads_to_its_endpoint_service(region: str, _prefix: str, suffix: str) -> None:
    hosts = {
        f"api.ecr.{region}.{suffix}": "ecr.api",
        f"111122223333.dkr.ecr.{region}.{suffix}": "ecr.dkr",
        f"prod-{region}-starport-layer-bucket.s3.{region}.{suffix}": "s3",
        f"logs.{region}.{suffix}": "logs",
    }
    for name, service in hosts.items():
        found = service_of(name, "us-east-1")
        assert found is not None, name
        assert (found.name, found.region) == (service, region)
