"""What the tests by the specification's sections share."""

import time

import pytest


@pytest.fixture
def eventually():
    """Wait until something is true: eventually(there), for at most ten seconds."""

    def eventually(there):
        deadline = time.monotonic() + 60
        while not there():
            assert time.monotonic() < deadline, "it never became true"
            time.sleep(0.02)

    return eventually
