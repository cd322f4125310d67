"""Images at rest: an OCI archive (tar) or an OCI layout folder, read without unpacking it.

Reads what ``docker buildx build -o type=oci``, ``docker save`` (Docker 25 and later) and ``skopeo copy`` write:
``index.json`` names an index, a single manifest, or an index of indexes.
Source: the OCI image specification 1.1, image-layout.md.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, Protocol, cast

from labs import oci
from labs.errors import LabError

MAX_DOCUMENT = 8 << 20  # a manifest or config larger than this is not an image of the lab
MAX_LAYER = 8 << 30  # unpacked bytes of one layer: more is taken for a decompression bomb
MAX_HEADER = 1 << 20  # bytes of one long name or extended header of a tar
MAX_ENTRIES = 1_000_000
_REBUILD = "build the image again with: docker buildx build -o type=oci,dest=FILE ..."


class Blobs(Protocol):
    """Where an image's bytes are; ``open`` raises KeyError for a digest that is not there."""

    def open(self, digest: str) -> BinaryIO: ...


@dataclass(frozen=True)
class FolderBlobs:
    """The ``blobs/`` of an OCI layout folder."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Where a blob lies; KeyError for something that is not a digest."""
        algorithm, _, value = digest.partition(":")
        if not algorithm.isalnum() or not value.isalnum():
            raise KeyError(digest)
        return self.folder / "blobs" / algorithm / value

    def open(self, digest: str) -> BinaryIO:
        try:
            return self.path(digest).open("rb")
        except OSError:
            raise KeyError(digest) from None


@dataclass(frozen=True)
class TarBlobs:
    """The blobs inside an OCI archive; every ``open`` has a file handle of its own."""

    file: Path
    members: dict[str, tarfile.TarInfo]

    def open(self, digest: str) -> BinaryIO:
        member = self.members.get("blobs/" + digest.replace(":", "/", 1))
        if member is None or not member.isreg():
            raise KeyError(digest)
        handle = self.file.open("rb")
        return cast(BinaryIO, _Slice(handle, member.offset_data, member.size))


