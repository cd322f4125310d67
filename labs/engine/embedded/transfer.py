"""Push and pull in containerd's order.

Push: every blob of every platform (HEAD, and when absent POST then one PUT), then the child manifests, then the index,
each manifest HEAD before PUT. Any answer to a HEAD other than 200, 404 or 401 ends the push; a 403 is followed by one
GET of the same URL, whose ``denied: ...`` is added (containerd 2.3.3 and later, BuildKit 0.32 and later).
Source: containerd core/remotes/docker/pusher.go, BuildKit util/push/push.go.
"""

import hashlib
import http.client
import json
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from labs import oci
from labs.engine.archive import MAX_DOCUMENT, Blobs
from labs.engine.embedded.image_store import Store, other_bytes
from labs.engine.embedded.reference import Reference
from labs.engine.embedded.registry_client import (
    RegistryClient,
    RegistryError,
    RegistryResponse,
    StatusError,
    Unauthorized,
    Upload,
    network_words,
    registry_words,
)
from labs.errors import LabError

MANIFESTS = ", ".join((oci.OCI_INDEX, oci.DOCKER_LIST, oci.OCI_MANIFEST, oci.DOCKER_MANIFEST, "*/*"))
MAX_MANIFEST = 4 << 20


@dataclass(frozen=True)
class TransferEvent:
    """One thing that happened to one blob or manifest: ``pushed``, ``exists`` or ``pulled``."""

    what: str
    descriptor: oci.Descriptor
    is_layer: bool = False


Seen = Callable[[TransferEvent], None]


def nothing(_: TransferEvent) -> None:
    """For callers that do not show progress."""


