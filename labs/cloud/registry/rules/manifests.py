"""What a manifest refers to, read strictly: bytes in, a Document or a refusal out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from labs import oci
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, said

MAX_MANIFEST = 4_194_304  # service model: imageManifest

_KNOWN = (*oci.MANIFEST_TYPES, *oci.INDEX_TYPES)
# Content types that say nothing about the document.
_VAGUE = ("", "text/plain", "application/json", "application/octet-stream", "*/*")


@dataclass(frozen=True)
class ManifestDocument:
    """A manifest or index.

    ``blobs`` are config and layers, ``required`` those of them that must be in the repository
    (a non-distributable layer need not be), ``children`` the manifests of an index.
    """

    media_type: str
    config_type: str = ""
    artifact_type: str = ""
    subject: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    blobs: tuple[oci.Descriptor, ...] = ()
    required: tuple[oci.Descriptor, ...] = ()
    children: tuple[str, ...] = ()


def read_document(body: bytes, content_type: str = "") -> ManifestDocument:
    """Read manifest bytes sent with ``content_type`` (empty or vague: the document's own mediaType decides).

    Neither of them: refused (API reference, PutImage: "If you push an image manifest that does not contain the
    mediaType field, you must specify the imageManifestMediaType in the request").

    EcrError MANIFEST_TOO_LARGE over 4 MiB, MANIFEST_INVALID otherwise, in AWS's one sentence for all of it
    [field, aws/aws-cli#8620, ko-build/ko#928] with the kit's own in brackets.
    """
    if len(body) > MAX_MANIFEST:
        words = f"The manifest is larger than {MAX_MANIFEST} bytes (simulated wording)"
        raise EcrError(Fault.MANIFEST_TOO_LARGE, words)
    sent = content_type.partition(";")[0].strip().lower()
    try:
        body.decode()
        parsed = oci.parse(body, "" if sent in _VAGUE else sent)
    except (ValueError, RecursionError) as error:
        raise _invalid(str(error) or "The manifest is nested too deeply") from error
    raw = json.loads(body)
    _refuse_ambiguous(raw)
    if not raw.get("mediaType") and sent in _VAGUE:
        raise _invalid("The manifest has no mediaType, and none was sent with it")
    if parsed.media_type not in _KNOWN:
        raise _invalid(f"The media type '{parsed.media_type[:200]}' is not one of an image manifest or index")
    if sent not in (*_VAGUE, parsed.media_type):
        raise _invalid(f"The Content-Type is {sent[:200]}, the manifest says {parsed.media_type}")
    annotations = _annotations(raw)
    subject = _digests([parsed.subject])[0] if parsed.subject else ""
    artifact = raw.get("artifactType")
    artifact_type = artifact if isinstance(artifact, str) else ""
    if isinstance(parsed, oci.Index):
        if parsed.media_type not in oci.INDEX_TYPES:
            raise _invalid(f"A document with 'manifests' cannot be a {parsed.media_type}")
        children = _digests(parsed.manifests)
        return ManifestDocument(
            media_type=parsed.media_type,
            config_type="",
            artifact_type=artifact_type,
            subject=subject,
            annotations=annotations,
            children=children,
        )
    if parsed.media_type not in oci.MANIFEST_TYPES:
        raise _invalid(f"A document with 'config' and 'layers' cannot be a {parsed.media_type}")
    blobs = (parsed.config, *parsed.layers)
    _digests(blobs)
    return ManifestDocument(
        media_type=parsed.media_type,
        config_type=parsed.config.media_type,
        artifact_type=artifact_type or parsed.config.media_type,
        subject=subject,
        annotations=annotations,
        blobs=blobs,
        required=tuple(blob for blob in blobs if not _is_foreign(blob.media_type)),
    )


def _refuse_ambiguous(raw: Mapping[str, object]) -> None:
    """What two clients could read differently (distribution specification's advisory GHSA-mc8v-mgrf-8f4m)."""
    if "manifests" in raw and ("config" in raw or "layers" in raw):
        raise _invalid("The document is an index and an image manifest at once")
    if raw.get("schemaVersion", 2) != 2:
        raise _invalid("The schemaVersion is not 2")
    if raw.get("subject") is not None and not isinstance(raw["subject"], dict):
        raise _invalid("The subject is not a descriptor")


def _annotations(raw: Mapping[str, object]) -> dict[str, str]:
    found = raw.get("annotations")
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _invalid("The annotations are not a map of strings")
    return found


def _digests(descriptors: "list[oci.Descriptor] | tuple[oci.Descriptor, ...]") -> tuple[str, ...]:
    for descriptor in descriptors:
        if not spelling.is_digest(descriptor.digest):
            raise _invalid(f"'{descriptor.digest[:200]}' is not a digest")
        if descriptor.size < 0:
            raise _invalid(f"The size of {descriptor.digest} is negative")
    return tuple(descriptor.digest for descriptor in descriptors)


def _is_foreign(media_type: str) -> bool:
    """Layers that a registry need not hold (OCI "Non-Distributable Layers", Docker foreign layers)."""
    return "nondistributable" in media_type or "foreign" in media_type


def _invalid(what: str) -> EcrError:
    return EcrError(Fault.MANIFEST_INVALID, f"{said('image.manifest')} ({what.rstrip('.')}; simulated wording)")
