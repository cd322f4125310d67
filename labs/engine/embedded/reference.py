"""Image names: ``host/repository:tag@digest`` as Docker reads and completes them.

Source: the distribution reference grammar (distribution/reference) and Docker's familiar names.
"""

import re
from dataclasses import dataclass, replace

from labs import oci
from labs.errors import LabError

HUB = "docker.io"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?")


@dataclass(frozen=True)
class Reference:
    """A complete image name; ``tag`` is "" only when ``digest`` is given alone."""

    host: str
    repository: str
    tag: str = "latest"
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def name(self) -> str:
        """Host and repository, without tag and digest."""
        return f"{self.host}/{self.repository}"

    @property
    def familiar(self) -> str:
        """The name without what Docker leaves out: ``app:dev`` for ``docker.io/library/app:dev``."""
        if self.host != HUB:
            return str(self)
        return str(self).removeprefix(f"{HUB}/").removeprefix("library/")

    @property
    def target(self) -> str:
        """What the manifest URL ends in: the digest when there is one, else the tag."""
        return self.digest or self.tag

    def at(self, digest: str) -> "Reference":
        """The same repository by digest."""
        return replace(self, tag="", digest=digest)


def parse(text: str) -> Reference:
    """Read an image name; LabError in Docker's words when it is not one."""
    rest, _, digest = text.partition("@")
    if digest and not _DIGEST.fullmatch(digest):
        raise LabError(f'invalid reference format: "{text}" has a malformed digest', id="malformed-digest")
    host, path = oci.split_host(rest)
    host = host or HUB
    name, colon, tag = path.partition(":")
    if host == HUB and "/" not in name:
        name = f"library/{name}"
    if name != name.lower():
        raise LabError(
            f"invalid reference format: repository name ({name}) must be lowercase", id="repository-not-lowercase"
        )
    if not _HOST.fullmatch(host) or not _NAME.fullmatch(name) or (colon and not _TAG.fullmatch(tag)):
        raise LabError(
            f'invalid reference format: "{text}" is not an image name',
            "write it like HOST/REPOSITORY:TAG",
            id="not-an-image-name",
        )
    return Reference(host, name, tag or ("" if digest else "latest"), digest)
