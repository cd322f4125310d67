"""One local AWS, one image for two platforms, and a repository for each test: what every client here works with."""

import base64
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import two_platforms
from tests.cloud.lab_cloud import LabCloud

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Image:
    """The OCI layout on disk and the digest of its index, which is tagged ``two``."""

    folder: Path
    digest: str


@dataclass(frozen=True)
class Repository:
    """A repository of the local AWS: its name, and ``HOST/NAME`` as clients write it."""

    cloud: LabCloud
    name: str

    @property
    def host(self) -> str:
        return self.cloud.endpoint.removeprefix("http://")

    @property
    def uri(self) -> str:
        return f"{self.host}/{self.name}"

    @property
    def ecr(self) -> Any:
        return self.cloud.client("ecr")

    def password(self) -> str:
        """An administrator's password for the registry; the user name is AWS."""
        token = self.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        return base64.b64decode(token).decode().partition(":")[2]

    def digest(self, tag: str) -> str:
        """What ECR says the tag points at."""
        found = self.ecr.describe_images(repositoryName=self.name, imageIds=[{"imageTag": tag}])
        return str(found["imageDetails"][0]["imageDigest"])


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCloud]:
    running = LabCloud(tmp_path_factory.mktemp("clients") / "state")
    yield running
    running.close()


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("image") / "two"
    return Image(folder, two_platforms.layout(folder))


@pytest.fixture
def repository(cloud: LabCloud) -> Repository:
    name = f"clients/app-{next(_numbers)}"
    cloud.client("ecr").create_repository(repositoryName=name)
    return Repository(cloud, name)
