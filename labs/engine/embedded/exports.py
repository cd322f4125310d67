"""``-o type=...,name=value``, ``--push`` and ``--load``: what becomes of a build. An attribute is done, or refused.

Source: buildx util/buildflags/export.go and build/opt.go; BuildKit exporter/containerimage/exptypes/keys.go, opts.go.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labs.engine.embedded.build_error import BuildError
from labs.engine.embedded.flags import FALSE, TRUE, Given
from labs.engine.embedded.reference import Reference
from labs.engine.embedded.reference import parse as parse_reference
from labs.errors import LabError

_COMPRESSIONS = ("gzip", "uncompressed", "zstd", "estargz")
# attribute: the values with which it says what is done here anyway
_AS_IT_IS = {
    "compression": ("gzip",),
    "compression-level": ("6",),
    "force-compression": FALSE,
    "oci-mediatypes": TRUE,
    "oci-artifact": FALSE,
    "prefer-nondist-layers": FALSE,
    "registry.insecure": FALSE,
    "rewrite-timestamp": TRUE,
    "unpack": TRUE + FALSE,
    "context": ("default",),
    "tar": TRUE,
}
_SWITCHES = ("push", "push-by-digest", "name-canonical", "store")
_KINDS = {
    "image": ("name", "push", "push-by-digest", "name-canonical", "store"),
    "registry": ("name", "push", "push-by-digest", "name-canonical", "store"),
    "oci": ("name", "dest"),
    "docker": ("name", "dest"),
    "cacheonly": (),
}


@dataclass(frozen=True)
class Export:
    """One output. ``archive`` is a file ("" none, "-" stdout); ``store`` whether the local store keeps the names."""

    kind: str = "image"
    names: tuple[Reference, ...] = ()
    archive: str = ""
    push: bool = False
    by_digest: bool = False
    canonical: bool = False
    store: bool = True


def read_exports(given: Given) -> tuple[Export, ...]:
    """The outputs of one command line, each with its names; BuildError in buildx's words."""
    exports = [_export(text) for text in given.all("output")]
    if given.on("push"):
        images = [each.kind in ("image", "registry") for each in exports]
        exports = [replace(each, push=each.push or image) for each, image in zip(exports, images, strict=True)]
        exports += [] if any(images) else [Export(push=True)]
    if given.on("load") or not exports:
        exports.append(Export())
    tags = _names(given.all("tag"))
    return tuple(_named(each, tags, given.all("tag")) for each in exports)


def _named(export: Export, tags: tuple[Reference, ...], texts: Sequence[str]) -> Export:
    """An export with the names of ``-t``, which win over its own."""
    if export.push and not (tags or export.names):
        raise BuildError("tag is needed when pushing to registry", "name the image with -t", id="tag-needed-for-push")
    if tags and export.by_digest:
        _name_only(texts)
    return replace(export, names=tags or export.names)


def _names(texts: Sequence[str]) -> tuple[Reference, ...]:
    found = []
    for text in texts:
        try:
            found.append(parse_reference(text))
        except LabError as error:
            raise BuildError(f'invalid tag "{text}": {error.what}', error.next_step, id=error.id) from error
    return tuple(found)


def _name_only(texts: Sequence[str]) -> None:
    for text in texts:
        if ":" in text.rpartition("/")[2]:
            raise BuildError(
                f"failed to solve: can't push tagged ref {parse_reference(text)} by digest",
                "leave the tag out of the name",
                id="push-by-digest-with-tag",
            )


def _export(text: str) -> Export:
    fields = _fields(text)
    kind = fields.pop("type")
    if kind in ("local", "tar"):
        raise BuildError(
            f"-o {text} needs a Docker Engine: the embedded engine does not have type={kind}",
            "it has type=image, registry, oci, docker and cacheonly",
            id="export-type-not-served",
        )
    if kind not in _KINDS:
        raise BuildError(
            f'failed to solve: exporter "{kind}" could not be found',
            "the embedded engine has type=image, registry, oci, docker and cacheonly",
            id="no-such-exporter",
        )
    for name, value in fields.items():
        _accept(kind, name, value, text)
    names = tuple(each for each in fields.get("name", "").split(",") if each)
    by_digest = _on(fields, "push-by-digest")
    if by_digest:
        _name_only(names)
    archive = fields.get("dest", "-" if kind == "oci" else "")
    if archive == "-" and sys.stdout.isatty():
        raise BuildError(
            f"dest file is required for {kind} exporter. refusing to write to console",
            "add dest=FILE",
            id="export-needs-file",
        )
    try:
        references = tuple(parse_reference(each) for each in names)
    except LabError as error:
        raise BuildError(f"failed to solve: {error.what}", error.next_step, id=error.id) from error
    return Export(
        kind,
        references,
        archive,
        push=_on(fields, "push", kind == "registry"),
        by_digest=by_digest,
        canonical=_on(fields, "name-canonical"),
        store=_on(fields, "store", kind != "cacheonly"),
    )


def _fields(text: str) -> dict[str, str]:
    """The attributes of one ``-o``; a text without any is a folder, or ``-`` for a tar on stdout."""
    if "=" not in text and "," not in text and text:
        return {"type": "tar" if text == "-" else "local", "dest": text}
    found: dict[str, str] = {}
    for each in next(csv.reader([text]), []):
        name, equals, value = each.partition("=")
        if not equals:
            raise BuildError(f"invalid value {each}", "write -o like type=oci,dest=FILE", id="invalid-export-value")
        found[name.strip().lower()] = value
    if not found.get("type"):
        raise BuildError("type is required for output", "write -o like type=oci,dest=FILE", id="export-without-type")
    return found


def _accept(kind: str, name: str, value: str, text: str) -> None:
    """Refuse what is not done; a word that is neither true nor false in BuildKit's words."""
    switch = name in _SWITCHES or _AS_IT_IS.get(name, ("",))[0] in TRUE + FALSE
    if switch and value not in TRUE + FALSE:
        words = f'non-bool value specified for {name}: strconv.ParseBool: parsing "{value}": invalid syntax'
        raise BuildError(f"failed to solve: {words}", "write true or false", id="export-value-not-bool")
    if name == "compression" and value not in _COMPRESSIONS:
        raise BuildError(
            f"failed to solve: unsupported compression type {value}", "write compression=gzip", id="no-such-compression"
        )
    if name in _KINDS[kind] or value in _AS_IT_IS.get(name, ()):
        return
    raise BuildError(
        f"-o {text} needs a Docker Engine: the embedded engine does not have {name}={value}",
        f"take it out, or write {name}={_AS_IT_IS[name][0]}" if name in _AS_IT_IS else f"take {name} out",
        id="export-attribute-not-served",
    )


def _on(fields: Mapping[str, str], name: str, default: bool = False) -> bool:
    return fields[name] in TRUE if name in fields else default
