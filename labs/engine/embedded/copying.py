"""COPY and ADD: which files go where, with which owner and mode.

Source: the Dockerfile reference (COPY, ADD) and BuildKit's file operations: a new folder on the way to the destination
is 0755 and takes --chown; what exists keeps what it has.
"""

import io
import posixpath
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, replace

from labs.engine.embedded.patterns import BadPattern, has_wildcard, match_paths
from labs.engine.embedded.rootfs import FileNode, Tree, folder
from labs.errors import LabError


@dataclass(frozen=True)
class Owner:
    """--chown, looked up: numbers only."""

    uid: int
    gid: int


@dataclass(frozen=True)
class OwnerAndMode:
    """What --chown and --chmod set; None leaves the source's own."""

    owner: Owner | None = None
    mode: int | None = None

    def on(self, node: FileNode) -> FileNode:
        """A node with the change made; the mode of a symbolic link is left alone."""
        if self.owner:
            node = replace(node, uid=self.owner.uid, gid=self.owner.gid)
        if self.mode is not None and not node.is_link:
            node = replace(node, mode=self.mode)
        return node


class MissingSource(LabError):
    """A source that is not there; ``path`` is relative to the context."""

    def __init__(self, path: str, next_step: str = "") -> None:
        self.path = path
        words = f'failed to compute cache key: failed to calculate checksum of ref: "/{path}": not found'
        super().__init__(words, next_step, id="source-not-found")


class Layer:
    """The nodes that one instruction adds on top of a tree; the tree is changed along."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.nodes: dict[str, FileNode] = {}

    def put(self, path: str, node: FileNode) -> None:
        """Add one node, replacing what is there."""
        if path:
            before = self.tree.nodes.get(path)
            if before and before.is_folder and not node.is_folder:
                raise LabError(f"cannot copy to non-directory: /{path} is a directory", id="copy-onto-folder")
            self.tree.put(path, node)
            self.nodes[path] = node

    def make_folders(self, path: str, change: OwnerAndMode = OwnerAndMode()) -> None:
        """Make a folder and what is missing above it."""
        parts = path.split("/") if path else []
        for count in range(1, len(parts) + 1):
            here = "/".join(parts[:count])
            before = self.tree.nodes.get(here)
            if before is None:
                self.put(here, replace(change, mode=None).on(folder()))
            elif not before.is_folder:
                raise LabError(f"cannot create the folder /{here}: it is a file of the image", id="folder-is-a-file")


def parse_mode(text: str) -> int:
    """--chmod: an octal number."""
    if not re.fullmatch(r"0?[0-7]{1,4}", text):
        words = f"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777"
        raise LabError(words, "write it like --chmod=0755", id="invalid-chmod")
    return int(text, 8)


def parse_owner(text: str, tree: Tree) -> Owner:
    """--chown: numbers, or names looked up in the image's own /etc/passwd and /etc/group."""
    user, colon, group = text.partition(":")
    uid = _lookup(user, tree, "etc/passwd", "user") if user else 0
    return Owner(uid, _lookup(group, tree, "etc/group", "group") if colon and group else uid)


def parse_user(text: str, tree: Tree) -> Owner:
    """USER, for the folders that WORKDIR makes: as --chown, but a user's own group when none is named."""
    user, _, group = text.partition(":")
    if group:
        return parse_owner(text, tree)
    for line in tree.read("etc/passwd").splitlines():
        fields = line.split(":")
        if len(fields) > 3 and user in (fields[0], fields[2]) and fields[2].isdigit() and fields[3].isdigit():
            return Owner(int(fields[2]), int(fields[3]))
    return parse_owner(text, tree)


def _lookup(name: str, tree: Tree, file: str, what: str) -> int:
    if name.isdigit():
        return int(name)
    for line in tree.read(file).splitlines():
        fields = line.split(":")
        if fields[0] == name and len(fields) > 2 and fields[2].isdigit():
            return int(fields[2])
    raise LabError(f"unable to find {what} {name}: no matching entries in {file.removeprefix('etc/')} file",
                   f"name a {what} of the base image's /{file}, or write a number", id="no-such-owner")  # fmt: skip


