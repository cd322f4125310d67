"""AWS's host names and the services behind them.

Sources: AWS General Reference, "Service endpoints"; Amazon ECR User Guide, vpc-endpoints; Amazon ECS Developer Guide,
vpc-endpoints (ecs-a, ecs-t); Amazon S3 User Guide, privatelink-interface-endpoints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labs.partitions import PARTITIONS

_REGION = r"(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d+)"
# What hosts end with, in every partition.
SUFFIXES = tuple(sorted({each.suffix for each in PARTITIONS}, key=len, reverse=True))
_SUFFIX = f"(?:{'|'.join(map(re.escape, SUFFIXES))})"
_ECR = re.compile(rf"(?:api\.ecr|(?P<registry>\d{{12}}\.dkr\.ecr))\.{_REGION}\.{_SUFFIX}")
_S3 = re.compile(rf"(?:.+\.)?s3[.-]{_REGION}\.{_SUFFIX}")
_S3_GLOBAL = re.compile(rf"(?:(?P<bucket>.+)\.)?s3\.{_SUFFIX}")
_LAYERS = re.compile(rf"prod-{_REGION}-starport-layer-bucket")
_PLAIN = re.compile(rf"(?P<name>[a-z0-9-]+)\.{_REGION}\.{_SUFFIX}")
# Names without a Region, and API names of two parts, that no interface endpoint serves; both are public.
_GLOBAL = re.compile(rf"(?:sts|iam|cloudfront|route53|shield|organizations)\.{_SUFFIX}|public\.ecr\.aws|.+\.api\.aws")
_API = re.compile(rf"api\.[a-z0-9-]+\.{_REGION}\.{_SUFFIX}")
# First label of the host name to the last part of the service's name, where they differ.
_OTHER_NAMES = {"ecs-a": "ecs-agent", "ecs-t": "ecs-telemetry"}
GATEWAY_SERVICES = ("s3", "dynamodb")


@dataclass(frozen=True)
class AwsService:
    """An AWS service of one Region: ``ecr.api``, ``s3``; ``""`` for a public name of AWS's without endpoint service.

    ``private``: whether the private DNS name of its interface endpoint is this host name.
    """

    name: str
    region: str
    private: bool = True

    @property
    def full_name(self) -> str:
        """As endpoints name it: ``com.amazonaws.us-east-1.ecr.api``."""
        return f"com.amazonaws.{self.region}.{self.name}"

    @property
    def has_gateway(self) -> bool:
        """Whether a gateway endpoint serves it."""
        return self.name in GATEWAY_SERVICES


def service_of(host: str, region: str) -> AwsService | None:
    """The AWS service behind a host name; None when it is none of AWS's API names. ``region`` is the snapshot's."""
    host = host.casefold().rstrip(".")
    if found := _ECR.fullmatch(host):
        return AwsService("ecr.dkr" if found["registry"] else "ecr.api", found["region"])
    if found := _S3.fullmatch(host):
        return AwsService("s3", found["region"], f".s3.{found['region']}." in f".{host}")
    if found := _S3_GLOBAL.fullmatch(host):
        # The old global form; ECR's own bucket has its Region in its name.
        layers = _LAYERS.fullmatch(found["bucket"] or "")
        return AwsService("s3", layers["region"] if layers else region, False)
    if found := _PLAIN.fullmatch(host):
        return AwsService(_OTHER_NAMES.get(found["name"], found["name"]), found["region"])
    return AwsService("", region, False) if _GLOBAL.fullmatch(host) or _API.fullmatch(host) else None


def is_layer_bucket(host: str) -> bool:
    """Whether the host is the bucket from which ECR serves layers (ECR User Guide, vpc-endpoints)."""
    return _LAYERS.match(host.casefold()) is not None
