"""The services that are served, as data: protocol, names, and where a request's operation stands."""

from dataclasses import dataclass
from enum import Enum


class Protocol(Enum):
    """How a service's requests and answers are written."""

    JSON = "json"
    QUERY = "query"
    EC2 = "ec2"
    REST_XML = "rest-xml"


class Family(Enum):
    """The services whose authentication errors differ in code and words."""

    JSON = "json"
    QUERY = "query"
    EC2 = "ec2"
    S3 = "s3"


# Bytes. S3 takes 5 GB in one PutObject; here the store keeps objects in memory.
OBJECT_MOST = 512 << 20
# A layer part of 20 MiB (ECR service quotas) in base64, and some room.
_LAYER_PART_MOST = 32 << 20
# PutLogEvents' 1 MiB (its API reference) with every character escaped; all other calls are far smaller.
_CALL_MOST = 8 << 20


@dataclass(frozen=True)
class ApiService:
    """``name`` is botocore's, ``signing`` the credential scope's, ``prefix`` the IAM action's.

    ``module`` is moto's package ("" when the service is wholly ours); ``target`` what X-Amz-Target begins with.
    ``body_most`` is how many bytes a request's body may have.
    """

    name: str
    signing: str
    prefix: str
    protocol: Protocol
    module: str = ""
    target: str = ""
    namespace: str = ""
    source: str = ""
    body_most: int = _CALL_MOST

    @property
    def family(self) -> Family:
        """Which authentication errors it gives."""
        return family_of(self.protocol)

    @property
    def event_source(self) -> str:
        """What CloudTrail calls it."""
        return self.source or f"{self.prefix}.amazonaws.com"


def family_of(protocol: Protocol) -> Family:
    """Which authentication errors a protocol's services give."""
    return _FAMILIES[protocol]


_FAMILIES = {
    Protocol.JSON: Family.JSON,
    Protocol.QUERY: Family.QUERY,
    Protocol.EC2: Family.EC2,
    Protocol.REST_XML: Family.S3,
}

_ALL = (
    ApiService("iam", "iam", "iam", Protocol.QUERY, "iam", "", "https://iam.amazonaws.com/doc/2010-05-08/"),
    ApiService("sts", "sts", "sts", Protocol.QUERY, "", "", "https://sts.amazonaws.com/doc/2011-06-15/"),
    ApiService("ec2", "ec2", "ec2", Protocol.EC2, "ec2", "", "http://ec2.amazonaws.com/doc/2016-11-15/"),
    ApiService("ecs", "ecs", "ecs", Protocol.JSON, "", "AmazonEC2ContainerServiceV20141113"),
    ApiService("ssm", "ssm", "ssm", Protocol.JSON, "ssm", "AmazonSSM"),
    ApiService("logs", "logs", "logs", Protocol.JSON, "logs", "Logs_20140328"),
    ApiService(
        "s3",
        "s3",
        "s3",
        Protocol.REST_XML,
        "s3",
        "",
        "http://s3.amazonaws.com/doc/2006-03-01/",
        body_most=OBJECT_MOST,
    ),
    ApiService(
        "resourcegroupstaggingapi",
        "tagging",
        "tag",
        Protocol.JSON,
        "resourcegroupstaggingapi",
        "ResourceGroupsTaggingAPI_20170126",
        source="tagging.amazonaws.com",
    ),
    ApiService("secretsmanager", "secretsmanager", "secretsmanager", Protocol.JSON, "secretsmanager", "secretsmanager"),
    ApiService("kms", "kms", "kms", Protocol.JSON, "kms", "TrentService"),
    ApiService(
        "cloudtrail",
        "cloudtrail",
        "cloudtrail",
        Protocol.JSON,
        "",
        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    ),
    ApiService(
        "ecr",
        "ecr",
        "ecr",
        Protocol.JSON,
        "",
        "AmazonEC2ContainerRegistry_V20150921",
        body_most=_LAYER_PART_MOST,
    ),
)

BY_SIGNING = {service.signing: service for service in _ALL}
BY_NAME = {service.name: service for service in _ALL}

# What an operation that only looks begins with. Everything else is taken to change something.
_READS = (
    "AssumeRole",
    "Describe",
    "List",
    "Get",
    "Lookup",
    "Search",
    "Head",
    "BatchGet",
    "BatchCheck",
    "Filter",
    "Simulate",
    "Select",
    "Validate",
    "Test",
    "Verify",
    "Decode",
    "Decrypt",
    "Encrypt",
    "ReEncrypt",
    "GenerateDataKey",
    "GenerateRandom",
    "GenerateMac",
    "Sign",
)
# What an operation that takes something away begins with: a full disk must not refuse it.
_REMOVALS = (
    "Abort",
    "BatchDelete",
    "Cancel",
    "Delete",
    "Deregister",
    "Detach",
    "Disable",
    "Disassociate",
    "Release",
    "Remove",
    "Revoke",
    "ScheduleKeyDeletion",
    "Stop",
    "Terminate",
    "Unassign",
    "Untag",
)


def is_removal(operation: str) -> bool:
    """Whether a call takes something away."""
    return operation.startswith(_REMOVALS)


def is_read_only(service: str, operation: str) -> bool:
    """Whether a call changes nothing in the store."""
    return operation.startswith(_READS)
