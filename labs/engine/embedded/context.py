"""The build context: the files of a folder that COPY and ADD may take, without what .dockerignore excludes."""

import os
import stat
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

from labs.engine.embedded.patterns import BadPattern, Ignore, read_ignore
from labs.engine.embedded.rootfs import FileNode, Tree
from labs.errors import LabError


@dataclass(frozen=True)
class Context:
    """A folder (None: no files) and its ignore rules; ``ignore_file`` is the name of the file that they came from."""

    folder: Path | None = None
    ignore: Ignore = field(default_factory=lambda: Ignore(()))
    ignore_file: str = ""

    @cached_property
    def tree(self) -> Tree:
        """Every file that is sent to a build, owned by root as Docker has it; read once."""
        tree = Tree()
        if self.folder:
            self._walk(self.folder, "", tree)
        return tree

    def ignores(self, path: str) -> bool:
        """Whether a path that exists in the folder is left out by the ignore rules."""
        return self.folder is not None and (self.folder / path).exists() and self.ignore.excludes(path)

    def _walk(self, folder: Path, prefix: str, tree: Tree) -> bool:
        """Add what a folder holds; answers whether anything was added."""
        found = False
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except PermissionError:
            raise _not_readable(folder) from None
        negative = any(negative for _, negative in self.ignore.rules)
        for entry in entries:
            path = f"{prefix}{entry.name}"
            excluded = self.ignore.excludes(path)
            node = _node(Path(entry.path))
            if node is None or (excluded and not (node.is_folder and negative)):
                continue
            if node.is_folder:
                inside = self._walk(Path(entry.path), f"{path}/", tree)
                if excluded and not inside:
                    continue
            tree.nodes[path] = node
            found = True
        return found


def read_context(folder: Path, dockerfile: Path | None) -> Context:
    """The context of a build; ``<Dockerfile>.dockerignore`` stands before ``.dockerignore``."""
    own = (dockerfile.with_name(dockerfile.name + ".dockerignore"),) if dockerfile else ()
    for file in (*own, folder / ".dockerignore"):
        if file.is_file():
            try:
                return Context(folder, read_ignore(file.read_text("utf-8", "replace")), file.name)
            except BadPattern as error:
                raise LabError(
                    f"failed to read {file.name}: {error}", f"fix that line of {file.name}", id="dockerignore-not-read"
                ) from error
    return Context(folder)


def _node(file: Path) -> FileNode | None:
    """A file as the build sees it; None for sockets, pipes and devices, which Docker skips too."""
    found = file.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        return FileNode(tarfile.DIRTYPE, mode)
    if stat.S_ISLNK(found.st_mode):
        return FileNode(tarfile.SYMTYPE, 0o777, target=str(file.readlink()).replace(os.sep, "/"))
    if stat.S_ISREG(found.st_mode):
        return FileNode(tarfile.REGTYPE, mode, size=found.st_size, open=_opener(file))
    return None


def _not_readable(path: Path) -> LabError:
    return LabError(
        f"error from sender: open {path.name}: permission denied",
        "make it readable, or name it in .dockerignore",
        id="context-not-readable",
    )


def _opener(file: Path) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            return cast(BinaryIO, file.open("rb"))
        except PermissionError:
            raise _not_readable(file) from None
        except OSError as error:
            raise LabError(
                f"{file.name} cannot be read: {error.strerror}.", "build again", id="context-file-not-read"
            ) from error

    return opened
