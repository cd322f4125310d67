"""The files of an image: nodes, the tree that layers add up to, and layers whose bytes depend on the nodes alone.

Source: the OCI image specification 1.1, layer.md (change sets, whiteouts).
"""

import gzip
import io
import os
import posixpath
import shutil
import tarfile
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, cast

from labs import oci
from labs.engine.archive import Image
from labs.engine.embedded.image_store import Store
from labs.engine.hashing import Hashing
from labs.errors import LabError

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


@dataclass(frozen=True)
class FileNode:
    """One file, folder or symbolic link; ``kind`` is tarfile's type, ``open`` gives a regular file's bytes."""

    kind: bytes
    mode: int
    uid: int = 0
    gid: int = 0
    size: int = 0
    target: str = ""  # of a symbolic link
    mtime: int | None = None  # None: the build's own time
    open: Callable[[], BinaryIO] = field(default=io.BytesIO, compare=False)

    @property
    def is_folder(self) -> bool:
        return self.kind == tarfile.DIRTYPE

    @property
    def is_file(self) -> bool:
        return self.kind == tarfile.REGTYPE

    @property
    def is_link(self) -> bool:
        return self.kind == tarfile.SYMTYPE


def folder(mode: int = 0o755, uid: int = 0, gid: int = 0) -> FileNode:
    """A new folder."""
    return FileNode(tarfile.DIRTYPE, mode, uid, gid)


def text_file(text: str, mode: int = 0o644) -> FileNode:
    """A new file with some text in it."""
    data = text.encode()
    return FileNode(tarfile.REGTYPE, mode, size=len(data), open=lambda: io.BytesIO(data))


class Tree:
    """The files of an image as its layers leave them: path without leading slash -> node; "" is the root."""

    def __init__(self, nodes: Mapping[str, FileNode] | None = None) -> None:
        self.nodes: dict[str, FileNode] = dict(nodes or {"": folder()})

    def copy(self) -> "Tree":
        """A tree of its own with the same nodes."""
        return Tree(self.nodes)

    def put(self, path: str, node: FileNode) -> None:
        """Set one node; a folder replaced by something else loses what was in it."""
        before = self.nodes.get(path)
        if before and before.is_folder and not node.is_folder:
            self.remove(path)
        self.nodes[path] = node

    def remove(self, path: str, itself: bool = True) -> None:
        """Remove what is below a path, and the path."""
        for each in [each for each in self.nodes if each.startswith(path + "/")]:
            del self.nodes[each]
        if itself:
            self.nodes.pop(path, None)

    def resolve(self, path: str, last: bool = True) -> str:
        """The path with symbolic links followed inside the tree; the final one too when ``last``."""
        parts, done, hops = [part for part in path.split("/") if part not in ("", ".")], "", 0
        while parts:
            part = parts.pop(0)
            if part == "..":
                done = posixpath.dirname(done)
                continue
            here = posixpath.join(done, part)
            node = self.nodes.get(here)
            if node and node.is_link and (parts or last):
                hops += 1
                if hops > 40:
                    raise LabError(f"/{path}: too many levels of symbolic links", id="too-many-links")
                done = "" if node.target.startswith("/") else done
                parts = [each for each in node.target.split("/") if each not in ("", ".")] + parts
                continue
            done = here
        return done

    def below(self, path: str) -> Iterable[tuple[str, FileNode]]:
        """What is inside a folder, at any depth, sorted: (path relative to it, node)."""
        start = f"{path}/" if path else ""
        found = [each for each in self.nodes if each != path and each.startswith(start)]
        return [(each.removeprefix(start), self.nodes[each]) for each in sorted(found)]

    def read(self, path: str, limit: int = 1 << 20) -> str:
        """A small text file of the image, "" when it is not there."""
        node = self.nodes.get(self.resolve(path))
        if node is None or not node.is_file:
            return ""
        with node.open() as stream:
            return stream.read(limit).decode("utf-8", "replace")

    def apply(self, image: Image, layer: oci.Descriptor) -> None:
        """Put one layer of an image on top: its whiteouts take from the layers below, then its entries are added.

        LabError for an entry that would lie below a file, or outside the image.
        """
        plain = _PlainLayer(image, layer)
        hidden, emptied, entries = set(), set(), []
        for path, info, _ in image.layer_files(layer):
            parent, name = posixpath.split(path)
            if ".." in path.split("/") or "\0" in path:
                raise LabError(
                    f"The image holds a path that leaves it: {path[:200]!r}.",
                    "do not run this image",
                    id="layer-path-leaves-root",
                )
            if name == OPAQUE:
                emptied.add(parent)
            elif name.startswith(WHITEOUT):
                hidden.add(posixpath.join(parent, name.removeprefix(WHITEOUT)))
            else:
                entries.append((path, info))
        self._hide(hidden - {""}, emptied)
        for path, info in entries:
            place = self._place(path)
            node = self._node(info, plain)
            if node:
                self.put(place, node)

    def _hide(self, hidden: set[str], emptied: set[str]) -> None:
        if not hidden and not emptied:
            return
        for path in list(self.nodes):
            above = _ancestors(path)
            if path in hidden or any(each in hidden or each in emptied for each in above):
                del self.nodes[path]

    def _place(self, path: str) -> str:
        """Where an entry lands: links among its folders are followed inside the image, as containerd follows them."""
        parent, name = posixpath.split(path)
        if not parent:
            return path
        parent = self.resolve(parent)
        for each in (parent, *_ancestors(parent)):
            node = self.nodes.get(each)
            if node is not None:
                if not node.is_folder:
                    raise LabError(
                        f"The image is damaged: /{path[:200]} lies below a file.",
                        "build it again",
                        id="image-path-below-a-file",
                    )
                break
        return posixpath.join(parent, name)

    def _node(self, info: tarfile.TarInfo, plain: "_PlainLayer") -> FileNode | None:
        kind = tarfile.REGTYPE if info.isreg() else info.type
        if kind == tarfile.LNKTYPE:  # a hard link is the file that it links to
            return self.nodes.get(info.linkname.strip("/").removeprefix("./"))
        if kind not in (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE):
            return None  # devices and pipes do not concern a build
        start, size = info.offset_data, info.size
        return FileNode(
            kind,
            info.mode & 0o7777,
            info.uid,
            info.gid,
            size if kind == tarfile.REGTYPE else 0,
            info.linkname if kind == tarfile.SYMTYPE else "",
            int(info.mtime),
            lambda: plain.open(start, size),
        )


