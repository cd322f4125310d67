"""What was made past the ledger, by a pipeline, and carries the lab's tags: entered with what a bill needs of it."""

import pytest

from labs.ledger import cleanup
from labs.session import Target, connect
from labs.session.local import Cloud


@pytest.fixture
def target(on_local_aws: Cloud) -> Target:
    """The lab on the local AWS."""
    return connect()


def test_a_revision_that_a_pipeline_registered_is_entered_with_its_size_and_goes(target: Target) -> None:
    theirs = target.session.client("ecs")
    family = f"{target.prefix}-service"
    theirs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        containerDefinitions=[{"name": "app", "image": "app:1"}],
        tags=[{"key": key, "value": value} for key, value in target.tags.items()],
    )
    assert cleanup.take_back(target, lambda entry: False) == []
    (entry,) = target.ledger.entries()
    assert (entry.kind, entry.id) == ("ecs task definition", f"{family}:1")
    assert entry.facts[-1].values == {"family": family, "cpu": "256", "memory": "512", "architecture": "ARM64"}
    assert cleanup.clean(target, lambda _line: None).left == ()