class Push:
    """One image on its way to one reference."""

    def __init__(self, registry: RegistryClient, blobs: Blobs, reference: Reference, seen: Seen = nothing) -> None:
        self._registry, self._blobs, self._reference, self._seen = registry, blobs, reference, seen
        self._base = f"/v2/{reference.repository}"

    def run(self, top: oci.Descriptor) -> None:
        """Push everything below ``top``, then ``top`` under the reference's tag; StatusError, RegistryError."""
        manifests, blobs = self._walk(top)
        for blob, is_layer in blobs.values():
            self._blob(blob, is_layer)
        for manifest in manifests:
            self._manifest(manifest, manifest.digest)
        self._manifest(top, self._reference.target)

    def _walk(self, top: oci.Descriptor) -> tuple[list[oci.Descriptor], dict[str, tuple[oci.Descriptor, bool]]]:
        """The child manifests in order, and every blob once with whether it is a layer."""
        found = oci.parse(self._bytes(top), top.media_type)
        if isinstance(found, oci.Manifest):
            blobs = {found.config.digest: (found.config, False)}
            blobs |= {layer.digest: (layer, True) for layer in found.layers}
            return [], blobs
        children: dict[str, oci.Descriptor] = {}
        below: dict[str, tuple[oci.Descriptor, bool]] = {}
        for entry in found.manifests:
            manifests, blobs = self._walk(entry)
            children |= {each.digest: each for each in (*manifests, entry)}
            below |= {digest: each for digest, each in blobs.items() if digest not in below}
        return list(children.values()), below

    def _bytes(self, descriptor: oci.Descriptor) -> bytes:
        try:
            with self._blobs.open(descriptor.digest) as stream:
                data = stream.read()
            if oci.sha256(data) == descriptor.digest:
                return data
            raise other_bytes(descriptor.digest)
        except KeyError:
            raise _incomplete(descriptor.digest) from None

    def _blob(self, blob: oci.Descriptor, is_layer: bool) -> None:
        if self._exists(f"{self._base}/blobs/{blob.digest}", blob):
            self._seen(TransferEvent("exists", blob, is_layer))
            return
        location = self._begin()
        kind = "layer" if is_layer else "config"
        joint = "&" if urllib.parse.urlsplit(location).query else "?"
        target = f"{location}{joint}digest={urllib.parse.quote(blob.digest, safe='')}"
        self._put(target, blob, kind, Upload(blob.size, lambda: self._open(blob)), "application/octet-stream")
        self._seen(TransferEvent("pushed", blob, is_layer))

    def _open(self, blob: oci.Descriptor) -> BinaryIO:
        try:
            return self._blobs.open(blob.digest)
        except KeyError:
            raise _incomplete(blob.digest) from None

    def _begin(self) -> str:
        try:
            answer = self._registry.request("POST", f"{self._base}/blobs/uploads/")
        except Unauthorized as error:
            raise _push_denied(error) from error
        if answer.status not in (200, 201, 202):
            raise answer.error()
        answer.read()
        location = answer.header("Location")
        if not location:
            raise RegistryError(
                f"{answer.url} gave no upload location.",
                "report this to whoever runs the registry",
                id="no-upload-location",
            )
        return urllib.parse.urljoin(answer.url, location)

    def _manifest(self, manifest: oci.Descriptor, target: str) -> None:
        where = f"{self._base}/manifests/{target}"
        if self._exists(where, manifest):
            self._seen(TransferEvent("exists", manifest))
            return
        data = self._bytes(manifest)
        kind = "index" if manifest.media_type in oci.INDEX_TYPES else "manifest"
        upload = Upload(len(data), lambda: cast(BinaryIO, _Bytes(data)))
        self._put(self._registry.url(where), manifest, kind, upload, manifest.media_type)
        self._seen(TransferEvent("pushed", manifest))

    def _exists(self, where: str, descriptor: oci.Descriptor) -> bool:
        headers = {"Accept": f"{descriptor.media_type}, */*"}
        try:
            answer = self._registry.request("HEAD", where, headers)
        except Unauthorized:
            return False  # as containerd: the POST or PUT that follows says it in full
        answer.read()
        if answer.status == 200:
            # A tag may name another manifest: then it is moved.
            found = answer.header("Docker-Content-Digest")
            return where.endswith(descriptor.digest) or found == descriptor.digest
        if answer.status in (401, 404):
            return False
        error = answer.error()
        if answer.status == 403:
            reason = self._registry.request("GET", where, headers)
            if reason.status == 403:
                raise StatusError("HEAD", answer.url, answer.line, registry_words(reason.read()))
            self._registry.close()  # the body of the diagnostic GET is not wanted
        raise error

    def _put(self, where: str, descriptor: oci.Descriptor, kind: str, upload: Upload, media_type: str) -> None:
        try:
            answer = self._registry.request("PUT", where, {"Content-Type": media_type}, upload)
        except Unauthorized as error:
            raise _push_denied(error) from error
        if answer.status not in (200, 201, 204):
            detail = registry_words(answer.read())
            raise StatusError(
                "PUT",
                answer.url.partition("?")[0],
                answer.line,
                detail,
                f'failed commit on ref "{kind}-{descriptor.digest}": ',
            )
        answer.read()
        digest = answer.header("Docker-Content-Digest")
        if digest and digest != descriptor.digest:
            raise RegistryError(f"got digest {digest}, expected {descriptor.digest}", id="registry-stored-other-digest")


def _push_denied(error: Unauthorized) -> Unauthorized:
    words = "push access denied, repository does not exist or may require authorization: "
    return Unauthorized(words + error.what, error.next_step, id="push-access-denied")


def _incomplete(digest: str) -> LabError:
    return LabError(
        f"content digest {digest}: not found",
        "the image is not complete here: build or pull it again",
        id="image-not-complete",
    )


