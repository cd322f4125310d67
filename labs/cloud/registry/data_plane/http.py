"""The ``/v2/`` application: OCI distribution 1.1 as ECR serves it, every call decided by IAM."""

import errno
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from labs.cloud.contract import Access, AwsError, Trail
from labs.cloud.registry.data_plane.blob_calls import BlobCalls
from labs.cloud.registry.data_plane.downloads import refuse_download
from labs.cloud.registry.data_plane.gate import Denied, Expired, NotAuthorized, RegistryGate, Visit
from labs.cloud.registry.data_plane.image_calls import ImageCalls
from labs.cloud.registry.data_plane.messages import (
    Environ,
    Headers,
    RegistryRequest,
    Response,
    as_json,
    content,
    refusal,
)
from labs.cloud.registry.data_plane.paths import PathTarget, RegistryPath, find_route
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.call_actions import REFERENCED_LAYER_NEEDS_DOWNLOAD, ReferencedLayerRule
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, refused, said
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.wire.body import has_arrived
from labs.cloud.wire.last_resort import log_fault

StartResponse = Callable[[str, Headers], Any]
Handler = Callable[[Visit, RegistryPath, RegistryRequest], Response]

_VERSION = ("Docker-Distribution-Api-Version", "registry/2.0")
_READ = ("HEAD", "GET")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EMFILE)


