"""A registry on loopback for each test, with one repository, lab/app, and an administrator."""

import pytest

from tests.cloud.registry import lab_registry


@pytest.fixture(scope="session")
def server():
    """One server for all tests of a process."""
    running = lab_registry.LabServer()
    yield running
    running.close()


@pytest.fixture
def registry(server, tmp_path):
    """A registry with the rule about referenced layers."""
    served = lab_registry.LabRegistry(tmp_path / "state", server)
    served.call("CreateRepository", repositoryName="lab/app")
    yield served
    served.close()


@pytest.fixture
def lenient(server, tmp_path):
    """A registry with that rule switched off."""
    served = lab_registry.LabRegistry(tmp_path / "lenient", server, rule=False)
    served.call("CreateRepository", repositoryName="lab/app")
    yield served
    served.close()


@pytest.fixture
def admin(registry):
    """The administrator's client on lab/app."""
    return registry.client()
