"""An image as an OCI archive: ``-o type=oci``, ``docker save``, and what the lab hands to a container engine."""

import io
import json
import os
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from labs import oci
from labs.engine.archive import FolderBlobs
from labs.engine.embedded.image_store import described
from labs.engine.embedded.reference import Reference
from labs.errors import LabError


def empty_archive(archive: str) -> None:
    """A build empties its archive when it begins, as buildx does: what a failed one leaves is not an earlier image."""
    if archive in ("", "-"):
        return
    try:
        Path(archive).write_bytes(b"")
    except OSError as error:
        raise _not_written(archive, error) from error


def _not_written(destination: str, error: OSError) -> LabError:
    return LabError(
        f"open {destination}: {(error.strerror or str(error)).lower()}",
        "name another file",
        id="image-archive-not-written",
    )


def write_archive(blobs: FolderBlobs, top: oci.Descriptor, tags: Sequence[Reference], destination: str) -> None:
    """Write an image as an OCI archive; equal images give equal archives. A file is complete or not there."""
    if destination == "-":
        _write_tar(blobs, top, tags, sys.stdout.buffer)
        return
    file = Path(destination)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with beside.open("wb") as out:
            _write_tar(blobs, top, tags, out)
        beside.replace(file)
    except OSError as error:
        raise _not_written(destination, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _write_tar(blobs: FolderBlobs, top: oci.Descriptor, tags: Sequence[Reference], out: BinaryIO) -> None:
    entries = []
    for tag in tags or (None,):
        names = {"io.containerd.image.name": str(tag), "org.opencontainers.image.ref.name": tag.tag} if tag else {}
        entries.append(described(oci.Descriptor(top.media_type, top.digest, top.size, None, names)))
    index = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": entries}
    with tarfile.open(fileobj=out, mode="w|") as archive:
        for path in ("blobs", "blobs/sha256"):
            folder = tarfile.TarInfo(path)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        for digest in sorted(_reach(blobs, top)):
            _add(archive, "blobs/" + digest.replace(":", "/"), blobs.path(digest).stat().st_size, blobs.open(digest))
        for name, data in (
            ("index.json", json.dumps(index).encode()),
            ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
        ):
            _add(archive, name, len(data), io.BytesIO(data))


def _add(archive: tarfile.TarFile, path: str, size: int, content: BinaryIO) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o644
    with content:
        archive.addfile(info, content)


def _reach(blobs: FolderBlobs, top: oci.Descriptor) -> set[str]:
    """Every digest of an image that is here; a platform that was never pulled is left out."""
    found = {top.digest}
    try:
        with blobs.open(top.digest) as stream:
            document = oci.parse(stream.read(), top.media_type)
    except KeyError:
        return set()
    if isinstance(document, oci.Index):
        for child in document.manifests:
            found |= _reach(blobs, child)
        return found
    below = [document.config, *document.layers]
    return found | {each.digest for each in below if blobs.path(each.digest).exists()}
