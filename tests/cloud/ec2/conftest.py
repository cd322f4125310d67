"""A VPC of the test's own in the running local AWS; an in-process one for what has no API."""

import itertools

import pytest

from labs.cloud.front.assembly import LocalAws
from tests.cloud.ec2 import lab_vpc


@pytest.fixture
def ec2(cloud):
    return cloud.client("ec2")


@pytest.fixture
def vpc(ec2):
    return lab_vpc.LabVpc(ec2)


_accounts = itertools.count(200_000_000_001)


@pytest.fixture
def inside(tmp_path):
    """A local AWS inside this process; moto keeps its books by account, so each has one of its own."""
    cloud = LocalAws(tmp_path / "state", account=str(next(_accounts)))
    yield cloud
    cloud.close()
