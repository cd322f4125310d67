"""``docker buildx build``: flags, progress, exports and the push, in buildx's words."""

import csv
import io
import json
import os
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from labs import oci
from labs.engine.archive import FolderBlobs
from labs.engine.embedded import dockerfile
from labs.engine.embedded.build import Recipe, build, native, unused_arguments
from labs.engine.embedded.build_error import BuildError
from labs.engine.embedded.build_progress import BuildProgress
from labs.engine.embedded.builders import Builders
from labs.engine.embedded.context import read_context
from labs.engine.embedded.flags import Given, flags, parse
from labs.engine.embedded.image_store import described
from labs.engine.embedded.reference import Reference
from labs.engine.embedded.reference import parse as parse_reference
from labs.engine.embedded.workspace import Workspace, WorkspaceBases
from labs.errors import LabError

TAKES = flags(
    "tag file platform build-arg target label output progress provenance sbom attest builder cache-from cache-to "
    "metadata-file iidfile",
    "push load no-cache pull quiet rm force-rm",
    "t=tag f=file o=output q=quiet",
)
_ARCHITECTURES = ("amd64", "x86_64", "arm64", "aarch64", "arm", "386", "ppc64le", "s390x", "riscv64")


@dataclass(frozen=True)
class Export:
    """Where the result goes besides the local store: an archive file ("" none, "-" stdout), a registry."""

    archive: str = ""
    push: bool = False


def run(arguments: Sequence[str], workspace: Workspace) -> int:
    """Build, export, push; LabError in buildx's words."""
    given = parse(arguments, TAKES, "buildx build", 1, 1)
    export = _export(given)
    tags = _tags(given)
    if export.push and not tags:
        raise BuildError("tag is needed when pushing to registry", "name the image with -t", id="tag-needed-for-push")
    _empty(export.archive)
    builder = Builders.of(workspace.env).known(given.one("builder"))
    quiet = given.on("quiet") or given.one("progress") == "quiet"
    progress = BuildProgress((lambda _: None) if quiet else workspace.say)
    if not quiet:
        workspace.say(f'#0 building with "{builder}" instance using embedded driver')
        workspace.say("")
        _notes(given, workspace)
    recipe = _recipe(given, workspace.env, progress)
    try:
        made = build(recipe, workspace.store, WorkspaceBases(workspace, progress), progress)
        for name in unused_arguments(recipe):
            workspace.say(f"[Warning] One or more build-args [{name}] were not consumed")
        _deliver(made, tags, export, workspace, progress)
    except LabError as error:
        raise _failed(error, recipe, given, progress) from error
    _write_ids(given, made, tags)
    if quiet:
        workspace.out(made.digest)
    return 0


def _failed(error: LabError, recipe: Recipe, given: Given, progress: BuildProgress) -> BuildError:
    excerpt = f"------\n > {progress.failed}:\n------\n" if progress.failed else ""
    line, end = getattr(error, "line", 0), getattr(error, "end", 0)
    if line:
        excerpt += _excerpt(recipe.dockerfile.lines, line, end, _dockerfile_name(given))
    return BuildError(f"failed to solve: {error.what}", error.next_step, excerpt, id=error.id)


def _dockerfile_name(given: Given) -> str:
    return Path(given.one("file", "Dockerfile")).name


def _excerpt(lines: Sequence[str], line: int, end: int, name: str) -> str:
    """The lines around the failing instruction, as buildx shows them."""
    out = [f"{name}:{line}" if line == end else f"{name}:{line}-{end}", "-" * 20]
    for number in range(max(1, line - 2), min(len(lines), end + 2) + 1):
        mark = ">>>" if line <= number <= end else "   "
        out.append(f"{number:4d} | {mark} {lines[number - 1]}")
    return "\n".join([*out, "-" * 20, ""])


def _tags(given: Given) -> list[Reference]:
    found = []
    for text in given.all("tag"):
        try:
            found.append(parse_reference(text))
        except LabError as error:
            raise BuildError(f'invalid tag "{text}": {error.what}', error.next_step, id=error.id) from error
    return found


def _notes(given: Given, workspace: Workspace) -> None:
    asked = [name for name in ("provenance", "sbom", "attest") if any(map(_wanted, given.all(name)))]
    if asked:
        workspace.say(f"embedded engine: no attestations are made; --{asked[0]} has no effect")
    if given.all("cache-from") or given.all("cache-to"):
        workspace.say("embedded engine: there is no build cache; --cache-from and --cache-to have no effect")


def _wanted(attestation: str) -> bool:
    return attestation.lower() not in ("false", "0") and "disabled=true" not in attestation.lower()


def _export(given: Given) -> Export:
    archive, push = "", given.on("push")
    for text in given.all("output"):
        fields = dict(each.partition("=")[::2] for row in csv.reader([text]) for each in row)
        kind = fields.get("type", "local")
        if kind == "oci" or (kind == "docker" and fields.get("dest")):
            archive = fields.get("dest", "-")
            if fields.get("tar", "true") == "false":
                raise BuildError(
                    f"-o {text} needs a Docker Engine",
                    "leave tar=false out: the result is a tar archive",
                    id="export-not-as-tar",
                )
        elif kind in ("image", "registry"):
            push = push or kind == "registry" or fields.get("push") == "true"
        elif kind != "docker":
            raise BuildError(
                f"-o {text} needs a Docker Engine",
                "the embedded engine has type=oci, image and registry",
                id="export-type-not-served",
            )
    if archive == "-" and sys.stdout.isatty():
        raise BuildError(
            "dest file is required for oci exporter. refusing to write to console",
            "add dest=FILE",
            id="export-needs-file",
        )
    return Export(archive, push)


