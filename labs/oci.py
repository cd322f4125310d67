"""The OCI image format as plain data: digests, descriptors, manifests, indexes, platforms.

Source: the OCI image specification 1.1 (image-index.md, manifest.md, config.md) and Docker's
"Image Manifest Version 2, Schema 2". No I/O: bytes in, values out.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"

INDEX_TYPES = (OCI_INDEX, DOCKER_LIST)
MANIFEST_TYPES = (OCI_MANIFEST, DOCKER_MANIFEST)
# BuildKit marks an attestation manifest with this annotation and the platform unknown/unknown.
ATTESTATION = "vnd.docker.reference.type"


class NotAnImage(ValueError):
    """The bytes are not an image manifest or an image index."""


def sha256(data: bytes) -> str:
    """The digest of some bytes: ``sha256:<64 hex>``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, order=True)
class Platform:
    """Operating system, CPU architecture and variant, as in ``linux/arm64/v8``."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Read ``os/arch[/variant]``; ValueError when it is neither two nor three words."""
        parts = text.strip().lower().split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"'{text}' is not a platform; write it like linux/arm64")
        return cls(*parts).normal()

    def normal(self) -> "Platform":
        """The usual spelling: x86_64 is amd64, aarch64 is arm64, and arm64's default variant v8 is dropped."""
        arch = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}.get(self.architecture, self.architecture)
        variant = "" if (arch, self.variant) == ("arm64", "v8") else self.variant
        return Platform(self.os, arch, variant)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True)
class Descriptor:
    """A pointer to content: media type, digest, size in bytes, and for an index entry its platform."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_attestation(self) -> bool:
        """Whether it is BuildKit's provenance or SBOM rather than an image of some platform."""
        unknown = self.platform is not None and self.platform.os == "unknown"
        return ATTESTATION in self.annotations or unknown

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Descriptor":
        """Read the JSON form."""
        where = raw.get("platform")
        platform = None
        if isinstance(where, Mapping):
            platform = Platform(
                str(where.get("os", "")), str(where.get("architecture", "")), str(where.get("variant", ""))
            ).normal()
        return cls(
            str(raw.get("mediaType", "")),
            str(raw["digest"]),
            int(raw.get("size", 0)),
            platform,
            dict(raw.get("annotations") or {}),
        )


@dataclass(frozen=True)
class Manifest:
    """One platform's image: its config and its layers, bottom first."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None


@dataclass(frozen=True)
class Index:
    """A multi-platform image: an OCI index or a Docker manifest list."""

    media_type: str
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None = None

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms one could run: attestations are left out."""
        return tuple(d.platform for d in self.manifests if d.platform and not d.is_attestation)


def parse(data: bytes, media_type: str = "") -> Manifest | Index:
    """Read manifest bytes; the media type comes from the document, else from ``media_type``.

    Raises NotAnImage with one clear sentence when the bytes are neither.
    """
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotAnImage(f"The manifest is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise NotAnImage("The manifest is not a JSON object")
    kind = str(raw.get("mediaType") or media_type)
    try:
        subject = Descriptor.of(raw["subject"]) if isinstance(raw.get("subject"), dict) else None
        if isinstance(raw.get("manifests"), list):
            return Index(kind or OCI_INDEX, tuple(Descriptor.of(entry) for entry in raw["manifests"]), subject)
        # BuildKit writes null for an image without a layer.
        if isinstance(raw.get("config"), dict) and isinstance(raw.get("layers", ""), list | None):
            layers = tuple(Descriptor.of(layer) for layer in raw["layers"] or ())
            return Manifest(kind or OCI_MANIFEST, Descriptor.of(raw["config"]), layers, subject)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotAnImage(f"The manifest has a malformed descriptor: {error!r}") from error
    raise NotAnImage("The manifest has neither 'manifests' nor 'config' and 'layers'")


def split_host(name: str) -> tuple[str, str]:
    """An image name's registry and the rest; the registry is "" where none is named.

    A first part with a dot, a colon or ``localhost`` is a host (distribution/reference).
    """
    host, slash, rest = name.partition("/")
    return (host, rest) if slash and ("." in host or ":" in host or host == "localhost") else ("", name)
