"""What every test shares: each file starts in the process's own environment and folder; a skip that CI must not see
becomes a failure, and its reason is shown. What a test costs is in costs.py, what a killed run leaves in leftovers.py,
the bench of the stages in stage_bench.py.
"""

import functools
import gc
import os
import re
import signal
from pathlib import Path

import botocore.client
import botocore.session
import botocore.useragent
import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests import costs, examples, leftovers

pytest_plugins = ("tests.stage_bench",)

# `--hypothesis-profile quick` (`make check`) comes after it.
settings.load_profile(examples.FULL)

# boto3 cleans each word of its User-Agent again for every request, letter by letter: a third of what a call costs here.
botocore.useragent.sanitize_user_agent_string_component = functools.cache(
    botocore.useragent.sanitize_user_agent_string_component
)
# Each boto3 session reads and parses the models of its services anew: 0.1 to 0.3 s of CPU for each test's first client.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
# The functions behind a client's methods are the same for every client of a service: two thirds of what a client costs.
_methods, _known_methods = botocore.client.ClientCreator._create_methods, {}


def _methods_once(creator, model):
    key = (model.service_name, model.api_version)
    if key not in _known_methods:
        _known_methods[key] = _methods(creator, model)
    return dict(_known_methods[key])


botocore.client.ClientCreator._create_methods = _methods_once

REQUIRED = {"docker": "LAB_REQUIRE_DOCKER", "browser": "LAB_REQUIRE_BROWSER", "clients": "LAB_REQUIRE_CLIENTS"}

# Most tests have a lab home of their own, and each would fetch the base image again.
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))

_ENVIRONMENT, _FOLDER = dict(os.environ), Path.cwd()

# Tests that run in the background, or whose terminal may go, are made to ignore these two; what they start must not.
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


# What is imported and collected stays to the end: searched for garbage again and again, it took a third of both.
gc.disable()


def pytest_collection_finish():
    """From here on only what the tests themselves make is searched."""
    gc.freeze()
    gc.enable()


def pytest_configure(config):
    for plugin in (costs, leftovers):
        config.pluginmanager.register(plugin)


# The longest first, as measured (pytest --durations), so that none is alone at the end.
LONG = (
    "test_notebooks",
    "test_walk",
    "test_restarts",
    "test_interrupted",
    "test_killed",
    "test_stages",
    "test_on_aws",
    "test_a_bad_day",
    "test_start",
    "test_pipeline",
    "test_clean_up",
    "test_patches",
    "test_network",
    "test_connect_local",
    "test_fargate",
    "test_cannot_check",
    "test_ecs",
    "test_diagnose_mutations",
    "test_checkpoint",
    "test_services",
    "test_odd_requests",
    "test_aws_cli",
    "test_state",
    "test_course",
    "test_private_subnet",
    "test_class_at_once",
)


def pytest_collection_modifyitems(items):
    """The longest files first, the others as they were found; of the walk, the stages with a network first."""

    def place(item):
        rank = LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG)
        return rank, not re.search(r"\[(private-subnet|fargate)\b", item.name)

    items.sort(key=place)


class ByFile(LoadScopeScheduling):
    """A worker runs a file from its first test to its last; of the walk through the stages, one stage."""

    def _split_scope(self, nodeid):
        path, _, test = nodeid.partition("::")
        if not path.endswith("/test_walk.py"):
            return path
        stage = re.split("[]:]", test.partition("[")[2])[0]
        return f"{path} {stage}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """How ``-n`` shares the tests out."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Give the process its environment and folder back after the last test of a file: the next file's share it."""
    yield
    if nextitem is None or nextitem.path != item.path:
        now = os.environ.copy()
        # labs.cloud sets moto's switches when it is first imported, once for the process.
        for name in [
            each for each in now.keys() - _ENVIRONMENT.keys() if not each.startswith(("MOTO_", leftovers.MARK))
        ]:
            del os.environ[name]
        os.environ.update(_ENVIRONMENT)
        os.chdir(_FOLDER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn the skip of a docker, browser or clients test into a failure where the environment says it must run."""
    report = yield
    for marker, variable in REQUIRED.items():
        if report.skipped and os.environ.get(variable) == "1" and item.get_closest_marker(marker):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            report.outcome = "failed"
            report.longrepr = f"{variable}=1, but this {marker} test was skipped: {reason}"
    return report


def pytest_terminal_summary(terminalreporter):
    """Show what the Docker tests saw (``record_property("seen", ...)``): the client's own words belong in CI's log."""
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, text in getattr(report, "user_properties", []):
            if name == "seen" and report.when == "call":
                terminalreporter.write_line(f"\n{report.nodeid}\n{text}")