def _ancestors(path: str) -> Iterator[str]:
    """The folders above a path, nearest first; the root is ""."""
    while path:
        path = posixpath.dirname(path)
        yield path


class _PlainLayer:
    """A layer unpacked into a temporary file, only when a file of it is asked for."""

    def __init__(self, image: Image, layer: oci.Descriptor) -> None:
        self._image, self._layer = image, layer
        self._file: IO[bytes] | None = None

    def open(self, start: int, size: int) -> BinaryIO:
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - lives as long as the tree
            weakref.finalize(self, self._file.close)
            with self._image.open(self._layer) as stream:
                packed = stream.read(2) == b"\x1f\x8b"
            with self._image.open(self._layer) as stream:
                source: Any = gzip.GzipFile(fileobj=stream) if packed else stream
                shutil.copyfileobj(source, self._file, 1 << 20)
        return cast(BinaryIO, _Part(self, self._file.fileno(), start, size))


class _Part(io.RawIOBase):
    """One file of an unpacked layer: a large one is never in memory whole."""

    def __init__(self, layer: _PlainLayer, handle: int, start: int, size: int) -> None:
        super().__init__()
        self._layer, self._handle, self._at, self._end = layer, handle, start, start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = os.pread(self._handle, min(len(buffer), self._end - self._at, 1 << 20), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def tree_of(image: Image, platform: oci.Platform) -> Tree:
    """The files of one platform of an image."""
    tree = Tree()
    for layer in image.manifest(platform).layers:
        tree.apply(image, layer)
    return tree


def write_layer(store: Store, nodes: Mapping[str, FileNode], mtime: int) -> tuple[oci.Descriptor, str]:
    """Write nodes as one gzip layer into the store: (its descriptor, its diff id).

    Sorted entries, no user names, one time stamp and no time in the gzip header: equal nodes give an equal digest.
    """
    with store.writer() as out:
        packed = Hashing(out.file)
        zipped = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=cast(Any, packed), mtime=0)
        plain = Hashing(zipped)
        with tarfile.open(fileobj=cast(Any, plain), mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(nodes):
                _add(archive, path, nodes[path], mtime)
        zipped.close()
        digest = out.commit(packed.digest)
    return oci.Descriptor(oci.OCI_LAYER_GZIP, digest, packed.size), plain.digest


def _add(archive: tarfile.TarFile, path: str, node: FileNode, mtime: int) -> None:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.uid, info.gid = node.kind, node.mode, node.uid, node.gid
    info.size, info.linkname = node.size, node.target
    info.mtime = mtime if node.mtime is None else node.mtime
    if not node.is_file:
        archive.addfile(info)
        return
    with node.open() as stream:
        try:
            archive.addfile(info, stream)
        except OSError as error:
            raise LabError(
                f"/{path} changed while it was read: {error}", "build again", id="file-changed-while-read"
            ) from error
