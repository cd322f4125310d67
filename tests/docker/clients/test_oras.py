"""An independent client: oras-py pushes and pulls both platforms, in chunks as well, and an artifact with a subject."""

import json
from pathlib import Path
from typing import Any

import oras.oci
import pytest
import requests
from oras.provider import Registry

from tests import two_platforms
from tests.docker.clients.conftest import Image, Repository


@pytest.fixture
def client(repository: Repository) -> Registry:
    client = Registry(hostname=repository.host, insecure=True, auth_backend="basic")
    client.auth.set_basic_auth("AWS", repository.password())
    return client


def put(client: Registry, where: str, reference: str, body: bytes, media_type: str) -> requests.Response:
    url = f"{client.prefix}://{client.get_container(f'{where}:{reference}').manifest_url()}"
    return client.do_request(url, "PUT", data=body, headers={"Content-Type": media_type})


@pytest.mark.parametrize("chunked", [False, True], ids=["in one piece", "in chunks"])
def test_two_platforms_go_up_and_come_down_byte_for_byte(
    client: Registry, repository: Repository, image: Image, tmp_path: Path, chunked: bool
) -> None:
    index = json.loads(two_platforms.blob(image.folder, image.digest))
    for child in index["manifests"]:
        body = two_platforms.blob(image.folder, child["digest"])
        manifest = json.loads(body)
        for layer in (manifest["config"], *manifest["layers"]):
            path = image.folder / "blobs" / "sha256" / layer["digest"].removeprefix("sha256:")
            done = client.upload_blob(str(path), repository.uri, layer, do_chunked=chunked, chunk_size=100)
            assert done.status_code == 201
        url = f"http://{repository.host}/v2/{repository.name}/manifests/{child['digest']}"
        sent = client.do_request(url, "PUT", data=body, headers={"Content-Type": child["mediaType"]})
        assert sent.status_code == 201
    sent = put(client, repository.uri, "v1", two_platforms.blob(image.folder, image.digest), two_platforms.OCI_INDEX)
    assert sent.status_code == 201
    assert repository.digest("v1") == image.digest
    assert client.get_tags(repository.uri) == ["v1"]

    found = client.get_manifest(f"{repository.uri}:v1", allowed_media_type=[two_platforms.OCI_INDEX])
    assert found == index
    for child in found["manifests"]:
        manifest = client.get_manifest(f"{repository.uri}@{child['digest']}")
        for layer in manifest["layers"]:
            out = tmp_path / layer["digest"]
            client.download_blob(f"{repository.uri}:v1", layer["digest"], str(out))
            assert out.read_bytes() == two_platforms.blob(image.folder, layer["digest"])


def test_an_artifact_that_names_a_subject_is_among_its_referrers(
    client: Registry, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.txt").write_text("the application")
    Path("sbom.json").write_text("{}")
    assert client.push(f"{repository.uri}:app", files=["app.txt"]).status_code == 201
    digest = repository.digest("app")
    got = repository.ecr.batch_get_image(repositoryName=repository.name, imageIds=[{"imageTag": "app"}])["images"][0]
    subject = oras.oci.Subject(got["imageManifestMediaType"], digest, len(got["imageManifest"]))
    pushed = client.push(
        f"{repository.uri}:sbom",
        files=["sbom.json:application/json"],
        manifest_config=None,
        subject=subject,
        manifest_annotations={"org.example": "sbom"},
    )
    assert pushed.headers["OCI-Subject"] == digest
    answer: dict[str, Any] = client.do_request(
        f"http://{repository.host}/v2/{repository.name}/referrers/{digest}"
    ).json()
    assert [each["annotations"]["org.example"] for each in answer["manifests"]] == ["sbom"]
    files = client.pull(f"{repository.uri}:app", outdir=str(tmp_path / "pulled"))
    assert [Path(each).read_text() for each in files] == ["the application"]
