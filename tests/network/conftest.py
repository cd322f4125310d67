"""The course's VPC for every test here."""

import pytest

from .vpc import Cloud


@pytest.fixture
def cloud():
    return Cloud()
