"""An image's name, and which registry answers for it.

Source: Docker's reference grammar (a first part with a dot, a colon or ``localhost`` is a host); Amazon ECR User
Guide, "Amazon ECR registries" (``ACCOUNT.dkr.ecr.REGION.amazonaws.com``).
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace

from labs import oci, partitions

_ECR_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|amazonaws\.eu|on\.aws)"
)
_PUBLIC = "public.ecr.aws"
_HUB = "registry-1.docker.io"


class RegistryKind(enum.Enum):
    """Who keeps the image."""

    ECR = "Amazon ECR"
    ECR_PUBLIC = "Amazon ECR Public"
    OTHER = "another registry"


@dataclass(frozen=True)
class ImageRef:
    """``text`` as the task definition has it, taken apart.

    ``host`` is the registry a task on AWS would call (for a name on the local AWS: this account's ECR host);
    ``account`` and ``region`` of an ECR repository, else ""; ``tag`` or ``digest`` is "" when the name has none.
    """

    text: str
    kind: RegistryKind
    host: str
    repository: str
    tag: str = ""
    digest: str = ""
    account: str = ""
    region: str = ""

    @classmethod
    def parse(cls, text: str, account: str, region: str, registry_host: str = "") -> ImageRef:
        """Read an image name. ``registry_host`` stands for the private registry of ``account`` in ``region``."""
        name, _, digest = text.partition("@")
        head, rest = oci.split_host(name)
        if not head:
            head, rest = _HUB, name if "/" in name else f"library/{name}"
        path, colon, tag = rest.rpartition(":")
        repository, tag = (path, tag) if colon else (rest, "")
        if not tag and not digest:
            tag = "latest"
        # The local AWS keeps its mirror of ECR Public under the host's own path.
        if head == registry_host and repository.startswith(_PUBLIC + "/"):
            head, repository = _PUBLIC, repository.removeprefix(_PUBLIC + "/")
        if head == registry_host:
            head = partitions.host(f"{account}.dkr.ecr", region)
        match = _ECR_HOST.fullmatch(head)
        if match:
            owner, where = match["account"], match["region"]
            return cls(text, RegistryKind.ECR, head, repository, tag, digest, owner, where)
        kind = RegistryKind.ECR_PUBLIC if head == _PUBLIC else RegistryKind.OTHER
        return cls(text, kind, head, repository, tag, digest)

    def pinned(self, digest: str) -> ImageRef:
        """The same tag with the digest that it stood for: ``repository:tag@sha256:...``."""
        return replace(self, text=f"{self.text}@{digest}", digest=digest)

    @property
    def reference(self) -> str:
        """What the registry is asked for: the digest, else the tag."""
        return self.digest or self.tag

    @property
    def arn(self) -> str:
        """The ECR repository's ARN, "" outside ECR."""
        if self.kind is not RegistryKind.ECR:
            return ""
        return partitions.arn("ecr", self.region, self.account, f"repository/{self.repository}")

    @property
    def manifest_url(self) -> str:
        """The URL of the manifest on AWS."""
        return f"https://{self.host}/v2/{self.repository}/manifests/{self.reference}"
