"""Manifests, tags, referrers and the catalogue over HTTP: distribution specification 1.1."""

from urllib.parse import quote

from labs import oci
from labs.cloud.registry.data_plane.gate import Visit
from labs.cloud.registry.data_plane.messages import Headers, RegistryRequest, Response, as_json
from labs.cloud.registry.data_plane.paths import RegistryPath
from labs.cloud.registry.data_plane.push_targets import PushTargets
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.call_actions import ACTIONS, RegistryCall
from labs.cloud.registry.rules.manifests import MAX_MANIFEST
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, refused
from labs.cloud.registry.store.images import StoredImage, image_lost
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.repositories import Repository

_MOST = 1000  # a page without n; larger n are cut to this


class ImageCalls:
    """The calls on images, each after its decisions."""

    def __init__(self, store: EcrStore) -> None:
        self._store = store
        self._targets = PushTargets(store)

    def get(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """HEAD or GET manifest. The bytes are sent as they were stored, whatever Accept says; Content-Type tells."""
        said = {"imageIds": [_identifier(route.reference)], "acceptedMediaTypes": _accepted(request)}
        visit.require(ACTIONS[RegistryCall.READ_MANIFEST], route.name, said)
        image = self._find(self._store.repositories.find(route.name), route.reference)
        lost = self._store.images.lost(image)
        if lost:
            raise image_lost(lost)
        headers = [("Content-Type", image.media_type), ("Docker-Content-Digest", image.digest)]
        if request.method == "HEAD":
            return Response(200, [*headers, ("Content-Length", str(image.length))])
        self._store.images.note_pull(image)
        return Response(200, headers, image.body)

    def put(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """PUT manifest by tag or by digest."""
        by_digest = spelling.is_digest(route.reference)
        content_type = request.header("Content-Type")
        said = {
            "imageTag": "" if by_digest else route.reference,
            "imageDigest": route.reference if by_digest else "",
            "imageManifestMediaType": content_type,
        }
        self._targets.prepare(visit, route.name)
        visit.require(ACTIONS[RegistryCall.PUT_MANIFEST], route.name, said)
        repository = self._targets.find(route.name)
        if not by_digest and not spelling.is_tag(route.reference):
            fault = Fault.DIGEST_MALFORMED if ":" in route.reference else Fault.TAG_INVALID
            raise EcrError(fault, f"'{route.reference[:200]}' is neither a tag nor a digest (simulated wording)")
        body = request.body.whole(MAX_MANIFEST)
        image, _ = self._store.images.put(
            repository,
            body,
            content_type,
            tag="" if by_digest else route.reference,
            digest=route.reference if by_digest else "",
        )
        headers: Headers = [
            ("Location", f"/v2/{route.name}/manifests/{image.digest}"),
            ("Docker-Content-Digest", image.digest),
        ]
        if image.subject:
            headers.append(("OCI-Subject", image.subject))
        return Response(201, headers)

    def delete(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """DELETE manifest: by tag the tag (the last one takes the image with it), by digest the image."""
        visit.require(ACTIONS[RegistryCall.DELETE_MANIFEST], route.name, {"imageIds": [_identifier(route.reference)]})
        repository = self._store.repositories.find(route.name)
        self._find(repository, route.reference)
        by_digest = spelling.is_digest(route.reference)
        self._store.images.delete(
            repository, digest=route.reference if by_digest else "", tag="" if by_digest else route.reference
        )
        return Response(202)

    def tags(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """GET tags/list with ``n`` and ``last``; the content type is AWS's (User Guide, registry authentication)."""
        visit.require(ACTIONS[RegistryCall.TAGS], route.name)
        repository = self._store.repositories.find(route.name)
        size, after = _page(request)
        found = self._store.images.tags(repository, after, size + 1)
        headers = _link(f"/v2/{route.name}/tags/list", found, size)
        answer = as_json(200, {"name": route.name, "tags": found[:size]})
        return Response(200, [("Content-Type", "text/plain; charset=utf-8"), *headers], answer.body)

    def catalog(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """GET _catalog with ``n`` and ``last``."""
        visit.require(ACTIONS[RegistryCall.CATALOG], "")
        size, after = _page(request)
        found = [repository.name for repository in self._store.repositories.page(after, size + 1)]
        return as_json(200, {"repositories": found[:size]}, _link("/v2/_catalog", found, size))

    def referrers(self, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        """GET referrers: an index of what names this digest as its subject, filtered by ``artifactType``."""
        if not spelling.is_digest(route.reference):
            words = "Referrers are asked for by digest (simulated wording)"
            raise EcrError(Fault.DIGEST_MALFORMED, words)
        visit.require(ACTIONS[RegistryCall.REFERRERS], route.name, {"imageIds": [_identifier(route.reference)]})
        repository = self._store.repositories.find(route.name)
        wanted = request.argument("artifactType")
        found = self._store.images.referrers(repository, route.reference, [wanted] if wanted else [])
        index = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": [_descriptor(image) for image in found]}
        applied = [("OCI-Filters-Applied", "artifactType")] if wanted else []
        answer = as_json(200, index)
        return Response(200, [("Content-Type", oci.OCI_INDEX), *applied], answer.body)

    def _find(self, repository: Repository, reference: str) -> StoredImage:
        image = self._store.images.get(repository, reference)
        if image is None:
            raise refused(Fault.IMAGE_MISSING, "image.missing")
        return image


def _identifier(reference: str) -> dict[str, str]:
    return {"imageDigest" if spelling.is_digest(reference) else "imageTag": reference[:300]}


def _accepted(request: RegistryRequest) -> list[str]:
    """The media types of all Accept headers; WSGI joins several headers with commas."""
    return [part.partition(";")[0].strip() for part in request.header("Accept").split(",") if part.strip()][:20]


def _page(request: RegistryRequest) -> tuple[int, str]:
    text = request.argument("n")
    if text is None:
        return _MOST, request.argument("last") or ""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise EcrError(Fault.PARAMETER_INVALID, "n is not a number of entries (simulated wording)")
    return min(int(text), _MOST), request.argument("last") or ""


def _link(path: str, found: list[str], size: int) -> Headers:
    """The Link header (RFC 5988) to the next page; ``found`` holds one entry more than the page when there is one."""
    if size == 0 or len(found) <= size:
        return []
    return [("Link", f'<{path}?n={size}&last={quote(found[size - 1], safe="")}>; rel="next"')]


def _descriptor(image: StoredImage) -> dict[str, object]:
    described: dict[str, object] = {"mediaType": image.media_type, "digest": image.digest, "size": image.length}
    if image.artifact_type:
        described["artifactType"] = image.artifact_type
    if image.annotations:
        described["annotations"] = dict(image.annotations)
    return described
