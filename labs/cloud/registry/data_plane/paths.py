"""The paths of the distribution API: a path in, what it names out. Nothing is checked but the shape."""

import re
from dataclasses import dataclass
from enum import Enum


class PathTarget(Enum):
    """What a path names."""

    BASE = "base"
    CATALOG = "catalog"
    MANIFEST = "manifest"
    BLOB = "blob"
    UPLOADS = "uploads"
    UPLOAD = "upload"
    TAGS = "tags"
    REFERRERS = "referrers"
    DOWNLOAD = "download"  # the kit's stand-in for the presigned S3 URL of a layer


@dataclass(frozen=True)
class RegistryPath:
    """A target, the repository's name as written, and the tag, digest or upload id as written."""

    target: PathTarget
    name: str = ""
    reference: str = ""


# Read from the right: a repository may be called "team/blobs/tools". "_" cannot begin a repository name.
_ROUTES = tuple(
    (re.compile(pattern, re.DOTALL), target)
    for pattern, target in (
        (r"/v2/?", PathTarget.BASE),
        (r"/v2/_catalog", PathTarget.CATALOG),
        (r"/v2/_layers/(?P<name>.+)/(?P<reference>[^/]+)", PathTarget.DOWNLOAD),
        (r"/v2/(?P<name>.+)/blobs/uploads/?", PathTarget.UPLOADS),
        (r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)", PathTarget.UPLOAD),
        (r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)", PathTarget.BLOB),
        (r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)", PathTarget.MANIFEST),
        (r"/v2/(?P<name>.+)/tags/list", PathTarget.TAGS),
        (r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)", PathTarget.REFERRERS),
    )
)


def find_route(path: str) -> RegistryPath | None:
    """The route of a decoded path, or None."""
    for pattern, target in _ROUTES:
        match = pattern.fullmatch(path)
        if match:
            found = match.groupdict()
            return RegistryPath(target, found.get("name") or "", found.get("reference") or "")
    return None
