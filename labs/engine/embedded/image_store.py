"""The local image store: an OCI layout whose index.json holds the names, safe for several processes at once.

Blobs are written beside and renamed; the names change under a lock, by replacing index.json.
"""

import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from labs import locks, oci
from labs.engine.archive import FolderBlobs, Image, image_of
from labs.engine.embedded.reference import Reference, parse
from labs.errors import LabError

_NAME = "io.containerd.image.name"
_REF = "org.opencontainers.image.ref.name"
_YOUNG_S = 600.0  # a blob younger than this may belong to a build that has not named its image yet


def described(descriptor: oci.Descriptor) -> dict[str, Any]:
    """A descriptor's JSON form."""
    out: dict[str, Any] = {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }
    if descriptor.platform:
        where = {"architecture": descriptor.platform.architecture, "os": descriptor.platform.os}
        out["platform"] = where | ({"variant": descriptor.platform.variant} if descriptor.platform.variant else {})
    if descriptor.annotations:
        out["annotations"] = dict(descriptor.annotations)
    return out


@dataclass
class Writer:
    """A blob on its way into the store: write to ``file``, then ``commit``."""

    file: IO[bytes]
    store: "Store"
    done: bool = False

    def commit(self, digest: str) -> str:
        """Put the blob in its place and return its digest; the caller has computed it over the same bytes."""
        self.file.flush()
        self.file.close()
        self.store.adopt(Path(self.file.name), digest)
        self.done = True
        return digest


def other_bytes(digest: str) -> LabError:
    """A blob of the local store that does not have its digest any more."""
    return LabError(
        f"The local store is damaged: {digest} has other bytes.", "build the image again", id="stored-blob-damaged"
    )


def _not_written(error: OSError) -> LabError:
    return LabError(
        f"The image store cannot be written: {error.strerror}.",
        "free some space, or set LAB_HOME to a folder that can be written",
        id="image-store-not-written",
    )


