"""AWS's partitions: by a Region's name, what ARNs in it begin with and what its hosts end with.

Source: botocore's ``data/partitions.json``; a test holds the two together.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Partition:
    """``name`` stands in ARNs, hosts end with ``suffix``; ``regions`` is what its Regions' names look like."""

    name: str
    suffix: str
    regions: str


PARTITIONS = (
    Partition("aws", "amazonaws.com", r"(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+"),
    Partition("aws-cn", "amazonaws.com.cn", r"cn\-\w+\-\d+"),
    Partition("aws-eusc", "amazonaws.eu", r"eusc\-(de)\-\w+\-\d+"),
    Partition("aws-us-gov", "amazonaws.com", r"us\-gov\-\w+\-\d+"),
)


def partition_of(region: str) -> Partition:
    """The partition of a Region; AWS's own for a name that none knows."""
    found = (each for each in PARTITIONS if re.fullmatch(each.regions, region))
    # "us-gov-west-1" looks like a Region of "aws" as well: the longer name is the narrower one.
    return max(found, key=lambda each: len(each.name), default=PARTITIONS[0])


def host(service: str, region: str) -> str:
    """``logs.eu-west-1.amazonaws.com`` for ``logs``; ``service`` may have more labels, as ``api.ecr``."""
    return f"{service}.{region}.{partition_of(region).suffix}"


def arn(service: str, region: str, account: str, resource: str) -> str:
    """An ARN of something in a Region."""
    return f"arn:{partition_of(region).name}:{service}:{region}:{account}:{resource}"
