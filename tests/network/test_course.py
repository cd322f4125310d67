"""The course's private subnets: every name a task needs is open, by the hop that should carry it."""

import pytest

from .vpc import ECR_API, ECR_DKR, LAYERS, LOGS, SSM


@pytest.mark.parametrize("to", [ECR_API, ECR_DKR, SSM, LOGS, LAYERS])
def test_a_task_reaches(cloud, to):
    path = cloud.reach(to)
    assert (path.ok, path.blocked_at) == (True, None)
