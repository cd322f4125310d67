"""``docker COMMAND --help`` of the embedded engine: which flags are served."""

import pytest

from labs.engine.embedded import build_command
from labs.engine.embedded.docker_command import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_of_its_own(kit, command):
    shown = kit.docker(*command.split(), "--help")
    assert shown.code == 0
    assert shown.out.startswith("Usage: docker ")


def test_the_help_of_a_build_lists_every_flag_that_is_served(kit):
    shown = kit.docker("buildx", "build", "--help")
    flags = build_command.TAKES.valued | build_command.TAKES.switches
    assert all(f"--{name}" in shown.out for name in flags)
    assert "  -t, --tag VALUE\n" in shown.out


def test_docker_help_of_a_command_is_the_same(kit):
    assert kit.docker("help", "tag").out == kit.docker("tag", "--help").out


def test_a_flag_of_the_app_is_the_apps_own(kit):
    assert "Usage:" not in kit.docker("run", "no-such-image", "--help").out
