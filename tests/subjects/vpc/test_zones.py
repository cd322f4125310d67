"""Subnets stand where the endpoint services and Fargate are, and never in a Local Zone."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.failures import explain
from labs.subjects.vpc.zones import usable, usable_zones


def zone(name: str, **more: str) -> dict[str, str]:
    return {"ZoneName": name, "ZoneId": name, "State": "available", "ZoneType": "availability-zone", **more}


ZONES = [
    zone("us-west-2-lax-1a", ZoneType="local-zone", OptInStatus="opted-in"),
    zone("us-west-2-wl1-las-wlz-1", ZoneType="wavelength-zone", OptInStatus="opted-in"),
    zone("us-west-2c"),
    zone("us-west-2b", State="impaired"),
    zone("us-west-2a"),
    zone("us-west-2d", OptInStatus="not-opted-in"),
]


def test_only_availability_zones_that_can_be_used() -> None:
    assert usable(ZONES, [], "us-west-2") == ["us-west-2a", "us-west-2c"]


def test_every_endpoint_service_is_there() -> None:
    assert usable(ZONES, [["us-west-2a", "us-west-2c"], ["us-west-2c"]], "us-west-2") == ["us-west-2c"]


def test_fargate_is_there_by_the_zones_id() -> None:
    tokyo = [zone(f"ap-northeast-1{letter}", ZoneId=f"apne1-az{n}") for letter, n in (("a", 4), ("c", 1), ("d", 3))]
    assert usable(tokyo, [], "ap-northeast-1") == ["ap-northeast-1a", "ap-northeast-1c"]


class Ec2:
    """EC2 with these zones and services."""

    meta = SimpleNamespace(region_name="us-west-2")

    def __init__(self, services: list[list[str]] | ClientError) -> None:
        self.services = services

    def describe_availability_zones(self) -> Any:
        return {"AvailabilityZones": ZONES}

    def describe_vpc_endpoint_services(self, ServiceNames: list[str]) -> Any:  # noqa: N803 - boto3's name
        if isinstance(self.services, ClientError):
            raise self.services
        return {"ServiceDetails": [{"AvailabilityZones": each} for each in self.services]}


def refusal(code: str, message: str = "words") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeVpcEndpointServices")


def test_who_may_not_ask_for_the_services_gets_the_zones() -> None:
    assert usable_zones(Ec2(refusal("UnauthorizedOperation")), ["x"]) == ["us-west-2a", "us-west-2c"]
    with pytest.raises(ClientError):
        usable_zones(Ec2(refusal("InternalError")), ["x"])


def test_too_few_zones_are_named() -> None:
    with pytest.raises(LabError, match=r"fewer than two Availability Zones .*: us-west-2c") as told:
        usable_zones(Ec2([["us-west-2c"]]), ["x"])
    assert "AWS_REGION" in told.value.next_step


def test_awss_own_refusal_leads_to_the_zones() -> None:
    words = (
        "The VPC endpoint service com.amazonaws.us-east-1.ecr.api does not support the availability zone of the "
        "subnet: subnet-1."
    )
    said = explain(refusal("InvalidParameter", words), "solving private-subnet")
    assert words in said.what
    assert "lab.zones" in said.next_step
