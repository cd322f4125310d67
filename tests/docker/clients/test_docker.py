"""docker and buildx, logged in by the AWS CLI as AWS's documentation types it: both platforms up, and down again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import two_platforms
from tests.docker.clients.conftest import Repository
from tests.docker.clients.test_aws_cli import shell
from tests.docker.conftest import Lab

pytestmark = pytest.mark.docker

BOTH = "linux/amd64,linux/arm64"
FROM_SCRATCH = 'FROM scratch\nARG TARGETARCH\nCOPY greeting /\nLABEL built-for=$TARGETARCH\nCMD ["/greeting"]\n'


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(FROM_SCRATCH)
    (folder / "greeting").write_text("hello\n")
    return folder


@pytest.fixture
def docker(shared_lab: Lab, repository: Repository, tmp_path: Path) -> Iterator[Lab]:
    """The engine, logged in with ``aws ecr get-login-password | docker login --username AWS --password-stdin HOST``."""
    password = subprocess.run(
        [sys.executable, "-m", "awscli", "ecr", "get-login-password"],
        env=shell(repository.cloud, tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    login = ("login", "--username", "AWS", "--password-stdin", repository.host)
    code, said = shared_lab.docker(*login, stdin=password)
    assert code == 0, said
    assert "Login Succeeded" in said
    yield shared_lab
    forget(shared_lab, repository)
    shared_lab.docker("logout", repository.host)


def forget(docker: Lab, repository: Repository) -> None:
    """Take the repository's images from the engine, so that the next pull really pulls."""
    _, lines = docker.docker("images", "--all", "--format", "{{.Repository}} {{.ID}}")
    for name, image in (line.split() for line in lines.splitlines()):
        if name == repository.uri:
            docker.docker("image", "rm", "--force", image)


def pull(docker: Lab, repository: Repository, architecture: str) -> dict[str, str]:
    """Pull one platform of ``v1``; the image's labels, after its architecture was compared."""
    forget(docker, repository)
    code, said = docker.docker("pull", "--platform", f"linux/{architecture}", f"{repository.uri}:v1")
    assert code == 0, said
    code, said = docker.docker("image", "inspect", f"{repository.uri}:v1")
    assert code == 0, said
    described = json.loads(said)[0]
    assert described["Architecture"] == architecture
    labels: dict[str, str] = described["Config"]["Labels"]
    return labels


def test_buildx_pushes_two_platforms_and_docker_pulls_each(docker: Lab, repository: Repository, context: Path) -> None:
    where = f"{repository.uri}:v1"
    code, said = docker.docker("buildx", "build", "--platform", BOTH, "-t", where, "--push", str(context))
    assert code == 0, said
    got = repository.ecr.batch_get_image(repositoryName=repository.name, imageIds=[{"imageTag": "v1"}])["images"][0]
    platforms = [each["platform"] for each in json.loads(got["imageManifest"])["manifests"]]
    # BuildKit's attestations are entries for the platform unknown/unknown.
    known = {each["architecture"] for each in platforms if each["os"] != "unknown"}
    assert known == set(two_platforms.ARCHITECTURES)
    for architecture in two_platforms.ARCHITECTURES:
        assert pull(docker, repository, architecture)["built-for"] == architecture


@pytest.mark.parametrize("architecture", two_platforms.ARCHITECTURES)
def test_docker_pushes_and_pulls_one_platform(
    docker: Lab, repository: Repository, context: Path, architecture: str
) -> None:
    where = f"{repository.uri}:v1"
    code, said = docker.docker(
        "buildx", "build", "--platform", f"linux/{architecture}", "-t", where, "--load", str(context)
    )
    assert code == 0, said
    code, said = docker.docker("push", where)
    assert code == 0, said
    assert repository.digest("v1").startswith("sha256:")
    assert pull(docker, repository, architecture)["built-for"] == architecture


def test_a_wrong_password_is_refused_at_login(shared_lab: Lab, repository: Repository) -> None:
    login = ("login", "--username", "AWS", "--password-stdin", repository.host)
    code, said = shared_lab.docker(*login, stdin="not-the-password")
    assert code != 0
    assert "401 Unauthorized" in said
