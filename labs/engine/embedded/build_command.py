"""``docker buildx build``: flags, progress, outputs and the push, in buildx's words."""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from labs import oci
from labs.engine.embedded import dockerfile
from labs.engine.embedded.build import Recipe, build, unused_arguments
from labs.engine.embedded.build_error import BuildError
from labs.engine.embedded.build_progress import BuildProgress, progress_mode
from labs.engine.embedded.builders import Builders
from labs.engine.embedded.context import Context, read_context
from labs.engine.embedded.exports import Export, read_exports
from labs.engine.embedded.flags import Given, flags, parse
from labs.engine.embedded.image_store import described
from labs.engine.embedded.oci_archive import empty_archive, write_archive
from labs.engine.embedded.platforms import native, parse_platforms
from labs.engine.embedded.reference import Reference
from labs.engine.embedded.workspace import Workspace, WorkspaceBases
from labs.errors import LabError

_ONLY_RUN = (
    "add-host allow cgroup-parent cpu-period cpu-quota cpu-shares cpuset-cpus cpuset-mems isolation memory memory-swap "
    "network resource secret security-opt shm-size ssh ulimit"
)
# Source: buildx commands/build.go, its hidden flags among them.
TAKES = flags(
    "tag file platform build-arg target label output progress provenance sbom attest builder cache-from cache-to "
    "metadata-file iidfile no-cache-filter " + _ONLY_RUN,
    "push load no-cache pull quiet rm force-rm compress",
    "t=tag f=file o=output q=quiet m=memory c=cpu-shares",
    idle=dict.fromkeys(_ONLY_RUN.split(), "only RUN reads it")
    | dict.fromkeys(("rm", "force-rm"), "no container is made")
    | {"compress": "the context is not sent anywhere", "no-cache-filter": "there is no build cache"},
    refused="annotation build-context call check policy print squash",
)
# BuildKit's own build arguments, which no ARG line takes; the first two are done.
_OWN_ARGUMENTS = re.compile(r"BUILDKIT_(?!MULTI_PLATFORM$|SYNTAX$)[A-Z0-9_]+")
_FRONTEND = re.compile(r"(docker\.io/)?docker/dockerfile(-upstream)?(:[\w.-]+)?(@sha256:[0-9a-f]{64})?")


def run(arguments: Sequence[str], workspace: Workspace) -> int:
    """Build, export, push; LabError in buildx's words."""
    given = parse(arguments, TAKES, "buildx build", 1, 1)
    quiet = progress_mode(given, workspace.env) in ("quiet", "none") or given.on("quiet")
    exports = read_exports(given)
    for each in exports:
        empty_archive(each.archive)
    builder = Builders.of(workspace.env).known(given.one("builder"))
    say = (lambda _: None) if quiet else workspace.say
    progress = BuildProgress(say)
    say(f'#0 building with "{builder}" instance using embedded driver')
    say("")
    _notes(given, say)
    recipe = _recipe(given, workspace.env, progress, say)
    try:
        bases = WorkspaceBases(workspace, progress, given.on("pull"))
        made = build(recipe, workspace.store, bases, progress)
        for name in unused_arguments(recipe):
            workspace.say(f"[Warning] One or more build-args [{name}] were not consumed")
        for export in exports:
            _deliver(made, export, workspace, progress)
    except LabError as error:
        raise _failed(error, recipe, given, progress) from error
    _write_ids(given, made, tuple(dict.fromkeys(name for export in exports for name in export.names)))
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
    return "Dockerfile" if given.one("file") in ("", "-") else Path(given.one("file")).name


def _excerpt(lines: Sequence[str], line: int, end: int, name: str) -> str:
    """The lines around the failing instruction, as buildx shows them."""
    out = [f"{name}:{line}" if line == end else f"{name}:{line}-{end}", "-" * 20]
    for number in range(max(1, line - 2), min(len(lines), end + 2) + 1):
        mark = ">>>" if line <= number <= end else "   "
        out.append(f"{number:4d} | {mark} {lines[number - 1]}")
    return "\n".join([*out, "-" * 20, ""])


def _notes(given: Given, say: Callable[[str], None]) -> None:
    asked = [name for name in ("provenance", "sbom", "attest") if any(map(_wanted, given.all(name)))]
    if asked:
        say(f"embedded engine: no attestations are made; --{asked[0]} has no effect")
    if given.all("cache-from") or given.all("cache-to"):
        say("embedded engine: there is no build cache; --cache-from and --cache-to have no effect")
    for text in given.all("build-arg"):
        if own := _OWN_ARGUMENTS.match(text):
            say(f"embedded engine: the build argument {own[0]} has no effect")


def _wanted(attestation: str) -> bool:
    return attestation.lower() not in ("false", "0") and "disabled=true" not in attestation.lower()