def sources(words: Iterable[str], tree: Tree) -> list[str]:
    """The paths that COPY's sources name in a tree, wildcards replaced: a pattern may match nothing, as in BuildKit.

    MissingSource for a path that is not there.
    """
    found: list[str] = []
    for word in words:
        path = posixpath.normpath("/" + word).strip("/")
        if not has_wildcard(word):
            plain = re.sub(r"\\(.)", r"\1", path)
            place = tree.resolve(plain)
            if place not in tree.nodes:
                raise MissingSource(place)
            found.append(plain)
            continue
        try:
            matches = match_paths(path, tree.nodes)
        except BadPattern as error:
            raise LabError(str(error), "write the wildcard as in a shell: * ? [a-z]", id="invalid-wildcard") from error
        above = next((each for each in posixpath.dirname(path).split("/") if each), "")
        if not matches and above and not has_wildcard(above) and tree.resolve(above) not in tree.nodes:
            raise MissingSource(path)  # BuildKit looks at the folder before it compares the names
        found.extend(matches)
    return found


def copy(
    layer: Layer, tree: Tree, names: list[str], destination: str, change: OwnerAndMode, unpack: bool = False
) -> None:
    """Copy sources of one tree to an absolute destination of the layer's; a folder gives its contents, not itself."""
    into_folder = destination.endswith(("/", "/."))
    target = layer.tree.resolve(destination)
    for name in names:
        place = tree.resolve(name)
        node = tree.nodes[place]
        if node.is_folder:
            _copy_folder(layer, tree, place, target, change)
        elif unpack and node.is_file and _is_archive(node):
            layer.make_folders(target, change)
            _unpack(layer, node, target)  # what is in an archive keeps its owners and modes, as with BuildKit
        else:
            before = layer.tree.nodes.get(target)
            inside = into_folder or (before is not None and before.is_folder)
            path = posixpath.join(target, posixpath.basename(name)) if inside else target
            layer.make_folders(posixpath.dirname(path), change)
            layer.put(layer.tree.resolve(path), change.on(node))


def _copy_folder(layer: Layer, tree: Tree, place: str, target: str, change: OwnerAndMode) -> None:
    layer.make_folders(target, change)
    for relative, node in tree.below(place):
        path = posixpath.join(target, relative)
        parent = layer.tree.resolve(posixpath.dirname(path))
        layer.put(posixpath.join(parent, posixpath.basename(path)), change.on(node))


def _is_archive(node: FileNode) -> bool:
    """Whether ADD unpacks a file: a tar, plain or compressed, decided by its content as Docker does."""
    with node.open() as stream:
        start = stream.read(512)
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")):
        try:
            with node.open() as stream, tarfile.open(fileobj=stream, mode="r|*") as archive:
                return archive.next() is not None
        except (tarfile.TarError, OSError, EOFError):
            return False
    return start[257:262] == b"ustar"


def _unpack(layer: Layer, node: FileNode, target: str) -> None:
    try:
        with node.open() as stream, tarfile.open(fileobj=stream, mode="r|*") as archive:
            for entry in archive:
                _unpack_entry(layer, archive, entry, target)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise LabError(
            f"the archive cannot be unpacked: {error}", "make it again, or COPY it", id="added-archive-not-unpacked"
        ) from error


def _unpack_entry(layer: Layer, archive: tarfile.TarFile, entry: tarfile.TarInfo, target: str) -> None:
    path = posixpath.join(target, posixpath.normpath("/" + entry.name).strip("/"))
    if path == target:
        return
    parent = layer.tree.resolve(posixpath.dirname(path))
    layer.make_folders(parent)
    path = posixpath.join(parent, posixpath.basename(path))
    if entry.islnk():
        source = layer.tree.nodes.get(posixpath.join(target, posixpath.normpath("/" + entry.linkname).strip("/")))
        if source is None:
            raise tarfile.ReadError(f"{entry.name} links to {entry.linkname}, which is not in it")
        layer.put(path, source)
        return
    kind = tarfile.REGTYPE if entry.isreg() else entry.type
    if kind not in (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE):
        return
    handle = archive.extractfile(entry) if entry.isreg() else None
    data = handle.read() if handle else b""
    node = FileNode(kind, entry.mode & 0o7777, entry.uid, entry.gid, len(data), entry.linkname if entry.issym() else "",
                int(entry.mtime), lambda: io.BytesIO(data))  # fmt: skip
    layer.put(path, node)
