"""What a start reads besides the network: permissions, the registry, the secrets, the log groups.

Each is a protocol: the local AWS answers from its stores, a diagnosis from read-only calls. An answer that cannot be
had raises CannotRead, and the step that asked is CANNOT CHECK. No answer ever holds a secret's value.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from labs import iam, oci, partitions
from labs.fargate.image import ImageRef
from labs.fargate.task import Secret

Context = Mapping[str, iam.decision.ContextValue]


_SERVICE = iam.Principal("ecs-tasks.amazonaws.com", "", iam.PrincipalKind.SERVICE)


def assumption(role_arn: str, account: str, region: str, now: datetime) -> iam.Request:
    """How ECS asks for a role of a task at ``now`` (aware).

    ECS Developer Guide, "Amazon ECS task execution IAM role": what a trust policy may ask of the caller.
    """
    context = {
        **iam.principal_keys(_SERVICE),
        **iam.connection_keys(iam.Connection(region, user_agent=_SERVICE.arn)),
        **iam.time_keys(now),
        "aws:SourceAccount": account,
        "aws:SourceArn": partitions.arn("ecs", region, account, "*"),
    }
    return iam.Request(_SERVICE, "sts:AssumeRole", role_arn, context, account)


class CannotRead(Exception):
    """The reader may not, or cannot, see what was asked. ``str()`` says what and why, in one sentence."""


class Permissions(Protocol):
    """Decides as AWS would for the task's roles, with the policies as they are now."""

    @property
    def now(self) -> datetime:
        """The moment at which every call of the start is made, aware: what ``aws:CurrentTime`` says."""
        ...

    def decide(
        self,
        principal: iam.Principal,
        action: str,
        resource: str,
        context: Context,
        endpoint: iam.Policy | None,
    ) -> iam.Decision:
        """Evaluate one call of a role session: the role's policies, boundary and SCPs, the resource's own policy, and
        ``endpoint``, the policy of the VPC endpoint the call goes through (None: it goes through none).

        ``context``: the keys of the connection, of the time and of the call; those of the role are added."""
        ...

    def trust(self, role_arn: str) -> iam.Decision | None:
        """Whether ``ecs-tasks.amazonaws.com`` may assume the role; None when there is no such role."""
        ...


class Missing(enum.Enum):
    """Why the registry has no image to give."""

    REPOSITORY = "the repository does not exist"
    IMAGE = "the repository has no such tag or digest"
    REFUSED = "the registry refuses it"


@dataclass(frozen=True)
class ImageMissing:
    """The registry's answer when there is no image."""

    kind: Missing


@dataclass(frozen=True)
class ImageFound:
    """What a name points at. ``platform``: that of a one-platform image, from its config; None when not known.

    ``layers``: by platform, bottom first, where known. ``command``: the program a one-platform image starts, "" when
    not known. ``unread``: why the platform of a one-platform image is not known, "" when its config does not say.
    """

    digest: str
    content: oci.Index | oci.Manifest
    platform: oci.Platform | None = None
    layers: Mapping[oci.Platform, tuple[oci.Descriptor, ...]] = field(default_factory=dict)
    command: str = ""
    unread: str = ""


class Registry(Protocol):
    """What is in the registries. It does not decide permissions."""

    def resolve(self, image: ImageRef) -> ImageFound | ImageMissing:
        """Look an image up by tag or digest."""
        ...


@dataclass(frozen=True)
class SecretFound:
    """A parameter or secret that is there.

    ``key_arn``: the customer managed KMS key it is under, "" for an AWS managed key or none. ``has_value``: whether the
    stage asked for has one. ``json_keys``: the keys of its JSON, None when not known.
    """

    arn: str
    key_arn: str = ""
    has_value: bool = True
    json_keys: frozenset[str] | None = None


class Secrets(Protocol):
    """Parameters and secrets, by name or ARN; never their values."""

    def find(self, secret: Secret) -> SecretFound | None:
        """Look one up; None when it does not exist."""
        ...


class Logs(Protocol):
    """CloudWatch Logs."""

    def has_group(self, name: str, region: str) -> bool:
        """Whether the log group exists."""
        ...
