"""What a test costs. ``make check`` runs the unit tests only, and a unit test that is dearer than it says fails.

A folder or a file has one cost; the longest path that is named decides, and what is not named is integration. A test's
own mark wins over its file's.
"""

import functools
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COSTS = {
    "unit": "reads and computes, in this process: no socket, no process, no local AWS",
    "integration": "starts processes or talks over loopback; nothing beside Python is needed",
    "notebooks": "runs notebooks in kernels, with the engine that is found",
    "docker": "needs a Docker Engine with buildx; skipped, with the reason, where none answers",
    "clients": "needs skopeo or buildah; skipped, with the reason, where it is not installed",
    "browser": "needs a Chromium; skipped, with the reason, where none is found",
}
BY_PATH = {
    "tests/account/test_page.py": "unit",
    "tests/aws_texts": "unit",
    "tests/browser": "browser",
    "tests/cloud/ecs/rules/test_scheduler.py": "unit",
    "tests/cloud/registry/rules/test_lifecycle_rules.py": "unit",
    "tests/cloud/registry/rules/test_lifecycle_text.py": "unit",
    "tests/cloud/trail/test_redaction.py": "unit",
    "tests/cost": "unit",
    "tests/docker": "docker",
    "tests/docker/clients/test_aws_cli.py": "integration",
    "tests/docker/clients/test_boto3_layers.py": "integration",
    "tests/docker/clients/test_oras.py": "integration",
    "tests/engine/embedded/test_archive.py": "unit",
    "tests/engine/embedded/test_dockerfile.py": "unit",
    "tests/engine/embedded/test_patterns.py": "unit",
    "tests/engine/embedded/test_words.py": "unit",
    "tests/engine/test_docker_config.py": "unit",
    "tests/fargate": "unit",
    "tests/iam": "unit",
    "tests/ledger/test_costing.py": "unit",
    "tests/ledger/test_names.py": "unit",
    "tests/network": "unit",
    "tests/notebooks": "notebooks",
    "tests/pages": "unit",
    "tests/session/test_confirm.py": "unit",
    "tests/pages/test_reference.py": "unit",
    "tests/stages/test_build_verdicts.py": "unit",
    "tests/subjects": "unit",
    "tests/test_costs.py": "unit",
    "tests/test_dependencies.py": "unit",
    "tests/test_docs.py": "unit",
    "tests/test_mirror.py": "unit",
    "tests/test_oci.py": "unit",
    "tests/test_printable.py": "unit",
    "tests/test_policy_command.py": "unit",
    "tests/test_purity.py": "unit",
    "tests/test_security.py": "unit",
    "tests/ui/test_card.py": "unit",
    "tests/ui/test_figure.py": "unit",
    "tests/ui/test_live.py": "unit",
    "tests/ui/test_pictures.py": "unit",
    "tests/ui/test_vpc_picture.py": "unit",
    "tests/ui/test_widgets.py": "unit",
    "tests/verdict": "unit",
}
# Python reports these before they happen (sys.addaudithook).
DEAR = {
    "socket.__new__",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.system",
}
_unit_test_runs = False


@functools.cache
def of_path(path: Path) -> str:
    """The cost of a file or folder of the tests."""
    place = path.relative_to(ROOT)
    return next((BY_PATH[str(each)] for each in (place, *place.parents) if str(each) in BY_PATH), "integration")


def of(item: pytest.Item) -> str:
    """The cost of a test: its own mark, else its file's."""
    return next((name for name in COSTS if item.get_closest_marker(name)), "") or of_path(item.path)


def pytest_configure(config):
    for name, meaning in COSTS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_ignore_collect(collection_path, config):
    """With ``-m unit`` no other file is read: reading them all takes longer than the unit tests do."""
    if config.option.markexpr != "unit" or not collection_path.is_relative_to(ROOT) or collection_path.is_dir():
        return None
    return True if of_path(collection_path) != "unit" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Every test is marked with its cost, before ``-m`` chooses."""
    for item in items:
        cost = of(item)
        if not item.get_closest_marker(cost):
            item.add_marker(cost)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    """Not the teardown: what the whole session shares ends behind the last test, whichever that is."""
    return (yield from _watched(item))


def _watched(item):
    global _unit_test_runs
    _unit_test_runs = item.get_closest_marker("unit") is not None
    try:
        return (yield)
    finally:
        _unit_test_runs = False


def _refuse(event, arguments):
    if _unit_test_runs and event in DEAR:
        # Not an Exception: what the test calls cannot take it for a failure of its own.
        pytest.fail(f"a unit test does {event}: make it cheaper, or give its file another cost in tests/costs.py")


sys.addaudithook(_refuse)