class _Bytes:
    """Bytes as a file, for a request body."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        cut = len(self._data) if size < 0 else size
        out, self._data = self._data[:cut], self._data[cut:]
        return out

    def close(self) -> None:
        self._data = b""


class Pull:
    """Content on its way from one repository into the store; every digest is checked before it is kept."""

    def __init__(self, registry: RegistryClient, store: Store, reference: Reference, seen: Seen = nothing) -> None:
        self._registry, self._store, self._reference, self._seen = registry, store, reference, seen
        self._base = f"/v2/{reference.repository}"

    def resolve(self) -> oci.Descriptor:
        """What the reference names; its manifest is kept in the store. LabError in containerd's words."""
        target = self._reference.target
        answer = self._ask("HEAD", target)
        answer.read()
        digest = self._reference.digest or answer.header("Docker-Content-Digest")
        return self._manifest(digest if digest.startswith("sha256:") else target, "")

    def manifest(self, descriptor: oci.Descriptor) -> oci.Manifest | oci.Index:
        """A manifest by digest, from the store when it is there."""
        if not self._store.has(descriptor.digest):
            self._manifest(descriptor.digest, descriptor.media_type)
        try:
            return oci.parse(self._store.read(descriptor), descriptor.media_type)
        except oci.NotAnImage as error:
            raise self._unusable(str(error)) from error

    def content(self, descriptor: oci.Descriptor) -> None:
        """The config and layers of a manifest."""
        found = self.manifest(descriptor)
        if isinstance(found, oci.Index):
            raise self._unusable(f"{descriptor.digest} is an index where a manifest should be")
        self.blobs((found.config,), False)
        self.blobs(found.layers, True)

    def document(self, config: oci.Descriptor) -> Any:
        """The config document of a manifest."""
        if config.size > MAX_DOCUMENT:
            raise self._unusable(f"config {config.digest} of {config.size} bytes is too large")
        self.blobs((config,), False)
        try:
            return json.loads(self._store.read(config))
        except (ValueError, RecursionError) as error:
            raise self._unusable(f"config {config.digest} is not JSON: {error}") from error

    def blobs(self, wanted: Iterable[oci.Descriptor], is_layer: bool) -> None:
        """Blobs that the store does not have yet."""
        for blob in wanted:
            if self._store.has(blob.digest):
                self._seen(TransferEvent("exists", blob, is_layer))
                continue
            self._blob(blob)
            self._seen(TransferEvent("pulled", blob, is_layer))

    def _unusable(self, why: str) -> RegistryError:
        return RegistryError(f"{self._reference}: {why}", id="registry-sent-unusable-content")

    def _ask(self, method: str, target: str) -> RegistryResponse:
        """HEAD or GET of a manifest that is there; containerd resolves with a HEAD first."""
        try:
            answer = self._registry.request(method, f"{self._base}/manifests/{target}", {"Accept": MANIFESTS})
        except Unauthorized as error:
            words = "pull access denied, repository does not exist or may require authorization: "
            raise Unauthorized(words + error.what, error.next_step, id="pull-access-denied") from error
        if answer.status == 404:
            answer.read()
            raise RegistryError(f"{self._reference}: not found", id="image-not-in-registry")
        if answer.status != 200:
            raise answer.error()
        return answer

    def _manifest(self, target: str, media_type: str) -> oci.Descriptor:
        answer = self._ask("GET", target)
        data = answer.read(MAX_MANIFEST)
        digest = oci.sha256(data)
        expected = target if target.startswith("sha256:") else answer.header("Docker-Content-Digest") or digest
        if digest != expected:
            raise self._unusable(f"the registry sent {digest} where {expected} was promised")
        kind = answer.header("Content-Type").partition(";")[0].strip() or media_type
        try:
            found = oci.parse(data, kind)
        except oci.NotAnImage as error:
            raise self._unusable(str(error)) from error
        return self._store.add(data, found.media_type)

    def _blob(self, blob: oci.Descriptor) -> None:
        answer = self._registry.request("GET", f"{self._base}/blobs/{blob.digest}")
        if answer.status != 200:
            raise answer.error()
        found, size = hashlib.sha256(), 0
        with self._store.writer() as out:
            while chunk := self._chunk(answer):
                size += len(chunk)
                if size > blob.size:
                    break
                found.update(chunk)
                out.file.write(chunk)
            if size != blob.size or "sha256:" + found.hexdigest() != blob.digest:
                self._registry.close()
                raise RegistryError(
                    f"failed to copy: {blob.digest}: the registry sent other bytes",
                    "pull it again",
                    id="pulled-blob-damaged",
                )
            out.commit(blob.digest)

    def _chunk(self, answer: RegistryResponse) -> bytes:
        try:
            return answer.body.read(1 << 20)
        except (OSError, http.client.HTTPException) as error:
            self._registry.close()
            words = network_words(error, self._registry.host)
            raise RegistryError(
                f"failed to copy: httpReadSeeker: {answer.url}: {words}", "pull it again", id="pull-interrupted"
            ) from error
