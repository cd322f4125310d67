"""The paths of the distribution API: a path in, what it names out. Nothing is checked but the shape."""

import re
from dataclasses import dataclass
from enum import Enum


class Target(Enum):
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
class Route:
    """A target, the repository's name as written, and the tag, digest or upload id as written."""

    target: Target
    name: str = ""
    reference: str = ""


# Read from the right: a repository may be called "team/blobs/tools". "_" cannot begin a repository name.
_ROUTES = tuple(
    (re.compile(pattern, re.DOTALL), target)
    for pattern, target in (
        (r"/v2/?", Target.BASE),
        (r"/v2/_catalog", Target.CATALOG),
        (r"/v2/_layers/(?P<name>.+)/(?P<reference>[^/]+)", Target.DOWNLOAD),
        (r"/v2/(?P<name>.+)/blobs/uploads/?", Target.UPLOADS),
        (r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)", Target.UPLOAD),
        (r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)", Target.BLOB),
        (r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)", Target.MANIFEST),
        (r"/v2/(?P<name>.+)/tags/list", Target.TAGS),
        (r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)", Target.REFERRERS),
    )
)


def find_route(path: str) -> Route | None:
    """The route of a decoded path, or None."""
    for pattern, target in _ROUTES:
        match = pattern.fullmatch(path)
        if match:
            found = match.groupdict()
            return Route(target, found.get("name") or "", found.get("reference") or "")
    return None
