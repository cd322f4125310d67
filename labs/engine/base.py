"""The base image of the sample app, put once into the local registry, where ``FROM`` finds it without a network.

The local AWS keeps images under ``public.ecr.aws/`` as its mirror of ECR Public: anyone may read them, so a build never
depends on the push role. Always both platforms of the lab, under one index that says where they came from.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from labs import oci
from labs.engine import Engine, base_debian
from labs.engine.archive import read_archive
from labs.engine.embedded.docker_credentials import DockerLogins, Login
from labs.engine.embedded.image_store import Store, described
from labs.engine.embedded.reference import Reference, parse
from labs.engine.embedded.registry_client import RegistryClient, connect
from labs.engine.embedded.transfer import Pull, Push
from labs.errors import LabError
from labs.session.home import lab_home

if TYPE_CHECKING:
    from labs.session import Target

PUBLIC_IMAGE = "public.ecr.aws/docker/library/python:3.13-slim"
NAME = PUBLIC_IMAGE  # in the local registry, which mirrors ECR Public
PLATFORMS = (oci.Platform("linux", "amd64"), oci.Platform("linux", "arm64"))
REACH_S = 4.0
# On the index: which source it came from, and the words for people.
SOURCE = "fargate-lab-kit.base.source"
WORDS = "fargate-lab-kit.base.words"

ARCHIVE_REMEDY = f"make one where there is a network: skopeo copy --all docker://{PUBLIC_IMAGE} oci-archive:python.tar"

Say = Callable[[str], object]


class BaseKind(StrEnum):
    """Where a base image comes from."""

    REGISTRY = "registry"
    ARCHIVE = "archive"
    DEBIAN = "debian"
    MINIMAL = "minimal"


@dataclass(frozen=True)
class BaseSource:
    """A kind, and its image name or file."""

    kind: BaseKind
    place: str = ""


@dataclass(frozen=True)
class Prepared:
    """A base image in a store, ready to be pushed; ``words`` say what it is."""

    store: Store
    index: oci.Descriptor
    words: str


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def ensure_base(target: "Target", engine: Engine, say: Say = _to_stderr) -> str:
    """The value of PYTHON_IMAGE for this target; puts the image into the local registry if it is not there.

    On AWS that is ``$LAB_PYTHON_IMAGE`` or the public image, and nothing is pushed. ``say`` gets one line when an image
    was put. LabError when no source works, with the reason of each.
    """
    if target.name == "aws":
        return os.environ.get("LAB_PYTHON_IMAGE", "") or PUBLIC_IMAGE
    put_base(target, None, engine.name == "docker", say=say, say_present=False)
    return f"{target.registry}/{NAME}"


def put_base(
    target: "Target", source: BaseSource | None, runs_containers: bool, say: Say = _to_stderr, say_present: bool = True
) -> None:
    """Put a base image into the local registry; nothing happens when it is there already.

    Without ``source`` the first that works is taken: for a Docker Engine (``runs_containers``) a registry, then Debian
    packages; for the embedded engine its own minimal one. ``LAB_BASE`` names one instead.
    """
    reference = parse(f"{target.registry}/{NAME}")
    present = _present(reference)
    chosen = source or _from_environment(os.environ)
    if chosen is None and present and (present.get(SOURCE) != BaseKind.MINIMAL or not runs_containers):
        if say_present:
            say(f"base image: {reference} is already there: {present.get(WORDS, 'for both platforms')}")
        return
    if chosen and chosen.kind is BaseKind.MINIMAL and runs_containers:
        raise LabError(
            "The minimal base image has no Python in it: only the embedded engine can run what is built on it.",
            "use another source with a Docker Engine: labs base --help",
            id="minimal-base-with-docker",
        )
    if chosen is None and not runs_containers:
        chosen = BaseSource(BaseKind.MINIMAL)
    prepared = prepare(chosen) if chosen else _first_that_works(say)
    if present and present["digest"] == prepared.index.digest:
        if say_present:
            say(f"base image: {reference} is already there: {prepared.words}")
        return
    with _registry(reference.host, Login("AWS", target.registry_password())) as registry:
        Push(registry, prepared.store.blobs, reference).run(prepared.index)
    say(f"base image: {reference} is now {prepared.words}")


def prepare(source: BaseSource, cache: Path | None = None) -> Prepared:
    """Have the image of a source in the cache; LabError when that cannot be."""
    folder = cache or cache_folder()
    store = Store(folder / "images")
    match source.kind:
        case BaseKind.REGISTRY:
            return _from_registry(store, source.place or PUBLIC_IMAGE)
        case BaseKind.ARCHIVE:
            return _from_archive(store, Path(source.place))
        case BaseKind.DEBIAN:
            return _from_debian(store, folder)
        case BaseKind.MINIMAL:
            return _minimal(store)


def cache_folder() -> Path:
    """Where downloads are kept: in ``LAB_HOME``, or in ``$XDG_CACHE_HOME/fargate-lab-kit``, which lab homes share."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(named) / "fargate-lab-kit" if named else lab_home() / "cache"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"The cache folder {folder} cannot be made: {error.strerror}.",
            "set XDG_CACHE_HOME to a folder that can be written, or unset it",
            id="cache-folder-not-made",
        ) from error
    return folder


