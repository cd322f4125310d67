"""A VPC of the test's own in the running local AWS."""

import pytest

from tests.cloud.patches.ec2 import lab_vpc


@pytest.fixture
def ec2(cloud):
    return cloud.client("ec2")


@pytest.fixture
def vpc(ec2):
    return lab_vpc.LabVpc(ec2)
