"""An attestation entry as BuildKit writes it, for the wrong answers of an engine that makes none.

Source: BuildKit, docs/attestations/attestation-storage.md: a manifest of platform unknown/unknown with an in-toto
layer, annotated with the digest of the image manifest it is about.
"""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from labs import oci

_IN_TOTO = "application/vnd.in-toto+json"
_PREDICATE = "https://slsa.dev/provenance/v0.2"


def attestation(about: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The index entry for the image manifest ``about``, and the blobs it needs by digest (its manifest included)."""
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": _PREDICATE, "subject": []}
    layer, config = _json(statement), _json({"architecture": "unknown", "os": "unknown", "config": {}})
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": oci.OCI_MANIFEST,
            "config": _descriptor(oci.OCI_CONFIG, config),
            "layers": [_descriptor(_IN_TOTO, layer) | {"annotations": {"in-toto.io/predicate-type": _PREDICATE}}],
        }
    )
    entry = _descriptor(oci.OCI_MANIFEST, manifest) | {
        "platform": {"architecture": "unknown", "os": "unknown"},
        "annotations": {oci.ATTESTATION: "attestation-manifest", "vnd.docker.reference.digest": about},
    }
    return entry, {oci.sha256(data): data for data in (layer, config, manifest)}


def attest_archive(path: Path) -> None:
    """Add an attestation to an OCI archive of one platform."""
    with tarfile.open(path) as archive:
        files = {each.name: archive.extractfile(each).read() for each in archive if each.isreg()}  # type: ignore[union-attr]
    top = json.loads(files["index.json"])
    image = _leaf(top["manifests"][0], files)
    entry, blobs = attestation(image["digest"])
    index = _json({"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": [image, entry]})
    files |= {
        f"blobs/{digest.replace(':', '/')}": data for digest, data in (blobs | {oci.sha256(index): index}).items()
    }
    files["index.json"] = _json({"schemaVersion": 2, "manifests": [_descriptor(oci.OCI_INDEX, index)]})
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def _leaf(entry: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    """The image manifest under a top entry, with its platform."""
    document = json.loads(files[f"blobs/{entry['digest'].replace(':', '/')}"])
    if "manifests" in document:
        return _leaf(document["manifests"][0], files)
    return entry | {"platform": {"architecture": "amd64", "os": "linux"}}


def attest_pushed(ecr: Any, repository: str, tag: str) -> None:
    """Put an index over the single image under a tag in ECR, with an attestation beside it."""
    wanted = [{"imageTag": tag}]
    types = list(oci.MANIFEST_TYPES)
    answer = ecr.batch_get_image(repositoryName=repository, imageIds=wanted, acceptedMediaTypes=types)["images"][0]
    manifest = answer["imageManifest"].encode()
    kind = answer.get("imageManifestMediaType", oci.OCI_MANIFEST)
    image = _descriptor(kind, manifest) | {"platform": {"architecture": "arm64", "os": "linux"}}
    entry, blobs = attestation(image["digest"])
    for digest, data in blobs.items():
        if digest != entry["digest"]:
            _upload(ecr, repository, digest, data)
    attested = blobs[entry["digest"]].decode()
    ecr.put_image(repositoryName=repository, imageManifest=attested, imageManifestMediaType=oci.OCI_MANIFEST)
    index = _json({"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": [image, entry]}).decode()
    ecr.put_image(repositoryName=repository, imageManifest=index, imageManifestMediaType=oci.OCI_INDEX, imageTag=tag)


def _upload(ecr: Any, repository: str, digest: str, data: bytes) -> None:
    upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    last = len(data) - 1
    ecr.upload_layer_part(
        repositoryName=repository, uploadId=upload, partFirstByte=0, partLastByte=last, layerPartBlob=data
    )
    ecr.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[digest])


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": oci.sha256(data), "size": len(data)}


def _json(document: object) -> bytes:
    return json.dumps(document).encode()
