"""``docker buildx imagetools inspect|create``: what a registry holds under a name, and a new index over what is there.

Source: buildx commands/imagetools/create.go and util/imagetools/create.go; the index is written in their bytes.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labs import oci
from labs.engine.embedded.build_error import BuildError
from labs.engine.embedded.build_progress import BuildProgress, progress_mode
from labs.engine.embedded.builders import Builders
from labs.engine.embedded.flags import Given, flags, parse
from labs.engine.embedded.reference import Reference
from labs.engine.embedded.reference import parse as parse_reference
from labs.engine.embedded.template import render
from labs.engine.embedded.workspace import Workspace
from labs.errors import LabError

# Imported where a registry is spoken to: see workspace.
if TYPE_CHECKING:
    from labs.engine.embedded.transfer import Pull

_CREATE = flags(
    "file tag builder progress",
    "append dry-run prefer-index",
    "f=file t=tag p=platform",
    refused="annotation metadata-file platform",
)
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
# the order in which Go writes a descriptor and a platform
_DESCRIPTOR = ("mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType")
_PLATFORM = ("architecture", "os", "os.version", "os.features", "variant")


@dataclass(frozen=True)
class _Source:
    """One source: where it is (None: to be found out), what is known of its descriptor, and its bytes."""

    reference: Reference | None
    descriptor: dict[str, Any]
    data: bytes = b""

    @property
    def is_index(self) -> bool:
        return self.descriptor.get("mediaType") in oci.INDEX_TYPES


def create(arguments: Sequence[str], workspace: Workspace) -> int:
    """Make an index of what several names hold, and push it under the tags; ``--dry-run`` prints it."""
    given = parse(arguments, _CREATE, "buildx imagetools create")
    texts = [*(_file(name) for name in given.all("file")), *given.words]
    if not texts:
        raise BuildError("no sources specified", "name what the registry has", id="no-image-sources")
    if not given.all("tag") and not given.on("dry-run"):
        words = "can't push with no tags specified, please set --tag or --dry-run"
        raise BuildError(words, "name the new image with -t", id="no-image-tags")
    quiet = progress_mode(given, workspace.env) in ("quiet", "none")
    Builders.of(workspace.env).known(given.one("builder"))
    tags = [_reference(text) for text in given.all("tag")]
    if given.on("append") and tags:
        texts.insert(0, given.all("tag")[0])
    sources = [_read(each, workspace) for each in _placed([_source(text) for text in texts], tags, texts)]
    data, kind = _combined(sources, given, workspace)
    if given.on("dry-run"):
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.flush()
        return 0
    top = workspace.store.add(data, kind)
    _push(top, sources, tags, workspace, BuildProgress((lambda _: None) if quiet else workspace.say))
    return 0


def _file(name: str) -> str:
    try:
        return Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = (getattr(error, "strerror", "") or str(error)).lower()
        raise BuildError(f"open {name}: {why}", "name a file with one descriptor", id="descriptor-not-read") from error


def _reference(text: str) -> Reference:
    try:
        return parse_reference(text)
    except LabError as error:
        raise BuildError(error.what, error.next_step, id=error.id) from error


def _source(text: str) -> _Source:
    """A digest, a descriptor as JSON, or a name."""
    wrong = f'failed to parse source "{text}", valid sources are digests, references and descriptors'
    if text.startswith("sha256"):
        if not _DIGEST.fullmatch(text):
            raise BuildError(f"{wrong}: invalid checksum digest length", "give all of it", id="source-digest-invalid")
        return _Source(None, {"digest": text})
    if not text.startswith("{"):
        try:
            return _Source(parse_reference(text), {})
        except LabError as error:
            raise BuildError(f"{wrong}: {error.what}", error.next_step, id=error.id) from error
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BuildError(f"{wrong}: {error}", "write it as JSON", id="descriptor-not-json") from error
    if found.get("schemaVersion"):
        words = "expected an OCI content descriptor, got a manifest or index (schemaVersion 2)"
        raise BuildError(f"{wrong}: {words}", "give an entry of its manifests", id="manifest-for-descriptor")
    if not _DIGEST.fullmatch(str(found.get("digest", ""))):
        raise BuildError(f"{wrong}: invalid descriptor: digest is required", id="descriptor-without-digest")
    return _Source(None, found)


def _placed(sources: list[_Source], tags: list[Reference], texts: Sequence[str]) -> list[_Source]:
    """Sources with a repository each: a digest or a descriptor is looked for where everything else is."""
    named = [each.reference for each in sources if each.reference]
    places = {each.name: each for each in [*tags, *named]}
    if not places:
        words = "no repositories specified, please set a reference in tag or source"
        raise BuildError(words, "write the digest behind a name: HOST/REPOSITORY@sha256:...", id="no-source-repository")
    out = []
    for each, text in zip(sources, texts, strict=True):
        if each.reference is None:
            if len(places) > 1:
                words = f'multiple repositories specified, cannot infer repository for "{text}"'
                raise BuildError(words, "write the digest behind a name", id="several-source-repositories")
            each = replace(each, reference=next(iter(places.values())).at(each.descriptor["digest"]))
        out.append(each)
    return out


def _read(source: _Source, workspace: Workspace) -> _Source:
    """A source with the bytes that the registry has, and a whole descriptor."""
    from labs.engine.embedded.transfer import Pull

    assert source.reference is not None
    registry = workspace.registry(source.reference.host)
    try:
        pull = Pull(registry, workspace.store, source.reference)
        top = pull.resolve()
        size = source.descriptor.get("size") or top.size
        if size != top.size:
            words = f"invalid size mismatch for {top.digest}, {size} != {top.size}"
            raise BuildError(words, "take size out of the descriptor", id="descriptor-size-mismatch")
        found = {"mediaType": top.media_type, "digest": top.digest, "size": top.size} | source.descriptor
        manifest = pull.manifest(top)
        if isinstance(manifest, oci.Manifest):
            given = source.descriptor.get("platform") or {}
            if not given.get("os") or not given.get("architecture"):
                given = _platform(pull.document(manifest.config)) | given
            found["platform"] = given
        return _Source(source.reference, found, workspace.store.read(top))
    finally:
        registry.close()


def _platform(config: Any) -> dict[str, Any]:
    found = {key: config[key] for key in _PLATFORM if config.get(key)}
    plain = oci.Platform(str(found.get("os", "")), str(found.get("architecture", "")), str(found.get("variant", "")))
    plain = plain.normal()
    found |= {"architecture": plain.architecture, "os": plain.os, "variant": plain.variant}
    return {key: value for key, value in found.items() if value}


def _combined(sources: Sequence[_Source], given: Given, workspace: Workspace) -> tuple[bytes, str]:
    """The bytes of the new manifest, and its type: one source that is an index is copied as it is."""
    if len(sources) == 1 and (sources[0].is_index or not given.on("prefer-index", default=True)):
        return sources[0].data, str(sources[0].descriptor["mediaType"])
    entries: dict[str, dict[str, Any]] = {}
    for source in sources:
        for each in json.loads(source.data)["manifests"] if source.is_index else [source.descriptor]:
            old = entries.get(each["digest"], {})
            notes = {**(old.get("annotations") or {}), **(each.get("annotations") or {})}
            entries[each["digest"]] = old | each | ({"annotations": notes} if notes else {})
    docker = all(str(each["mediaType"]).startswith("application/vnd.docker.") for each in entries.values())
    kind = oci.DOCKER_LIST if docker else oci.OCI_INDEX
    manifests = [_ordered(each) for each in entries.values()]
    document = {"schemaVersion": 2, "mediaType": kind, "manifests": manifests}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    for char in "<>&":  # as Go writes them
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode(), kind


def _ordered(descriptor: dict[str, Any]) -> dict[str, Any]:
    found = {key: descriptor[key] for key in _DESCRIPTOR if descriptor.get(key)}
    if "annotations" in found:
        found["annotations"] = dict(sorted(found["annotations"].items()))
    if "platform" in found:
        found["platform"] = {key: found["platform"][key] for key in _PLATFORM if found["platform"].get(key)}
    return found


def _push(
    top: oci.Descriptor,
    sources: Sequence[_Source],
    tags: Sequence[Reference],
    workspace: Workspace,
    progress: BuildProgress,
) -> None:
    """Copy what the repositories of the tags may lack, then push the manifest under every tag."""
    from labs.engine.embedded.transfer import Push

    for tag in tags:
        with progress.step(f"[internal] pushing {tag.name}") as detail:
            for source in sources:
                assert source.reference is not None
                same = source.reference.name == tag.name
                detail(f"copying {source.descriptor['digest']} from {source.reference} to {tag.name}")
                _fetch(source, blobs=not same, workspace=workspace)
            detail(f"pushing {top.digest} to {tag}")
            registry = workspace.registry(tag.host)
            try:
                Push(registry, workspace.store.blobs, tag).run(top)
            except LabError as error:
                words = f"publish {top.digest} to {tag}: {error.what}"
                raise BuildError(words, error.next_step, id=error.id) from error
            finally:
                registry.close()


def _fetch(source: _Source, blobs: bool, workspace: Workspace) -> None:
    """Bring the manifests below a source into the store, and their blobs where another repository needs them."""
    from labs.engine.embedded.transfer import Pull

    assert source.reference is not None
    registry = workspace.registry(source.reference.host)
    try:
        pull = Pull(registry, workspace.store, source.reference)
        waiting = [oci.Descriptor.of(source.descriptor)]
        while waiting:
            each = waiting.pop()
            found = pull.manifest(each)
            if isinstance(found, oci.Index):
                waiting.extend(found.manifests)
            elif blobs:
                pull.content(each)
    finally:
        registry.close()


def inspect(arguments: Sequence[str], workspace: Workspace) -> int:
    """What a registry holds under a name: the index and its platforms."""
    given = parse(arguments, flags("format builder", "raw"), "buildx imagetools inspect", 1, 1)
    Builders.of(workspace.env).known(given.one("builder"))
    reference = parse_reference(given.words[0])
    from labs.engine.embedded.transfer import Pull

    registry = workspace.registry(reference.host)
    try:
        pulled = Pull(registry, workspace.store, reference)
        top = pulled.resolve()
        data = workspace.store.read(top)
        if given.on("raw"):
            sys.stdout.write(data.decode())
            sys.stdout.flush()
        elif given.one("format"):
            workspace.out(render(given.one("format"), _tools_values(reference, top, data, pulled), indent=2))
        else:
            _tools_text(reference, top, data, workspace)
    finally:
        registry.close()
    return 0


def _tools_text(reference: Reference, top: oci.Descriptor, data: bytes, workspace: Workspace) -> None:
    workspace.out(f"Name:      {reference}")
    workspace.out(f"MediaType: {top.media_type}")
    workspace.out(f"Digest:    {top.digest}")
    found = oci.parse(data, top.media_type)
    if not isinstance(found, oci.Index):
        return
    wide = 2 if any(entry.annotations for entry in found.manifests) else 0  # "Annotations:" is the longest name

    def line(name: str, value: str) -> None:
        workspace.out(f"  {name + ':':<{11 + wide}}{value}")

    workspace.out(" " * 11)
    workspace.out("Manifests: ")
    for at, entry in enumerate(found.manifests):
        if at:
            workspace.out(" " * (13 + wide))
        line("Name", f"{reference}@{entry.digest}")
        line("MediaType", entry.media_type)
        if entry.platform:
            line("Platform", str(entry.platform))
        if entry.annotations:
            line("Annotations", "")
            for key, value in sorted(entry.annotations.items()):
                workspace.out(f"    {key}: {value}")


def _tools_values(reference: Reference, top: oci.Descriptor, data: bytes, pull: "Pull") -> dict[str, Any]:
    """buildx's names: .Name, .Manifest, .Image (for an index a map by platform); the configs come from the registry."""
    found = oci.parse(data, top.media_type)
    document = {**json.loads(data), "digest": top.digest, "size": top.size, "mediaType": top.media_type}
    entries = [top]
    if isinstance(found, oci.Index):
        entries = [entry for entry in found.manifests if not entry.is_attestation]
    configs: dict[str, Any] = {}
    for entry in entries:
        manifest = pull.manifest(entry)
        if isinstance(manifest, oci.Manifest):
            configs[str(entry.platform)] = pull.document(manifest.config)
    image = configs if isinstance(found, oci.Index) else next(iter(configs.values()), {})
    return {"Name": str(reference), "Manifest": document, "Image": image}
