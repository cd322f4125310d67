"""The lab's workflow on a real Docker Engine: buildx builds and pushes, ECR's host name is the local registry."""

import pytest

from labs.workflow.docker_wrapper import translated
from tests.docker.conftest import base_without_a_registry
from tests.workflow.pipeline import WHOLE, opened

HOST, LOCAL = "111122223333.dkr.ecr.us-east-1.amazonaws.com", "127.0.0.1:4566"


@pytest.fixture(scope="module")
def pipeline(docker_engine):
    with pytest.MonkeyPatch.context() as patch:
        base_without_a_registry(patch)
        with opened("docker") as found:
            yield found


def test_both_logins_push_both_platforms_by_the_engine_and_the_digest_is_ecrs(pipeline):
    pipeline.write(WHOLE)
    found = pipeline.run()
    assert found.succeeded, pipeline.said
    assert found.engine.startswith("docker: Engine")
    assert found.jobs["push"].step("docker/setup-buildx-action").outputs["name"] == "default"
    tags = pipeline.images()
    for name, tag in (("push", found.sha), ("push-anywhere", f"anywhere-{found.sha}")):
        assert found.jobs[name].step("docker/build-push-action").outputs["digest"] == tags[tag]
    assert any("makes no builder in a container" in line for line in pipeline.log().splitlines())


@pytest.mark.unit
@pytest.mark.parametrize(
    ("words", "for_docker"),
    [
        (f"login -u AWS --password-stdin {HOST}", f"login -u AWS --password-stdin {LOCAL}"),
        (f"buildx build -t {HOST}/app:1 --push .", f"buildx build -t {LOCAL}/app:1 --push ."),
        (
            f"buildx build --output=type=registry,name={HOST}/a .",
            f"buildx build --output=type=registry,name={LOCAL}/a .",
        ),
        (
            "buildx create --name b --driver docker-container",
            "buildx create --driver-opt network=host --name b --driver docker-container",
        ),
        ("buildx create --name b", "buildx create --driver-opt network=host --name b"),
        ("buildx create --driver=remote tcp://x", "buildx create --driver=remote tcp://x"),
        ("buildx create --driver-opt network=n --name b", "buildx create --driver-opt network=n --name b"),
        ("push docker.io/library/app", "push docker.io/library/app"),
    ],
)
def test_the_wrapper_says_the_local_registry_for_ecrs_name(words, for_docker):
    assert translated(words.split(), HOST, LOCAL) == for_docker.split()