def _recipe(given: Given, env: Mapping[str, str], progress: BuildProgress) -> Recipe:
    where = given.words[0]
    folder = Path(where)
    if where == "-" or "://" in where or where.startswith("git@"):
        raise BuildError(
            f"the build context {where} needs a Docker Engine",
            "name a folder of this machine",
            id="build-context-not-local",
        )
    if not folder.is_dir():
        raise BuildError(
            f'unable to prepare context: path "{where}" not found',
            "name the folder of the Dockerfile",
            id="build-context-not-found",
        )
    name = given.one("file")
    file = Path(name) if name else folder / "Dockerfile"
    arguments = _build_arguments(given.all("build-arg"), env)
    platforms = _platforms(given)
    try:
        with progress.step(f"[internal] load build definition from {file.name}") as detail:
            parsed, size = _read_dockerfile(file)
            detail(f"transferring dockerfile: {size}B done")
        with progress.step("[internal] load .dockerignore") as detail:
            context = read_context(folder, file)
            detail(f"reading {context.ignore_file} done" if context.ignore_file else "no .dockerignore")
    except LabError as error:
        raise _unread(error, file) from error
    labels = dict(each.partition("=")[::2] for each in given.all("label"))
    epoch = _epoch(arguments.get("SOURCE_DATE_EPOCH") or env.get("SOURCE_DATE_EPOCH") or "0")
    return Recipe(parsed, context, platforms, arguments, labels, given.one("target"), epoch)


def _unread(error: LabError, file: Path) -> BuildError:
    excerpt = ""
    line = getattr(error, "line", 0)
    if line:
        lines = file.read_text("utf-8", "replace").splitlines()
        excerpt = _excerpt(lines, line, getattr(error, "end", line), file.name)
    return BuildError(f"failed to solve: {error.what}", error.next_step, excerpt, id=error.id)


def _read_dockerfile(file: Path) -> tuple[dockerfile.Dockerfile, int]:
    try:
        data = file.read_bytes()
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise LabError(
            f"failed to read dockerfile: open {file.name}: {words}",
            "name the Dockerfile with -f, or its folder",
            id="dockerfile-not-read",
        ) from None
    return dockerfile.read(data), len(data)


def _build_arguments(texts: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    """--build-arg NAME=VALUE; NAME alone takes the value of the environment."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if equals:
            found[name] = value
        elif name in env:
            found[name] = env[name]
    return found


def _platforms(given: Given) -> tuple[oci.Platform, ...]:
    words = [word for text in given.all("platform") for word in text.split(",") if word.strip()]
    found = tuple(dict.fromkeys(parse_platform(word) for word in words))
    return found or (native(),)


def parse_platform(text: str) -> oci.Platform:
    """``os/arch[/variant]``, or an architecture alone; LabError in containerd's words."""
    word = text.strip().lower()
    if word in _ARCHITECTURES:
        word = f"linux/{word}"
    try:
        found = oci.Platform.parse(word)
    except ValueError:
        found = oci.Platform("", "")
    if found.os not in ("linux", "windows", "darwin", "freebsd"):
        words = f'"{text}": unknown operating system or architecture: invalid argument'
        raise BuildError(words, "write it like linux/arm64", id="unknown-platform")
    return found


def _epoch(text: str) -> int:
    if not text.isdigit():
        raise BuildError(
            f"invalid SOURCE_DATE_EPOCH: {text}", "give whole seconds since 1970", id="invalid-source-date-epoch"
        )
    return int(text)


def _deliver(
    made: oci.Descriptor, tags: Sequence[Reference], export: Export, workspace: Workspace, progress: BuildProgress
) -> None:
    title = "exporting to oci image format" if export.archive else "exporting to image"
    with progress.step(title) as detail:
        detail("exporting layers done")
        found = oci.parse(workspace.store.read(made), made.media_type)
        children = found.manifests if isinstance(found, oci.Index) else (made,)
        for child in children:
            manifest = oci.parse(workspace.store.read(child), child.media_type)
            detail(f"exporting manifest {child.digest} done")
            if isinstance(manifest, oci.Manifest):
                detail(f"exporting config {manifest.config.digest} done")
        if isinstance(found, oci.Index):
            detail(f"exporting manifest list {made.digest} done")
        if export.archive:
            write_archive(workspace.store.blobs, made, tags, export.archive)
            detail("sending tarball done")
        for tag in tags:
            workspace.store.tag(tag, made)
            detail(f"naming to {tag} done")
        if export.push:
            for tag in tags:
                _push(made, tag, workspace)
                detail("pushing layers done")
                detail(f"pushing manifest for {tag}@{made.digest} done")


def _push(made: oci.Descriptor, tag: Reference, workspace: Workspace) -> None:
    from labs.engine.embedded.transfer import Push

    registry = workspace.registry(tag.host)  # a new one for each tag, as BuildKit has it
    try:
        Push(registry, workspace.store.blobs, tag).run(made)
    except LabError as error:
        raise LabError(f"failed to push {tag}: {error.what}", error.next_step, id=error.id) from error
    finally:
        registry.close()


def _write_ids(given: Given, made: oci.Descriptor, tags: Sequence[Reference]) -> None:
    try:
        if given.one("iidfile"):
            Path(given.one("iidfile")).write_text(made.digest)
        if given.one("metadata-file"):
            document = {
                "containerimage.descriptor": described(made),
                "containerimage.digest": made.digest,
                "image.name": ",".join(str(tag) for tag in tags),
            }
            Path(given.one("metadata-file")).write_text(json.dumps(document, indent=2))
    except OSError as error:
        raise BuildError(f"{error.filename} cannot be written: {error.strerror}", id="build-ids-not-written") from error


def _empty(archive: str) -> None:
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
