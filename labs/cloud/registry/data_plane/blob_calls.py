"""Blobs and uploads over HTTP: distribution specification 1.1, "Pulling blobs" and "Pushing blobs"."""

import os
import re

from labs.cloud.registry.data_plane.gate import Visit
from labs.cloud.registry.data_plane.messages import Headers, RegistryRequest, Response, byte_range
from labs.cloud.registry.data_plane.paths import RegistryPath
from labs.cloud.registry.data_plane.push_targets import PushTargets
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.call_actions import ACTIONS, DOWNLOAD_LAYER, ReferencedLayerRule, RegistryCall
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, refused
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.repositories import Repository
from labs.cloud.registry.store.uploads import RepositoryLayer
from labs.cloud.wire.file_body import FileBody

_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?(\d{1,18})-(\d{1,18})(?:/(?:\d{1,18}|\*))?")


class BlobCalls:
    """The calls on blobs and uploads, each after its decisions."""

    def __init__(self, store: EcrStore, rule: ReferencedLayerRule) -> None:
        self._store = store
        self._rule = rule
        self._targets = PushTargets(store)

    def head(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """HEAD blob; for a layer that an image refers to, ``ReferencedLayerRule`` asks for one action more."""
        digest = _digest(route.reference)
        said = {"layerDigests": [digest], "layerDigest": digest}
        visit.require(ACTIONS[RegistryCall.HEAD_BLOB], route.name, said)
        repository = self._store.repositories.find(route.name)
        layer = self._store.uploads.layer(repository, digest)
        if layer is None:
            raise _blob_unknown()
        visit.require(self._rule.actions(layer.referenced), route.name, said)
        return Response(200, [*_about(layer), ("Content-Length", str(layer.size))])

    def get(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """GET blob, whole or one range.

        ECR redirects to S3 with 307 [inferred]; here the bytes come at once: the specification
        asks for 200, and plain HTTP clients need not follow anything.
        """
        digest = _digest(route.reference)
        visit.require(ACTIONS[RegistryCall.GET_BLOB], route.name, {"layerDigest": digest})
        repository = self._store.repositories.find(route.name)
        layer = self._store.uploads.layer(repository, digest)
        if layer is None:
            raise _blob_unknown()
        return self.send(layer, request.header("Range"))

    def send(self, layer: RepositoryLayer, wanted: str) -> Response:
        """A layer's bytes; ``wanted`` is a Range header or ""."""
        try:
            found = byte_range(wanted, layer.size)
        except ValueError:
            return Response(416, [("Content-Range", f"bytes */{layer.size}")])
        first, last = found or (0, layer.size - 1)
        headers = [*_about(layer), ("Content-Length", str(last - first + 1))]
        if found:
            headers.append(("Content-Range", f"bytes {first}-{last}/{layer.size}"))
        fd = self._store.uploads.open(layer)
        if os.fstat(fd).st_size != layer.size:
            os.close(fd)
            words = f"The content of {layer.digest} in the state folder is damaged (simulated wording)"
            raise EcrError(Fault.BLOB_MISSING, words)
        return Response(206 if found else 200, headers, FileBody(fd, first, last - first + 1))

    def start(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """POST upload: begin, mount, or with ``?digest=`` the whole blob at once.

        For a missing repository, and for a refusal here, ECR closes the connection without an answer [field,
        aws/containers-roadmap#1970]. Here it is 404 NAME_UNKNOWN or 403 DENIED, as ECR words them elsewhere: a closed
        connection only makes clients retry.
        """
        self._targets.prepare(visit, route.name)
        digest = request.argument("digest")
        if digest is not None:
            return self._single_post(visit, route, request, _digest(digest))
        visit.require(ACTIONS[RegistryCall.START_UPLOAD], route.name)
        repository = self._targets.find(route.name)
        mounted = self._mount(visit, repository, request)
        if mounted is not None:
            return _created(route.name, mounted)
        upload = self._store.uploads.start(repository)
        return Response(202, _progress(route.name, upload, 0))

    def _single_post(self, visit: Visit, route: RegistryPath, request: RegistryRequest, digest: str) -> Response:
        visit.require(ACTIONS[RegistryCall.SINGLE_POST], route.name, {"layerDigests": [digest]})
        repository = self._targets.find(route.name)
        upload = self._store.uploads.start(repository)
        try:
            layer = self._store.uploads.finish(repository, upload, digest, request.body, length=request.body.length)
        except EcrError as error:
            if error.fault is not Fault.DIGEST_DIFFERS:
                self._store.uploads.cancel(repository, upload)
            raise
        return _created(route.name, layer)

    def _mount(self, visit: Visit, target: Repository, request: RegistryRequest) -> RepositoryLayer | None:
        """Cross-repository mount: off until the account setting BLOB_MOUNTING is ENABLED (PutAccountSetting)."""
        digest, source = request.argument("mount"), request.argument("from")
        if not digest or not source or self._store.setting("BLOB_MOUNTING") != "ENABLED":
            return None
        if (
            not spelling.is_digest(digest)
            or not spelling.is_repository(source)
            or spelling.is_public(source) != target.public
        ):
            return None
        # ECR User Guide, blob-mounting: users need it on a repository to mount layers from it.
        if not visit.allows(DOWNLOAD_LAYER, source, {"layerDigest": digest}):
            return None
        repository = self._store.repositories.get(source)
        # Both sides are encrypted in the same way (ECR User Guide, "Blob mounting").
        if repository is None or repository.encryption != target.encryption:
            return None
        return self._store.uploads.mount(repository, target, digest)

    def patch(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """PATCH upload: a chunk with Content-Range, or a stream without."""
        first, last = _content_range(request)
        said = {"uploadId": route.reference, "partFirstByte": first, "partLastByte": last}
        visit.require(ACTIONS[RegistryCall.UPLOAD_CHUNK], route.name, said)
        repository = self._store.repositories.find(route.name)
        size = self._store.uploads.append(repository, route.reference, request.body, first, request.body.length)
        return Response(202, _progress(route.name, route.reference, size))

    def finish(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """PUT upload?digest=: the last bytes, or all of them, or none."""
        first, last = _content_range(request)
        digest = request.argument("digest")
        if digest is None:
            raise EcrError(Fault.DIGEST_MALFORMED, "The digest is missing from the query (simulated wording)")
        body = None if request.body.empty else request.body
        said = {
            "uploadId": route.reference,
            "layerDigests": [digest[:200]],
            "partFirstByte": first,
            "partLastByte": last,
        }
        visit.require(ACTIONS[RegistryCall.FINISH_WITH_BODY if body else RegistryCall.FINISH_UPLOAD], route.name, said)
        repository = self._store.repositories.find(route.name)
        layer = self._store.uploads.finish(
            repository, route.reference, digest, body, first, request.body.length if body else None
        )
        return _created(route.name, layer)

    def status(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """GET upload: how far it has come."""
        visit.require(ACTIONS[RegistryCall.UPLOAD_STATUS], route.name, {"uploadId": route.reference})
        return Response(204, self.progress(route))

    def progress(self, route: RegistryPath) -> Headers:
        """Location, Range and id of an upload. EcrError UPLOAD_MISSING."""
        repository = self._store.repositories.find(route.name)
        received = self._store.uploads.received(repository, route.reference)
        return _progress(route.name, route.reference, received)

    def cancel(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """DELETE upload."""
        visit.require(ACTIONS[RegistryCall.UPLOAD_STATUS], route.name, {"uploadId": route.reference})
        repository = self._store.repositories.find(route.name)
        self._store.uploads.cancel(repository, route.reference)
        return Response(204)


def _digest(text: str) -> str:
    if not spelling.is_digest(text):
        words = "The digest is neither sha256 nor sha512 with its hexadecimal digits (simulated wording)"
        raise EcrError(Fault.DIGEST_MALFORMED, words)
    return text


def _blob_unknown() -> EcrError:
    return refused(Fault.BLOB_MISSING, "blob.missing")


def _about(layer: RepositoryLayer) -> Headers:
    return [
        ("Content-Type", "application/octet-stream"),
        ("Docker-Content-Digest", layer.digest),
        ("Accept-Ranges", "bytes"),
    ]


def _created(name: str, layer: RepositoryLayer) -> Response:
    return Response(201, [("Location", f"/v2/{name}/blobs/{layer.digest}"), ("Docker-Content-Digest", layer.digest)])


def _progress(name: str, upload: str, size: int) -> Headers:
    return [
        ("Location", f"/v2/{name}/blobs/uploads/{upload}"),
        ("Range", f"0-{max(size - 1, 0)}"),
        ("Docker-Upload-UUID", upload),
    ]


def _content_range(request: RegistryRequest) -> tuple[int | None, int | None]:
    text = request.header("Content-Range")
    if not text:
        return None, None
    match = _CONTENT_RANGE.fullmatch(text)
    if not match:
        raise EcrError(Fault.SIZE_INVALID, "The Content-Range is not of the form first-last (simulated wording)")
    first, last = int(match.group(1)), int(match.group(2))
    if request.body.length is not None and last - first + 1 != request.body.length:
        raise EcrError(Fault.SIZE_INVALID, "Content-Range and Content-Length disagree (simulated wording)")
    return first, last