class RegistryApp:
    """A WSGI application; see ``registry_app``."""

    def __init__(
        self, store: EcrStore, gate: RegistryGate, registry_host: Callable[[], str], rule: ReferencedLayerRule
    ) -> None:
        self._store = store
        self._gate = gate
        self._host = registry_host
        self._blobs = BlobCalls(store, rule)
        images = ImageCalls(store)
        self._handlers: dict[PathTarget, dict[str, Handler]] = {
            PathTarget.BASE: {"HEAD": _ping, "GET": _ping},
            PathTarget.CATALOG: {"GET": images.catalog},
            PathTarget.MANIFEST: {
                "HEAD": images.get,
                "GET": images.get,
                "PUT": images.put,
                "DELETE": images.delete,
            },
            PathTarget.TAGS: {"GET": images.tags},
            PathTarget.REFERRERS: {"GET": images.referrers},
            PathTarget.BLOB: {"HEAD": self._blobs.head, "GET": self._blobs.get},
            PathTarget.UPLOADS: {"POST": self._blobs.start},
            PathTarget.UPLOAD: {
                "GET": self._blobs.status,
                "PATCH": self._blobs.patch,
                "PUT": self._blobs.finish,
                "DELETE": self._blobs.cancel,
            },
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request. Whatever is left of its body is read before the answer."""
        request: RegistryRequest | None = None
        leaves: Headers = []
        try:
            request = RegistryRequest.of(environ)
            response = self._guarded(request)
            if response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                request.body.abandon()  # the server closes the connection after a 413
            elif not has_arrived(environ) and (response.status == 401 or not request.header("Authorization")):
                request.body.abandon()  # nobody known sends it: no thread waits for that
                leaves = [("Connection", "close")]
            else:
                request.body.drain()
        except EcrError as error:  # a Content-Length that is not a number
            response = _refused(error)
        headers = [*response.headers, _VERSION, *leaves]
        if not any(name == "Content-Length" for name, _ in headers) and response.status != 204:
            headers.append(("Content-Length", str(len(response.body) if isinstance(response.body, bytes) else 0)))
        start_response(response.line, headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return content(response)

    def _guarded(self, request: RegistryRequest) -> Response:
        try:
            return self._answer(request)
        except AwsError as error:  # the trail could not be written
            return refusal(error.status, "UNAVAILABLE", error.message)
        except (OSError, sqlite3.OperationalError) as error:
            if isinstance(error, OSError) and error.errno not in _FULL:
                return _unexpected(error)
            words = f"The local AWS cannot use its state folder: {_reason(error)} (simulated wording)"
            return _refused(EcrError(Fault.STORAGE, words))
        except Exception as error:  # noqa: BLE001 - the last resort before the server's own
            return _unexpected(error)

    def _answer(self, request: RegistryRequest) -> Response:
        route = find_route(request.path)
        if route is not None and route.target is PathTarget.DOWNLOAD:
            return self._download(route, request)
        try:
            visit = self._admit(route, request)
        except NotAuthorized:
            return self._challenge()
        except Expired:
            return refusal(403, "DENIED", said("login.expired"))
        if route is None:
            return refusal(404, "UNSUPPORTED", "No such path in the distribution API (simulated wording)")
        handlers = self._handlers[route.target]
        handler = handlers.get(request.method)
        if handler is None:
            allowed = [("Allow", ", ".join(handlers))]
            return refusal(405, "UNSUPPORTED", said("method.not_served"), allowed)
        return self._handle(handler, visit, route, request)

    def _handle(self, handler: Handler, visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
        failure: EcrError | None = None
        try:
            if route.name and not spelling.is_repository(route.name):
                raise refused(Fault.NAME_INVALID, "repository.name")
            with self._store.room.freeing() if request.method == "DELETE" else nullcontext():
                return handler(visit, route, request)
        except Denied as denied:
            return refusal(403, "DENIED", str(denied))
        except EcrError as error:
            failure = error
            return _refused(error, self._where(error, route))
        finally:
            visit.write_down(failure)

    def _where(self, error: EcrError, route: RegistryPath) -> Headers:
        """A chunk out of order is told where the upload stands."""
        return self._blobs.progress(route) if error.fault is Fault.PART_OUT_OF_ORDER else []

    def _admit(self, route: RegistryPath | None, request: RegistryRequest) -> Visit:
        reads = (PathTarget.MANIFEST, PathTarget.BLOB, PathTarget.TAGS, PathTarget.REFERRERS)
        if route and route.target in reads and spelling.is_public(route.name) and request.method in _READ:
            return self._gate.admit_anybody()
        return self._gate.admit(request)

    def _challenge(self) -> Response:
        """ECR's 401 as clients recorded it (NVIDIA/enroot#59, google/go-containerregistry#861)."""
        realm = f'Basic realm="http://{self._host()}/",service="ecr.amazonaws.com"'
        headers = [("Www-Authenticate", realm), ("Content-Type", "text/plain; charset=utf-8")]
        return Response(401, headers, b"Not Authorized\n")

    def _download(self, route: RegistryPath, request: RegistryRequest) -> Response:
        """A layer by the URL of GetDownloadUrlForLayer; refusals in S3's form."""
        if request.method not in _READ:
            return _s3_error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        wrong = refuse_download(request.path, request.raw_query, self._store.signing_key(), self._store.clock())
        if wrong:
            return _s3_error(403, *wrong)
        repository = self._store.repositories.get(route.name)
        layer = self._store.uploads.layer(repository, route.reference) if repository else None
        if layer is None:
            return _s3_error(404, "NoSuchKey", "The specified key does not exist.")
        try:
            return self._blobs.send(layer, request.header("Range"))
        except EcrError as error:
            return _refused(error)


def registry_app(
    store: EcrStore,
    access: Access,
    trail: Trail,
    *,
    account: str,
    region: str,
    registry_host: Callable[[], str],
    referenced_layer_needs_download: bool = True,
) -> RegistryApp:
    """The WSGI application for every path under ``/v2/``.

    ``registry_host`` returns ``host:port`` as clients write it. ``referenced_layer_needs_download`` switches
    ``REFERENCED_LAYER_NEEDS_DOWNLOAD``. Errors are the specification's JSON; the application raises nothing.
    ``account`` and ``region`` must be those of ``store``.
    """
    if (account, region) != (store.account, store.region):
        raise ValueError("the registry and its store are of different accounts or regions")
    rule = REFERENCED_LAYER_NEEDS_DOWNLOAD if referenced_layer_needs_download else ReferencedLayerRule(enabled=False)
    return RegistryApp(store, RegistryGate(store, access, trail), registry_host, rule)


def _ping(visit: Visit, route: RegistryPath, request: RegistryRequest) -> Response:
    return as_json(200, {})


def _refused(error: EcrError, headers: Headers | None = None) -> Response:
    return refusal(error.fault.status, error.fault.registry_code, error.message, headers)


def _unexpected(error: Exception) -> Response:
    log_fault("a request of the registry", error)
    return refusal(500, "UNKNOWN", "The local AWS failed on this request; its log says why (simulated wording)")


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _s3_error(status: int, code: str, message: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Response(
        status, [("Content-Type", "application/xml")], f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    )