class Store:
    """Images by name, in a folder that is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = FolderBlobs(folder)
        try:
            (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
            layout = folder / "oci-layout"
            if not layout.exists():
                self._replace(layout, b'{"imageLayoutVersion":"1.0.0"}')
        except OSError as error:
            raise _not_written(error) from error

    # blobs

    @contextlib.contextmanager
    def writer(self) -> Iterator[Writer]:
        """A temporary file in the store; it is removed unless committed."""
        try:
            handle = tempfile.NamedTemporaryFile(dir=self.folder / "blobs", prefix=".new-", delete=False)  # noqa: SIM115
        except OSError as error:
            raise _not_written(error) from error
        out = Writer(handle, self)
        try:
            yield out
        except OSError as error:
            if error.errno is None or error.filename not in (None, handle.name):
                raise
            raise _not_written(error) from error
        finally:
            if not out.done:
                handle.close()
                Path(handle.name).unlink(missing_ok=True)

    def adopt(self, file: Path, digest: str) -> None:
        """Make a finished file the blob with this digest."""
        file.chmod(0o644)
        file.replace(self.blobs.path(digest))

    def add(self, data: bytes, media_type: str) -> oci.Descriptor:
        """Store some bytes and return what points at them."""
        digest = oci.sha256(data)
        if not self.has(digest):
            with self.writer() as out:
                out.file.write(data)
                out.commit(digest)
        return oci.Descriptor(media_type, digest, len(data))

    def add_json(self, document: Mapping[str, Any], media_type: str) -> oci.Descriptor:
        """Store a document in a fixed spelling, so that equal documents have equal digests."""
        return self.add(json.dumps(document, separators=(",", ":")).encode(), media_type)

    def has(self, digest: str) -> bool:
        """Whether a blob is there; its age is renewed, because somebody is about to use it."""
        try:
            os.utime(self.blobs.path(digest))
        except (OSError, KeyError):
            return False
        return True

    def read(self, descriptor: oci.Descriptor) -> bytes:
        """A small blob (a manifest or config); LabError when it is gone or damaged."""
        try:
            with self.blobs.open(descriptor.digest) as stream:
                data = stream.read()
        except KeyError:
            raise LabError(
                f"The local store lacks {descriptor.digest}.", "build or pull the image again", id="stored-blob-missing"
            ) from None
        if oci.sha256(data) != descriptor.digest:
            raise other_bytes(descriptor.digest)
        return data

    # names

    def names(self) -> dict[str, oci.Descriptor]:
        """Every image name, complete (``docker.io/library/app:dev``), and what it names."""
        try:
            raw = json.loads((self.folder / "index.json").read_bytes())
            entries = [oci.Descriptor.of(entry) for entry in raw["manifests"]]
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, OSError) as error:
            remedy = f"remove {self.folder.name}/index.json in LAB_HOME and build again"
            raise LabError(f"The local image store is damaged: {error}.", remedy, id="image-store-damaged") from error
        named = [entry for entry in entries if _NAME in entry.annotations]
        return {entry.annotations[_NAME]: replace(entry, annotations={}) for entry in named}

    def tag(self, reference: Reference, descriptor: oci.Descriptor) -> None:
        """Give an image a name; the name leaves the image that had it."""
        with locks.waited(self.folder / ".lock"):
            self._write({**self.names(), str(reference): replace(descriptor, annotations={})})

    def untag(self, reference: Reference) -> bool:
        """Take a name away, and the blobs that no name reaches any more; False when there is no such name."""
        with locks.waited(self.folder / ".lock"):
            names = self.names()
            if names.pop(str(reference), None) is None:
                return False
            self._write(names)
            self._sweep(names)
            return True

    def named(self, image: str) -> tuple[Reference, oci.Descriptor]:
        """As ``find``; LabError when there is none."""
        found = self.find(image)
        if found is None:
            raise LabError(
                f"There is no image {image} in the embedded engine's store.",
                "build it first, or pull it",
                id="embedded-image-not-found",
            )
        return found

    def find(self, text: str) -> tuple[Reference, oci.Descriptor] | None:
        """An image by name, by name@digest, or by (the beginning of) its id; None when there is none."""
        names = self.names()
        short = text.removeprefix("sha256:")
        if re.fullmatch(r"[a-f0-9]{6,64}", short):
            for name, entry in names.items():
                if entry.digest.removeprefix("sha256:").startswith(short):
                    return parse(name), entry
        reference = parse(text)
        for name, entry in names.items():
            same = parse(name).name == reference.name
            if name == str(reference) or (same and reference.digest and entry.digest == reference.digest):
                return reference, entry
        return None

    def image(self, name: str, descriptor: oci.Descriptor) -> Image:
        """The image behind a descriptor, to be read with ``labs.engine.archive``."""
        index = json.dumps({"schemaVersion": 2, "manifests": [described(descriptor)]}).encode()
        return image_of(name, self.blobs, index)

    def _write(self, names: Mapping[str, oci.Descriptor]) -> None:
        entries = [
            described(replace(entry, annotations={_NAME: name, _REF: name})) for name, entry in sorted(names.items())
        ]
        document = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": entries}
        self._replace(self.folder / "index.json", json.dumps(document, indent=1).encode())

    def _replace(self, file: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(file)

    def _sweep(self, names: Mapping[str, oci.Descriptor]) -> None:
        kept: set[str] = set()
        for entry in names.values():
            self._reach(entry, kept)
        for blob in (self.folder / "blobs" / "sha256").iterdir():
            with contextlib.suppress(OSError):
                if f"sha256:{blob.name}" not in kept and time.time() - blob.stat().st_mtime > _YOUNG_S:
                    blob.unlink()

    def _reach(self, entry: oci.Descriptor, kept: set[str]) -> None:
        kept.add(entry.digest)
        try:
            found = oci.parse(self.read(entry), entry.media_type)
        except (LabError, oci.NotAnImage):
            return
        if isinstance(found, oci.Index):
            for child in found.manifests:
                self._reach(child, kept)
        else:
            kept.update(each.digest for each in (found.config, *found.layers))
