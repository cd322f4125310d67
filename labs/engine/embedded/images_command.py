"""``docker push|pull|images|tag|rmi|save`` and ``docker image ...``."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from labs import oci
from labs.engine.archive import Image
from labs.engine.embedded.flags import flags, parse
from labs.engine.embedded.image_store import described
from labs.engine.embedded.oci_archive import write_archive
from labs.engine.embedded.platforms import native, parse_platform
from labs.engine.embedded.reference import Reference
from labs.engine.embedded.reference import parse as parse_reference
from labs.engine.embedded.template import render
from labs.engine.embedded.workspace import Workspace, daemon_error, no_platform
from labs.errors import LabError

# Imported where a registry is spoken to: see workspace.
if TYPE_CHECKING:
    from labs.engine.embedded.transfer import TransferEvent

_UNITS = (
    ("year", 31536000),
    ("month", 2592000),
    ("week", 604800),
    ("day", 86400),
    ("hour", 3600),
    ("minute", 60),
)


def push(arguments: Sequence[str], workspace: Workspace) -> int:
    """Push one image; a refusal in the words of docker with the containerd image store."""
    takes = flags(
        "platform", "quiet all-tags disable-content-trust", "q=quiet a=all-tags", idle={"disable-content-trust": ""}
    )
    given = parse(arguments, takes, "push", 1, 1)
    reference = parse_reference(given.words[0])
    names = workspace.store.names()
    tags = [reference]
    if given.on("all-tags"):
        tags = [parse_reference(name) for name in names if parse_reference(name).name == reference.name]
    for tag in tags or [reference]:
        if not given.on("quiet"):
            workspace.out(f"The push refers to repository [{tag.name}]")
        if str(tag) not in names:
            remedy = f"build it first with: docker buildx build -t {tag.familiar} ."
            raise LabError(f"tag does not exist: {tag.familiar}", remedy, id="no-such-tag")
        _push(names[str(tag)], tag, given.one("platform"), given.on("quiet"), workspace)
    return 0


def _push(top: oci.Descriptor, tag: Reference, platform: str, quiet: bool, workspace: Workspace) -> None:
    if platform:
        top = _one_platform(workspace.store.image(tag.familiar, top), parse_platform(platform))
    from labs.engine.embedded.registry_client import StatusError
    from labs.engine.embedded.transfer import Push

    registry = workspace.registry(tag.host)

    def seen(event: "TransferEvent") -> None:
        words = {"pushed": "Pushed", "exists": "Layer already exists"}[event.what]
        if event.is_layer and not quiet:
            workspace.out(f"{event.descriptor.digest[7:19]}: {words}")

    try:
        Push(registry, workspace.store.blobs, tag, seen).run(top)
    except StatusError as error:
        raise LabError(f"unknown: {error.what}", error.next_step, id=error.id) from error
    finally:
        registry.close()
    workspace.out(str(tag) if quiet else f"{tag.target}: digest: {top.digest} size: {top.size}")


def _one_platform(image: Image, platform: oci.Platform) -> oci.Descriptor:
    if platform not in image.platforms:
        raise no_platform(image.platforms)
    return image.descriptor(platform)


def pull(arguments: Sequence[str], workspace: Workspace) -> int:
    """Pull one platform of an image; this machine's unless --platform names another."""
    takes = flags(
        "platform", "quiet disable-content-trust", "q=quiet a=all-tags", idle={"disable-content-trust": ""},
        refused="all-tags",
    )  # fmt: skip
    given = parse(arguments, takes, "pull", 1, 1)
    reference = parse_reference(given.words[0])
    platform = parse_platform(given.one("platform")) if given.one("platform") else native()
    quiet = given.on("quiet")
    said: list[str] = []

    def seen(event: "TransferEvent") -> None:
        words = {"pulled": "Pull complete", "exists": "Already exists"}[event.what]
        if not quiet and not said:
            said.append(f"{reference.target}: Pulling from {reference.repository}")
            workspace.out(said[0])
        if event.is_layer and not quiet:
            workspace.out(f"{event.descriptor.digest[7:19]}: {words}")

    before = workspace.store.names().get(str(reference))
    try:
        top = workspace.pull(reference, (platform,), seen)
    except LabError as error:
        raise daemon_error(error, reference) from error
    workspace.store.tag(reference, top)
    if not quiet:
        news = "Image is up to date" if before == top else "Downloaded newer image"
        workspace.out(f"Digest: {top.digest}")
        workspace.out(f"Status: {news} for {reference.familiar}")
    workspace.out(str(reference))
    return 0


def images(arguments: Sequence[str], workspace: Workspace) -> int:
    """The local images, newest names last as the store has them: sorted by name."""
    takes = flags(
        "format", "quiet all no-trunc digests", "q=quiet a=all f=filter", idle={"all": "every image is shown"},
        refused="filter tree",
    )  # fmt: skip
    given = parse(arguments, takes, "images", 0, 1)
    wanted = parse_reference(given.words[0]) if given.words else None
    one = bool(given.words) and ":" in given.words[0].rpartition("/")[2]
    rows = []
    for name, top in workspace.store.names().items():
        reference = parse_reference(name)
        if wanted and (reference != wanted if one else reference.name != wanted.name):
            continue
        rows.append(_row(reference, top, workspace, given.on("no-trunc")))
    if given.on("quiet"):
        for row in rows:
            workspace.out(row["ID"])
    elif given.one("format"):
        shape = "{{json .}}" if given.one("format") == "json" else given.one("format")
        for row in rows:
            workspace.out(render(shape, row))
    else:
        head = {"Repository": "REPOSITORY", "Tag": "TAG", "ID": "IMAGE ID", "CreatedSince": "CREATED", "Size": "SIZE"}
        if given.on("digests"):
            head = {"Repository": "REPOSITORY", "Tag": "TAG", "Digest": "DIGEST", **head}
        _table([head, *rows], list(head), workspace)
    return 0