def _recipe(given: Given, env: Mapping[str, str], progress: BuildProgress, say: Callable[[str], None]) -> Recipe:
    where = given.words[0]
    folder = None if where == "-" else Path(where)
    if "://" in where or where.startswith("git@"):
        raise BuildError(
            f"the build context {where} needs a Docker Engine",
            "name a folder of this machine",
            id="build-context-not-local",
        )
    if where == given.one("file") == "-":
        raise BuildError(
            "invalid argument: can't use stdin for both build context and dockerfile",
            "name the folder of the files",
            id="stdin-twice",
        )
    if folder is not None and not folder.is_dir():
        raise BuildError(
            f'unable to prepare context: path "{where}" not found',
            "name the folder of the Dockerfile",
            id="build-context-not-found",
        )
    arguments = _build_arguments(given.all("build-arg"), env)
    default = (env["DOCKER_DEFAULT_PLATFORM"],) if env.get("DOCKER_DEFAULT_PLATFORM") else ()
    platforms = parse_platforms(given.all("platform") or default) or (native(),)
    file = _dockerfile(given.one("file"), folder)
    data = b""
    try:
        with progress.step(f"[internal] load build definition from {_dockerfile_name(given)}") as detail:
            data = _read_dockerfile(file)
            if folder is None and _is_archive(data):
                raise LabError(
                    "a build context from stdin needs a Docker Engine: the embedded engine reads a Dockerfile from it",
                    "unpack it, and name its folder",
                    id="build-context-from-stdin",
                )
            parsed = dockerfile.read(data)
            detail(f"transferring dockerfile: {len(data)}B done")
        with progress.step("[internal] load .dockerignore") as detail:
            context = read_context(folder, file) if folder else Context()
            detail(f"reading {context.ignore_file} done" if context.ignore_file else "no .dockerignore")
    except LabError as error:
        raise _unread(error, data, _dockerfile_name(given)) from error
    _frontend(arguments.pop("BUILDKIT_SYNTAX", parsed.directives.get("syntax", "")), say)
    if "check" in parsed.directives:
        say(f"embedded engine: it runs no checks; check={parsed.directives['check']} has no effect")
    labels = dict(each.partition("=")[::2] for each in given.all("label"))
    epoch = _epoch(arguments.get("SOURCE_DATE_EPOCH") or env.get("SOURCE_DATE_EPOCH") or "0")
    index = arguments.pop("BUILDKIT_MULTI_PLATFORM", "").lower() in ("1", "true", "t")
    arguments = {name: value for name, value in arguments.items() if not _OWN_ARGUMENTS.fullmatch(name)}
    return Recipe(parsed, context, platforms, arguments, labels, given.one("target"), epoch, index)


def _frontend(syntax: str, say: Callable[[str], None]) -> None:
    """What ``# syntax=`` asks for: Docker's own frontend is not fetched, another language is not read."""
    if not syntax:
        return
    if not _FRONTEND.fullmatch(syntax):
        raise BuildError(
            f"syntax={syntax} needs a Docker Engine: the embedded engine has no frontends",
            "take the line out: the embedded engine reads Dockerfiles",
            id="dockerfile-frontend-not-served",
        )
    say(f"embedded engine: it reads Dockerfiles itself; syntax={syntax} has no effect")


def _unread(error: LabError, data: bytes, name: str) -> BuildError:
    excerpt = ""
    line = getattr(error, "line", 0)
    if line:
        lines = data.decode("utf-8", "replace").splitlines()
        excerpt = _excerpt(lines, line, getattr(error, "end", line), name)
    return BuildError(f"failed to solve: {error.what}", error.next_step, excerpt, id=error.id)


def _is_archive(data: bytes) -> bool:
    """Whether stdin holds a tar, plain or compressed, in place of a Dockerfile."""
    return data.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")) or data[257:262] == b"ustar"


def _dockerfile(name: str, folder: Path | None) -> Path | None:
    """The Dockerfile that ``-f`` names, None for stdin. BuildKit reads ``dockerfile`` where there is no Dockerfile."""
    if name == "-" or folder is None:
        return None
    file = Path(name) if name else folder / "Dockerfile"
    small = file.with_name(file.name.lower())
    return small if file.name == "Dockerfile" and not file.exists() and small.exists() else file


def _read_dockerfile(file: Path | None) -> bytes:
    if file is None:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise LabError(
            f"failed to read dockerfile: open {file.name}: {words}",
            "name the Dockerfile with -f, or its folder",
            id="dockerfile-not-read",
        ) from None


def _build_arguments(texts: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    """--build-arg NAME=VALUE; NAME alone takes the value of the environment."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise BuildError(f'invalid key-value pair "{text}": empty key', "write NAME=VALUE", id="build-arg-no-name")
        if equals:
            found[name] = value
        elif name in env:
            found[name] = env[name]
    return found


def _epoch(text: str) -> int:
    if not text.isdigit():
        raise BuildError(
            f"invalid SOURCE_DATE_EPOCH: {text}", "give whole seconds since 1970", id="invalid-source-date-epoch"
        )
    return int(text)


def _deliver(made: oci.Descriptor, export: Export, workspace: Workspace, progress: BuildProgress) -> None:
    if export.kind == "cacheonly":
        return
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
            write_archive(workspace.store.blobs, made, export.names, export.archive)
            detail("sending tarball done")
        names = [name.at(made.digest) if export.by_digest else name for name in export.names]
        for name in names if export.store else ():
            workspace.store.tag(name, made)
            detail(f"naming to {name} done")
            if export.canonical and not name.digest:
                workspace.store.tag(name.at(made.digest), made)
        for name in names if export.push else ():
            _push(made, name, workspace)
            detail("pushing layers done")
            detail(f"pushing manifest for {name if name.digest else f'{name}@{made.digest}'} done")


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