def _from_environment(env: Mapping[str, str]) -> BaseSource | None:
    """LAB_BASE: ``registry``, ``debian``, ``minimal``, or the path of an OCI archive."""
    word = env.get("LAB_BASE", "").strip()
    if not word:
        return None
    if word in (BaseKind.REGISTRY, BaseKind.DEBIAN, BaseKind.MINIMAL):
        return BaseSource(BaseKind(word))
    if Path(word).exists():
        return BaseSource(BaseKind.ARCHIVE, word)
    raise LabError(
        f"LAB_BASE is '{word}', and there is no such file.",
        "set it to registry, debian, minimal or a file",
        id="unknown-base",
    )


def _first_that_works(say: Say) -> Prepared:
    """A registry, then Debian packages: what a Docker Engine can run."""
    reasons = []
    say("base image: none in the local registry yet; fetching one (once)")
    for kind in (BaseKind.REGISTRY, BaseKind.DEBIAN):
        try:
            return prepare(BaseSource(kind))
        except LabError as error:
            reasons.append(f"{kind}: {error.what.splitlines()[0]}")
    raise LabError(
        "No base image for the sample app could be found: " + "; ".join(reasons),
        "get one as a file on a machine with a network and run: labs base --from-archive FILE",
        id="no-base-image",
    )


def _from_registry(store: Store, name: str) -> Prepared:
    reference = parse(name)
    if not _reachable(reference.host):
        raise LabError(
            f"{reference.host} cannot be reached from here.",
            "use another source of the base image: labs base --help",
            id="registry-not-reached",
        )
    with _registry(reference.host, DockerLogins.of(os.environ)) as registry:
        pull = Pull(registry, store, reference)
        top = pull.resolve()
        found = pull.manifest(top)
        entries = _both_platforms(found.manifests if isinstance(found, oci.Index) else (), name)
        for entry in entries:
            pull.content(entry)
    return _indexed(store, entries, BaseSource(BaseKind.REGISTRY, name), f"a copy of {name}")


def _from_archive(store: Store, file: Path) -> Prepared:
    try:
        image = read_archive(file)
        entries = _both_platforms(image.index.manifests, file.name)
    except LabError as error:
        raise LabError(error.what, ARCHIVE_REMEDY, id=error.id) from error
    for entry in entries:
        manifest = image.manifest(entry.platform or PLATFORMS[0])
        for blob in (entry, manifest.config, *manifest.layers):
            _copy(store, image.open(blob).read, blob.digest)
    return _indexed(store, entries, BaseSource(BaseKind.ARCHIVE, file.name), f"the image of {file.name}")


def _copy(store: Store, read: Callable[[int], bytes], digest: str) -> None:
    """One blob, already checked, into the store, without holding it in memory."""
    if store.has(digest):
        return
    with store.writer() as out:
        while chunk := read(1 << 20):
            out.file.write(chunk)
        out.commit(digest)