def _row(reference: Reference, top: oci.Descriptor, workspace: Workspace, full: bool) -> dict[str, str]:
    image = workspace.store.image(reference.familiar, top)
    size, created = 0, ""
    for platform in image.platforms:
        if workspace.store.has(image.manifest(platform).config.digest):
            size += sum(layer.size for layer in image.manifest(platform).layers)
            created = created or str(image.config(platform).get("created") or "")
    return {
        "Repository": reference.name.removeprefix("docker.io/").removeprefix("library/"),
        "Tag": reference.tag or "<none>",
        "ID": top.digest if full else top.digest[7:19],
        "Digest": top.digest,
        "CreatedAt": created,
        "CreatedSince": _ago(created),
        "Size": _size(size),
    }


def _table(rows: Sequence[dict[str, str]], columns: Sequence[str], workspace: Workspace) -> None:
    widths = {column: max(len(row[column]) for row in rows) for column in columns}
    for row in rows:
        workspace.out("   ".join(row[column].ljust(widths[column]) for column in columns).rstrip())


def _ago(created: str) -> str:
    """How long ago, as Docker says it; a reproducible image has no date of its own."""
    try:
        seconds = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
    except (ValueError, TypeError):
        return "N/A"
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}s ago"
    return "Less than a minute ago" if seconds < 60 else "About a minute ago"


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:.3g}GB"


def tag(arguments: Sequence[str], workspace: Workspace) -> int:
    """Give an image one more name."""
    given = parse(arguments, flags(), "tag", 2, 2)
    workspace.store.tag(parse_reference(given.words[1]), _local(given.words[0], workspace)[1])
    return 0


def remove(arguments: Sequence[str], workspace: Workspace) -> int:
    """Take names away; content that no name reaches goes with them."""
    idle = {"force": "no container uses an image", "no-prune": ""}
    given = parse(arguments, flags("", "force no-prune", "f=force", idle=idle, refused="platform"), "rmi", 1)
    for text in given.words:
        reference, top = _local(text, workspace)
        workspace.store.untag(reference)
        workspace.out(f"Untagged: {reference.familiar}")
        if top.digest not in {each.digest for each in workspace.store.names().values()}:
            workspace.out(f"Deleted: {top.digest}")
    return 0


def inspect(arguments: Sequence[str], workspace: Workspace) -> int:
    """The configuration of local images, one platform of each."""
    given = parse(arguments, flags("format platform type", "", "f=format s=size", refused="size"), "image inspect", 1)
    if given.one("type", "image") != "image":
        raise LabError(
            f"docker inspect --type {given.one('type')} needs a Docker Engine: the embedded engine has images only",
            "leave --type out",
            id="inspect-type-not-served",
        )
    try:
        found = [_inspected(text, given.one("platform"), workspace) for text in given.words]
    except LabError:
        workspace.out("[]")  # as docker: nothing was found, and then why
        raise
    if given.one("format"):
        for each in found:
            workspace.out(render(given.one("format"), each))
    else:
        workspace.out(json.dumps(found, indent=4))
    return 0


def _inspected(text: str, wanted: str, workspace: Workspace) -> dict[str, Any]:
    reference, top = _local(text, workspace)
    image = workspace.store.image(reference.familiar, top)
    platform = parse_platform(wanted) if wanted else native()
    if platform not in image.platforms:
        if wanted or not image.platforms:
            raise no_platform(image.platforms)
        platform = image.platforms[0]
    config = image.config(platform)
    names = [parse_reference(name) for name, each in workspace.store.names().items() if each.digest == top.digest]
    return {
        "Id": top.digest,
        "RepoTags": [name.familiar for name in names],
        "RepoDigests": sorted({name.at(top.digest).familiar for name in names}),
        "Created": config.get("created", ""),
        "Architecture": platform.architecture,
        "Variant": platform.variant,
        "Os": platform.os,
        "Size": sum(layer.size for layer in image.manifest(platform).layers),
        "Config": config.get("config") or {},
        "RootFS": {"Type": "layers", "Layers": (config.get("rootfs") or {}).get("diff_ids") or []},
        "Descriptor": described(top),
    }


def save(arguments: Sequence[str], workspace: Workspace) -> int:
    """Write an image, all platforms that are here, as an OCI archive; docker load and skopeo read it."""
    given = parse(arguments, flags("output platform", "", "o=output"), "save", 1)
    if len(given.words) > 1:
        raise LabError(
            "docker save of several images needs a Docker Engine: the embedded engine saves one",
            "save them one by one",
            id="save-of-several-images",
        )
    if not given.one("output") and sys.stdout.isatty():
        raise LabError("cowardly refusing to save to a terminal. Use the -o flag or redirect", id="save-to-terminal")
    reference, top = _local(given.words[0], workspace)
    if given.one("platform"):
        top = _one_platform(workspace.store.image(reference.familiar, top), parse_platform(given.one("platform")))
    write_archive(workspace.store.blobs, top, [reference], given.one("output", "-"))
    return 0


def _local(text: str, workspace: Workspace) -> tuple[Reference, oci.Descriptor]:
    found = workspace.store.find(text)
    if found is None:
        raise LabError(
            f"Error response from daemon: No such image: {parse_reference(text).familiar}",
            "docker images",
            id="no-such-image",
        )
    return found
