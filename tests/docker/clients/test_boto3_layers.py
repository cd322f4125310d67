"""An independent client: boto3 alone pushes both platforms by the ECR API's layer calls, and pulls them by its URLs."""

import hashlib
import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests import two_platforms
from tests.docker.clients.conftest import Image, Repository

PART = 5 << 20
MOST = 20_971_520  # the service model: layerPartBlob


def upload(ecr: Any, name: str, data: bytes, part: int) -> str:
    """InitiateLayerUpload, UploadLayerPart as often as needed, CompleteLayerUpload; the digest."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    begun = ecr.initiate_layer_upload(repositoryName=name)
    assert begun["partSize"] == MOST
    for first in range(0, len(data), part):
        piece = data[first : first + part]
        done = ecr.upload_layer_part(
            repositoryName=name,
            uploadId=begun["uploadId"],
            partFirstByte=first,
            partLastByte=first + len(piece) - 1,
            layerPartBlob=piece,
        )
        assert done["lastByteReceived"] == first + len(piece) - 1
    said = ecr.complete_layer_upload(repositoryName=name, uploadId=begun["uploadId"], layerDigests=[digest])
    assert said["layerDigest"] == digest
    return digest


def fetch(url: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
        data: bytes = answer.read()
        return data


def test_two_platforms_go_up_and_come_down_byte_for_byte(repository: Repository, image: Image) -> None:
    ecr, name = repository.ecr, repository.name
    index = two_platforms.blob(image.folder, image.digest)
    children = [each["digest"] for each in json.loads(index)["manifests"]]
    layers = []
    for child in children:
        body = two_platforms.blob(image.folder, child)
        manifest = json.loads(body)
        for each in (manifest["config"], *manifest["layers"]):
            checked = ecr.batch_check_layer_availability(repositoryName=name, layerDigests=[each["digest"]])
            assert checked["layers"][0]["layerAvailability"] == "UNAVAILABLE"
            upload(ecr, name, two_platforms.blob(image.folder, each["digest"]), PART)
            layers.append(each["digest"])
        ecr.put_image(repositoryName=name, imageManifest=body.decode(), imageDigest=child)
    ecr.put_image(repositoryName=name, imageManifest=index.decode(), imageTag="v1")

    got = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])["images"][0]
    assert (got["imageId"]["imageDigest"], got["imageManifest"].encode()) == (image.digest, index)
    for digest in layers:
        url = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=digest)["downloadUrl"]
        assert fetch(url) == two_platforms.blob(image.folder, digest)


def test_a_layer_goes_up_in_parts_of_the_largest_size(repository: Repository) -> None:
    data = bytes(range(256)) * ((MOST + (1 << 20)) // 256)
    digest = upload(repository.ecr, repository.name, data, MOST)
    checked = repository.ecr.batch_check_layer_availability(repositoryName=repository.name, layerDigests=[digest])
    assert (checked["layers"][0]["layerAvailability"], checked["layers"][0]["layerSize"]) == ("AVAILABLE", len(data))


@pytest.mark.parametrize(
    ("size", "part", "code"),
    [
        (MOST + 1, MOST + 1, "InvalidLayerPartException"),
        (3 << 20, 1 << 20, "LayerPartTooSmallException"),
    ],
    ids=["over 20 MiB", "under 5 MiB and not the last"],
)
def test_a_part_of_the_wrong_size_is_refused(repository: Repository, size: int, part: int, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        upload(repository.ecr, repository.name, b"x" * size, part)
    assert refused.value.response["Error"]["Code"] == code