class _Slice(io.RawIOBase):
    """A part of a file as a file: the tar members of an archive are not compressed."""

    def __init__(self, handle: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._handle, self._left = handle, size
        handle.seek(start)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._handle.read(self._left if size is None or size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._handle.close()
        super().close()


class _Header(tarfile.TarInfo):
    """A tar header that takes no megabytes for a name, which tarfile would read into memory whole."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _IN_MEMORY and self.size > MAX_HEADER:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return cast(tarfile.TarInfo, super()._proc_member(archive))  # type: ignore[misc]


_IN_MEMORY = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
# What tarfile and zlib raise over bytes that are not a tar archive.
_DAMAGE = (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError, RecursionError)


class LayerFile(NamedTuple):
    """One entry of one layer: its path without a leading slash, its tar header, and ``read(limit=-1) -> bytes``.

    ``read`` answers b"" for anything that is not a regular file, and only works until the next entry is taken.
    """

    path: str
    info: tarfile.TarInfo
    read: Callable[..., bytes]


@dataclass(frozen=True)
class Image:
    """An image of one or more platforms; every reading method raises LabError for damaged content."""

    name: str  # the file or folder, for messages
    blobs: Blobs
    digest: str  # of the index, or of the only manifest
    index: oci.Index  # a single manifest appears as an index of one; nested indexes are flattened

    @property
    def platforms(self) -> tuple[oci.Platform, ...]:
        """The platforms one could run; attestations are left out."""
        return self.index.platforms

    @property
    def attestations(self) -> tuple[oci.Descriptor, ...]:
        """BuildKit's provenance and SBOM manifests."""
        return tuple(entry for entry in self.index.manifests if entry.is_attestation)

    def descriptor(self, platform: oci.Platform) -> oci.Descriptor:
        """The index entry of a platform; LabError names the platforms that are there."""
        wanted = platform.normal()
        for entry in self.index.manifests:
            if entry.platform == wanted and not entry.is_attestation:
                return entry
        there = ", ".join(str(each) for each in self.platforms) or "none"
        raise LabError(
            f"{self.name} has no image for {wanted}; it has: {there}.",
            f"build it with --platform {wanted}",
            id="archive-lacks-platform",
        )

    def manifest(self, platform: oci.Platform) -> oci.Manifest:
        """The manifest of a platform."""
        entry = self.descriptor(platform)
        found = _parse(self.name, _document(self.name, self.blobs, entry), entry.media_type)
        if not isinstance(found, oci.Manifest):
            raise damaged(self.name, f"it names an index where the manifest of {platform} should be")
        return found

    def config(self, platform: oci.Platform) -> dict[str, Any]:
        """The image config document of a platform: ``config.User``, ``config.Env``, ``history``, ``rootfs`` ..."""
        return _json(self.name, _document(self.name, self.blobs, self.manifest(platform).config))

    def files(self, platform: oci.Platform) -> Iterator[LayerFile]:
        """Every entry of every layer, bottom first: a file that a later layer deletes is still seen."""
        for layer in self.manifest(platform).layers:
            yield from self.layer_files(layer)

    def layer_files(self, layer: oci.Descriptor) -> Iterator[LayerFile]:
        """The entries of one layer, after its digest has been checked."""
        with self.open(layer) as stream:
            yield from layer_entries(stream, f"Layer {layer.digest} of {self.name}")

    def open(self, descriptor: oci.Descriptor) -> BinaryIO:
        """The bytes of a blob, after its digest has been checked."""
        self.verify(descriptor)
        return _open(self.name, self.blobs, descriptor.digest)

    def verify(self, descriptor: oci.Descriptor) -> None:
        """LabError unless the blob is there and has its digest."""
        _verify(self.name, self.blobs, descriptor.digest)


def read_archive(path: Path) -> Image:
    """Read an OCI archive or an OCI layout folder; LabError when it is neither, or is damaged."""
    name = path.name
    if path.is_dir():
        blobs: Blobs = FolderBlobs(path)
        index = path / "index.json"
        if not index.is_file():
            raise LabError(f"{name} is not an OCI layout: it has no index.json.", _REBUILD, id="not-an-oci-layout")
        return image_of(name, blobs, index.read_bytes())
    try:
        with tarfile.open(path, "r:", tarinfo=_Header) as archive:
            members = {entry.name.removeprefix("./"): entry for entry in archive}
            found = members.get("index.json")
            handle = archive.extractfile(found) if found else None
            data = handle.read(MAX_DOCUMENT) if handle else b""
    except FileNotFoundError:
        raise LabError(f"There is no file {name}.", _REBUILD, id="no-such-archive") from None
    except _DAMAGE as error:
        raise _not_archive(name, str(error)) from error
    if not data:
        old = " (it is in the format of docker save before Docker 25)" if "manifest.json" in members else ""
        raise _not_archive(name, f"it has no index.json{old}")
    return image_of(name, TarBlobs(path, members), data)


def image_of(name: str, blobs: Blobs, index_json: bytes) -> Image:
    """The image that an ``index.json`` names, over any store of blobs."""
    top = _parse(name, index_json, oci.OCI_INDEX)
    if not isinstance(top, oci.Index):
        raise damaged(name, "its index.json is not an index")
    leaves = tuple(_leaves(name, blobs, top, 0))
    if not leaves:
        raise LabError(f"{name} holds no image.", _REBUILD, id="archive-without-image")
    named = {entry.digest for entry in top.manifests}
    digest, media_type = oci.sha256(index_json), top.media_type
    if len(named) == 1:
        digest, media_type = top.manifests[0].digest, top.manifests[0].media_type
    return Image(name, blobs, digest, oci.Index(media_type, leaves))


def damaged(name: str, why: str) -> LabError:
    """An image or a layer whose bytes are not what they should be."""
    return LabError(f"{name} is damaged: {why}.", _REBUILD, id="image-damaged")


def _not_archive(name: str, why: str) -> LabError:
    return LabError(f"{name} is not an OCI archive: {why}.", _REBUILD, id="not-an-oci-archive")


def _leaves(name: str, blobs: Blobs, index: oci.Index, depth: int) -> Iterator[oci.Descriptor]:
    """The manifests under an index, each platform's once."""
    if depth > 4:
        raise damaged(name, "its indexes are nested too deeply")
    seen: set[tuple[str, oci.Platform | None]] = set()
    for entry in index.manifests:
        # docker save names one image once per tag; the same digest for another platform is another entry
        if (entry.digest, entry.platform) in seen:
            continue
        seen.add((entry.digest, entry.platform))
        if entry.is_attestation:
            yield entry
            continue
        if entry.platform and entry.media_type in oci.MANIFEST_TYPES:
            yield entry
            continue
        found = _parse(name, _document(name, blobs, entry), entry.media_type)
        if isinstance(found, oci.Index):
            yield from _leaves(name, blobs, found, depth + 1)
        else:
            config = _json(name, _document(name, blobs, found.config))
            words = (str(config.get(key) or "") for key in ("os", "architecture", "variant"))
            yield replace(entry, platform=oci.Platform(*words).normal())


def layer_entries(stream: IO[bytes], what: str, limit: int = MAX_LAYER) -> Iterator[LayerFile]:
    """The entries of a layer's tar stream, plain or gzip; LabError when damaged or over ``limit`` bytes unpacked."""
    start = stream.read(4)
    whole = io.BufferedReader(cast(Any, _Joined(start, stream)), 1 << 16)
    if start == b"\x28\xb5\x2f\xfd":
        raise LabError(
            f"{what} is compressed with zstd, which the kit does not read.",
            "build it with gzip layers",
            id="layer-in-zstd",
        )
    plain: Any = gzip.GzipFile(fileobj=whole, mode="rb") if start[:2] == b"\x1f\x8b" else whole
    try:
        bounded = cast(Any, _Bounded(plain, limit, what))
        with tarfile.open(fileobj=bounded, mode="r|", tarinfo=_Header) as archive:
            for number, entry in enumerate(archive):
                archive.members = []  # type: ignore[attr-defined]  # tarfile would keep every header
                if number >= MAX_ENTRIES or entry.issparse():
                    raise tarfile.ReadError("a sparse file" if entry.issparse() else "too many files")
                yield LayerFile(_clean(entry.name), entry, _reader(archive, entry, what))
    except _DAMAGE as error:
        raise damaged(what, str(error)) from error


def _reader(archive: tarfile.TarFile, entry: tarfile.TarInfo, what: str) -> Callable[..., bytes]:
    def read(limit: int = -1) -> bytes:
        try:
            handle = archive.extractfile(entry) if entry.isreg() else None
            return handle.read(limit) if handle else b""
        except _DAMAGE as error:
            raise damaged(what, str(error)) from error

    return read


def _clean(name: str) -> str:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts)


class _Joined(io.RawIOBase):
    """Bytes already taken from a stream, and then the stream."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        super().__init__()
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data, self._start = (self._start[: len(buffer)], self._start[len(buffer) :])
        data = data or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Bounded:
    """A readable that refuses to give more than ``limit`` bytes."""

    def __init__(self, stream: IO[bytes], limit: int, what: str) -> None:
        self._stream, self._left, self._what = stream, limit, what

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise LabError(f"{self._what} is too large when unpacked.", _REBUILD, id="layer-too-large")
        return data


def _open(name: str, blobs: Blobs, digest: str) -> BinaryIO:
    try:
        return blobs.open(digest)
    except KeyError:
        raise LabError(
            f"{name} is incomplete: blob {digest} is not in it.", _REBUILD, id="archive-incomplete"
        ) from None


def _document(name: str, blobs: Blobs, descriptor: oci.Descriptor) -> bytes:
    with _open(name, blobs, descriptor.digest) as stream:
        data = stream.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise damaged(name, f"{descriptor.digest} is too large for a manifest or config")
    if oci.sha256(data) != descriptor.digest:
        raise damaged(name, f"blob {descriptor.digest} does not have that digest")
    return data


def _verify(name: str, blobs: Blobs, digest: str) -> None:
    algorithm, _, value = digest.partition(":")
    with _open(name, blobs, digest) as stream:
        found = hashlib.new(algorithm) if algorithm in ("sha256", "sha512") else hashlib.sha256()
        while chunk := stream.read(1 << 20):
            found.update(chunk)
    if found.hexdigest() != value:
        raise damaged(name, f"blob {digest} does not have that digest")


def _parse(name: str, data: bytes, media_type: str) -> oci.Manifest | oci.Index:
    try:
        return oci.parse(data, media_type)
    except oci.NotAnImage as error:
        raise damaged(name, str(error)) from error


def _json(name: str, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(name, f"its config is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise damaged(name, "its config is not a JSON object")
    return found
