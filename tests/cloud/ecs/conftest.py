"""One local AWS with the embedded engine for the tests of a process, and a VPC that lets tasks start."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

for _name in ("lab_cloud", "lab_ecs"):
    if _name not in sys.modules:
        _folder = Path(__file__).parents[1] if _name == "lab_cloud" else Path(__file__).parent
        _spec = importlib.util.spec_from_file_location(_name, _folder / f"{_name}.py")
        sys.modules[_name] = importlib.util.module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules[_name])

from lab_cloud import LabCloud  # noqa: E402
from lab_ecs import EcsLab  # noqa: E402

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
