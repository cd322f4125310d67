"""Every test has one cost, and a unit test that starts or asks something fails."""

import os
import socket
import subprocess
import sys

import pytest

from tests import costs


def test_every_test_has_exactly_one_cost(request):
    several = {
        item.nodeid: found
        for item in request.session.items
        if len(found := [name for name in costs.COSTS if item.get_closest_marker(name)]) != 1
    }
    assert several == {}


def test_every_path_that_has_a_cost_exists_and_every_cost_has_a_meaning():
    assert [path for path in costs.BY_PATH if not (costs.ROOT / path).exists()] == []
    assert set(costs.BY_PATH.values()) <= costs.COSTS.keys()


@pytest.mark.parametrize(
    "dear",
    [
        pytest.param(lambda: subprocess.run([sys.executable, "-V"], check=False), id="a process"),
        pytest.param(os.fork, id="a fork"),
        pytest.param(socket.socket, id="a socket"),
        pytest.param(lambda: socket.getaddrinfo("localhost", 80), id="a name"),
    ],
)
def test_a_unit_test_may_not_start_or_ask(dear):
    with pytest.raises(pytest.fail.Exception, match=r"a unit test does"):
        dear()