def _from_debian(store: Store, folder: Path) -> Prepared:
    if reason := base_debian.unavailable():
        raise LabError(
            f"Debian packages cannot be used: {reason}.",
            "on Debian and Ubuntu: sudo apt install mmdebstrap",
            id="debian-packages-not-usable",
        )
    cached = parse(f"cache.invalid/base:debian-{base_debian.SUITE}")
    there = store.find(str(cached))
    index = there[1] if there else base_debian.image(store, folder, PLATFORMS)
    if not there:
        store.tag(cached, index)
    found = oci.parse(store.read(index))
    entries = found.manifests if isinstance(found, oci.Index) else ()
    words = f"Python from Debian {base_debian.SUITE}'s packages, standing in for {PUBLIC_IMAGE}"
    return _indexed(store, entries, BaseSource(BaseKind.DEBIAN), words)


def _minimal(store: Store) -> Prepared:
    from labs.engine.embedded.minimal import minimal_base

    index = minimal_base(store, PLATFORMS)
    found = oci.parse(store.read(index))
    entries = found.manifests if isinstance(found, oci.Index) else ()
    words = (
        f"the embedded engine's minimal one, standing in for {PUBLIC_IMAGE}: no Python is in it, the kit runs its own"
    )
    return _indexed(store, entries, BaseSource(BaseKind.MINIMAL), words)


def _both_platforms(entries: Sequence[oci.Descriptor], name: str) -> tuple[oci.Descriptor, ...]:
    """The manifests of the lab's platforms out of an index; LabError names what is missing."""
    found = {}
    for entry in entries:
        platform = entry.platform.normal() if entry.platform else None
        if platform in PLATFORMS and not entry.is_attestation:
            found[platform] = replace(entry, platform=platform, annotations={})
    missing = [str(platform) for platform in PLATFORMS if platform not in found]
    if missing:
        raise LabError(
            f"{name} has no image for {' and '.join(missing)}; the lab needs {PLATFORMS[0]} and {PLATFORMS[1]}.",
            "use a multi-platform image: labs base --help",
            id="base-lacks-platform",
        )
    return tuple(found[platform] for platform in PLATFORMS)


def _indexed(store: Store, entries: Sequence[oci.Descriptor], source: BaseSource, words: str) -> Prepared:
    document = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_INDEX,
        "manifests": [described(entry) for entry in entries],
        "annotations": {SOURCE: source.kind.value, WORDS: words},
    }
    return Prepared(store, store.add_json(document, oci.OCI_INDEX), words)


def _present(reference: Reference) -> dict[str, str]:
    """The annotations and the ``digest`` of the base image in the local registry; empty without a usable one."""
    with _registry(reference.host, None) as registry:
        where = f"/v2/{reference.repository}/manifests/{reference.tag}"
        answer = registry.request("GET", where, {"Accept": ", ".join(oci.INDEX_TYPES)})
        data = answer.read()
    if answer.status != 200:
        return {}
    try:
        found = oci.parse(data)
        annotations = json.loads(data).get("annotations") or {}
    except oci.NotAnImage:
        return {}
    if not set(PLATFORMS) <= set(found.platforms if isinstance(found, oci.Index) else ()):
        return {}
    return {**{str(key): str(value) for key, value in annotations.items()}, "digest": oci.sha256(data)}


@contextmanager
def _registry(host: str, credentials: DockerLogins | Login | None) -> Iterator[RegistryClient]:
    registry = RegistryClient(host, credentials)
    try:
        yield registry
    finally:
        registry.close()


def _reachable(host: str) -> bool:
    """Whether a connection can be made soon; looking up a name alone may take a resolver's full patience."""
    reached = threading.Event()

    def knock() -> None:
        registry = RegistryClient(host, None)
        connection = connect(registry.scheme, registry.url("").partition("://")[2])
        try:
            connection.connect()
            reached.set()
        except OSError:
            return
        finally:
            connection.close()

    knocking = threading.Thread(target=knock, daemon=True)
    knocking.start()
    knocking.join(REACH_S)
    return reached.is_set()
