"""A small image for linux/amd64 and linux/arm64 as an OCI layout on disk: what the independent clients push."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

KIND = "application/vnd.oci.image"
OCI_INDEX = f"{KIND}.index.v1+json"
OCI_MANIFEST = f"{KIND}.manifest.v1+json"
ARCHITECTURES = ("amd64", "arm64")


def layout(folder: Path, words: str = "built") -> str:
    """Write the layout, its index tagged ``two``, into ``folder``; the digest of the index. ``words`` are its own."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def keep(media_type: str, data: bytes) -> dict[str, object]:
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(data)}

    children = []
    for architecture in ARCHITECTURES:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            text = f"{words} for {architecture}\n".encode() * 5000
            entry = tarfile.TarInfo("where")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
        layer = keep(f"{KIND}.layer.v1.tar+gzip", buffer.getvalue())
        plain = hashlib.sha256(gzip.decompress(buffer.getvalue())).hexdigest()
        rootfs = {"type": "layers", "diff_ids": [f"sha256:{plain}"]}
        config = {"architecture": architecture, "os": "linux", "config": {}, "rootfs": rootfs}
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": keep(f"{KIND}.config.v1+json", json.dumps(config).encode()),
            "layers": [layer],
        }
        child = keep(OCI_MANIFEST, json.dumps(manifest).encode())
        children.append({**child, "platform": {"os": "linux", "architecture": architecture}})
    index = keep(OCI_INDEX, json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}).encode())
    named = {**index, "annotations": {"org.opencontainers.image.ref.name": "two"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return str(index["digest"])


def blob(folder: Path, digest: str) -> bytes:
    """The content of a digest in a layout."""
    return (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()


def blobs(folder: Path) -> list[str]:
    """The digests in a layout, sorted: two layouts with the same list hold the same bytes."""
    return sorted(f"sha256:{path.name}" for path in (folder / "blobs" / "sha256").iterdir())
