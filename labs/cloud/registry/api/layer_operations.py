"""The ECR API's operations on layers: the calls behind a push and a pull without the registry's HTTP."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.registry.data_plane.downloads import download_url
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, invalid_parameter, refused
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.repositories import Repository
from labs.cloud.registry.store.uploads import MAX_PART

Parameters = dict[str, Any]
Answer = dict[str, Any]
Find = Callable[[Parameters], Repository]


class LayerOperations:
    """Each public method is one operation: decoded parameters in, the JSON answer out."""

    def __init__(self, store: EcrStore, find: Find, registry_host: Callable[[], str]) -> None:
        self._store = store
        self._repository = find
        self._host = registry_host

    def batch_check_layer_availability(self, caller: Caller, parameters: Parameters) -> Answer:
        """BatchCheckLayerAvailability: a layer that is not there is UNAVAILABLE, a digest that is none a failure."""
        repository = self._repository(parameters)
        layers: list[Answer] = []
        failures: list[Answer] = []
        for digest in parameters["layerDigests"]:
            if not spelling.is_digest(digest):
                failures.append(_no_digest(digest))
                continue
            layer = self._store.uploads.layer(repository, digest)
            found: Answer = {"layerDigest": digest, "layerAvailability": "AVAILABLE" if layer else "UNAVAILABLE"}
            if layer:
                found["layerSize"] = layer.size
                found.update(self._media_type(repository, digest))
            layers.append(found)
        return {"layers": layers, "failures": failures}

    def _media_type(self, repository: Repository, digest: str) -> Answer:
        row = self._store.database.row(
            "SELECT media_type FROM image_layer WHERE repository = ? AND digest = ? LIMIT 1", (repository.id, digest)
        )
        return {"mediaType": row["media_type"]} if row is not None and row["media_type"] else {}

    def initiate_layer_upload(self, caller: Caller, parameters: Parameters) -> Answer:
        """InitiateLayerUpload."""
        repository = self._repository(parameters)
        return {"uploadId": self._store.uploads.start(repository), "partSize": MAX_PART}

    def upload_layer_part(self, caller: Caller, parameters: Parameters) -> Answer:
        """UploadLayerPart: parts follow each other, at most 20,971,520 bytes each."""
        repository = self._repository(parameters)
        try:
            data = base64.b64decode(parameters["layerPartBlob"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise invalid_parameter("layerPartBlob", "is not base64 (simulated wording)") from error
        first, last = parameters["partFirstByte"], parameters["partLastByte"]
        if last - first + 1 != len(data):
            raise refused(Fault.SIZE_INVALID, "upload.out_of_order")
        upload = parameters["uploadId"].lower()
        size = self._store.uploads.append_part(repository, upload, first, _Bytes(data), len(data))
        return {**self._about(repository), "uploadId": upload, "lastByteReceived": size - 1}

    def complete_layer_upload(self, caller: Caller, parameters: Parameters) -> Answer:
        """CompleteLayerUpload."""
        repository = self._repository(parameters)
        digests = parameters["layerDigests"]
        wanted = next((digest for digest in digests if spelling.is_digest(digest)), "")
        if not wanted:
            raise EcrError(Fault.DIGEST_MALFORMED, "No layer digest is a sha256 or sha512 digest (simulated wording)")
        upload = parameters["uploadId"].lower()
        layer = self._store.uploads.complete(repository, upload, wanted)
        return {**self._about(repository), "uploadId": upload, "layerDigest": layer.digest}

    def get_download_url_for_layer(self, caller: Caller, parameters: Parameters) -> Answer:
        """GetDownloadUrlForLayer: "You can only get URLs for image layers that are referenced in an image" (AWS)."""
        repository, digest = self._repository(parameters), parameters["layerDigest"]
        layer = self._store.uploads.layer(repository, digest)
        if layer is None:
            raise refused(Fault.BLOB_MISSING, "layer.missing")
        if not layer.referenced:
            raise refused(Fault.LAYER_INACCESSIBLE, "layer.inaccessible")
        url = download_url(
            self._host(),
            repository.name,
            digest,
            self._store.signing_key(),
            access_key=caller.access_key_id,
            region=self._store.region,
            now=self._store.clock(),
        )
        return {"downloadUrl": url, "layerDigest": digest}

    def _about(self, repository: Repository) -> Answer:
        return {"registryId": self._store.account, "repositoryName": repository.name}


class _Bytes:
    """Bytes as a Source."""

    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)

    def readinto(self, buffer: memoryview) -> int:
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _no_digest(given: str) -> Answer:
    code = "InvalidLayerDigest" if given else "MissingLayerDigest"
    reason = f"{'Invalid' if given else 'Missing'} layer digest (simulated wording)"
    return {"layerDigest": given, "failureCode": code, "failureReason": reason}
