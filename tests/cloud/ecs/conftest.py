"""One local AWS with the embedded engine for the tests of a process, and a VPC that lets tasks start."""

import itertools

import pytest

from tests.cloud.ecs.lab_ecs import EcsLab
from tests.cloud.lab_cloud import LabCloud

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A running local AWS."""
    running = LabCloud(tmp_path_factory.mktemp("ecs"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def lab(cloud):
    """A cluster, roles, a repository and a log group for this file."""
    return EcsLab(cloud, f"ecs{next(_numbers)}")


@pytest.fixture(scope="module")
def vpc(lab):
    """Two private subnets with every endpoint."""
    return lab.vpc()


@pytest.fixture(scope="module")
def definition(lab):
    """A task definition whose app says hello and goes on."""
    return lab.register(lab.container(lab.image("hello")), family="hello")


@pytest.fixture
def running(lab, vpc):
    """Run a task and wait until it runs: running(definition, ...); stopped at the end."""
    arns = []

    def run(definition, **more):
        arns.append(lab.run(definition, vpc, **more))
        return lab.reaches(arns[-1], "RUNNING")

    yield run
    for arn in arns:
        lab.ecs.stop_task(cluster=lab.name, task=arn)
