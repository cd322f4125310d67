"""The lab's workflow on a real Docker Engine: buildx builds and pushes, ECR's host name is the local registry."""

import os
import shutil

import pytest

from labs.engine.facts import problem_words
from labs.engine.probe import probe
from labs.workflow.docker_wrapper import translated
from tests.workflow.pipeline import WHOLE, opened

HOST, LOCAL = "111122223333.dkr.ecr.us-east-1.amazonaws.com", "127.0.0.1:4566"


@pytest.fixture(scope="module")
def pipeline():
    facts = probe(os.environ)
    if facts.problem is not None:
        pytest.skip(problem_words(facts).what)
    if shutil.which("mmdebstrap") is None and "LAB_BASE" not in os.environ:
        pytest.skip("no base image without mmdebstrap or LAB_BASE")
    with (
        pytest.MonkeyPatch.context() as patch,
        opened("docker") as found,
    ):
        if "LAB_BASE" not in os.environ:
            patch.setenv("LAB_BASE", "debian")
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
