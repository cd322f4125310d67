"""An independent client: buildah builds an image for two platforms, pushes it, and pulls both."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import two_platforms
from tests.docker.clients.conftest import Repository

buildah = shutil.which("buildah")
pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(buildah is None, reason="buildah is not installed (Debian: apt-get install buildah)"),
]
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """buildah with a storage of the test's own; nothing of the machine's is seen or left."""
    assert buildah is not None
    storage = ["--root", str(tmp_path / "root"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs"]

    def run(*words: str, succeeds: bool = True) -> str:
        done = subprocess.run(
            [str(buildah), *storage, *words], capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nARG TARGETARCH\nCOPY greeting /\nLABEL built-for=$TARGETARCH\n")
    (folder / "greeting").write_text("hello\n")
    return folder


def test_two_platforms_are_built_pushed_and_pulled(run: Run, context: Path, repository: Repository) -> None:
    secret = ["--tls-verify=false", "--creds", f"AWS:{repository.password()}"]
    run("build", "--platform", "linux/amd64,linux/arm64", "--manifest", "two", str(context))
    run("manifest", "push", "--all", *secret, "two", f"docker://{repository.uri}:v1")

    got = repository.ecr.batch_get_image(repositoryName=repository.name, imageIds=[{"imageTag": "v1"}])["images"][0]
    index = json.loads(got["imageManifest"])
    assert sorted(each["platform"]["architecture"] for each in index["manifests"]) == ["amd64", "arm64"]

    for architecture in two_platforms.ARCHITECTURES:
        run("pull", *secret, "--arch", architecture, f"{repository.uri}:v1")
        described = json.loads(run("inspect", "--type", "image", f"{repository.uri}:v1"))
        assert described["OCIv1"]["architecture"] == architecture
        assert described["OCIv1"]["config"]["Labels"]["built-for"] == architecture
        run("rmi", "--force", f"{repository.uri}:v1")


def test_a_missing_repository_is_named_in_awss_words(run: Run, context: Path, repository: Repository) -> None:
    run("build", "--tag", "one", str(context))
    where = f"docker://{repository.host}/nowhere:v1"
    said = run("push", "--tls-verify=false", "--creds", f"AWS:{repository.password()}", "one", where, succeeds=False)
    account = repository.cloud.account
    assert f"The repository with name 'nowhere' does not exist in the registry with id '{account}'" in said
