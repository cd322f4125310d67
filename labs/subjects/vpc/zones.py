"""The zones in which the course's subnets can stand: Availability Zones that have the endpoint services, and Fargate.

EC2 API reference, DescribeAvailabilityZones: Local Zones and Wavelength Zones that an account has opted in to are
listed, too. DescribeVpcEndpointServices says in which zones a service is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.failures import denied

# "Supported Regions for Amazon ECS on AWS Fargate" (ECS developer guide): by zone id; elsewhere in every zone.
FARGATE_ZONES: Mapping[str, frozenset[str]] = {
    "us-west-1": frozenset({"usw1-az1", "usw1-az3"}),
    "ap-northeast-1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"}),
}


def usable(zones: Iterable[Mapping[str, Any]], services: Iterable[Sequence[str]], region: str) -> list[str]:
    """The names of those ``zones`` that are Availability Zones, have every service, and Fargate; sorted.

    ``services``: for each endpoint service, the names of the zones where it is.
    """
    with_fargate = FARGATE_ZONES.get(region)
    found = {
        str(each["ZoneName"])
        for each in zones
        if each.get("State", "available") == "available"
        and each.get("ZoneType", "availability-zone") == "availability-zone"
        and each.get("OptInStatus") != "not-opted-in"
        and (with_fargate is None or each.get("ZoneId") in with_fargate)
    }
    return sorted(found.intersection(*services))


def usable_zones(ec2: Any, service_names: Sequence[str]) -> list[str]:
    """The same, read from the account. ``ec2`` is a boto3 client; its errors are passed on.

    LabError where fewer than two are left. Whoever may not ask for the services gets the zones without them.
    """
    region = str(ec2.meta.region_name)
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    found = usable(zones, _where(ec2, service_names), region)
    if len(found) < 2:
        raise LabError(
            f"In {region}, fewer than two Availability Zones have Fargate and the endpoint services: "
            f"{', '.join(found) or 'none'}.",
            "set AWS_REGION to another Region, and begin again",
            id="too-few-zones",
        )
    return found


def _where(ec2: Any, service_names: Sequence[str]) -> list[list[str]]:
    try:
        details = ec2.describe_vpc_endpoint_services(ServiceNames=list(service_names))["ServiceDetails"]
    except ClientError as error:
        if denied(error):
            return []
        raise
    return [list(each["AvailabilityZones"]) for each in details if each.get("AvailabilityZones")]
