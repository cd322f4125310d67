"""The spelling rules of repositories, tags, digests and upload ids: everything that comes from outside passes here.

Sources: the ECR service model (repository name, upload id), the OCI distribution specification 1.1
("Pulling manifests": tags) and the OCI image specification ("Digests").
"""

import re

# The kit's own mirror of ECR Public: repositories below this prefix (see the contract in docs/fidelity.md).
PUBLIC_PREFIX = "public.ecr.aws/"

REPOSITORY_PATTERN = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"  # AWS quotes it in its message
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_UPLOAD = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_repository(name: str) -> bool:
    """2 to 256 lower-case characters, path components separated by single slashes."""
    return 2 <= len(name) <= 256 and _REPOSITORY.fullmatch(name) is not None


def is_tag(tag: str) -> bool:
    """At most 128 characters of the specification's set."""
    return _TAG.fullmatch(tag) is not None


def is_digest(digest: str) -> bool:
    """``sha256:`` or ``sha512:`` and the lower-case hexadecimal digits."""
    return _DIGEST.fullmatch(digest) is not None


def is_upload(upload: str) -> bool:
    """A UUID, lower case."""
    return _UPLOAD.fullmatch(upload) is not None


def is_public(name: str) -> bool:
    """Whether the repository belongs to the mirror of ECR Public."""
    return name.startswith(PUBLIC_PREFIX)
