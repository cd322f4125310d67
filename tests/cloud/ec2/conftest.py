"""A VPC of the test's own in the running local AWS; an in-process one for what has no API."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

from labs.cloud.assembly import Cloud

_SPEC = importlib.util.spec_from_file_location("lab_vpc", Path(__file__).with_name("lab_vpc.py"))
lab_vpc = importlib.util.module_from_spec(_SPEC)
sys.modules["lab_vpc"] = lab_vpc
_SPEC.loader.exec_module(lab_vpc)


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
    cloud = Cloud(tmp_path / "state", account=str(next(_accounts)))
    yield cloud
    cloud.close()
