"""The names and tags of what the lab creates: how it is told apart from everything else in an account."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labs.errors import LabError

PREFIX = "fargate-lab"
KIT_TAG = "fargate-lab-kit"
OWNER_TAG = "owner"
# A part of repository names, role names and tag values alike, so the narrowest of their rules.
TRAINEE = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


@dataclass(frozen=True)
class Names:
    """The prefix of one lab, ``fargate-lab`` or ``fargate-lab-anna`` (LAB_TRAINEE=anna), and what follows from it."""

    prefix: str = PREFIX

    @property
    def repository(self) -> str:
        """The ECR repository of the sample app."""
        return f"{self.prefix}/app"

    @property
    def push_role(self) -> str:
        """The role that pushes."""
        return self.role("push")

    def role(self, purpose: str) -> str:
        """The name of a role: ``fargate-lab-push`` for ``push``."""
        return f"{self.prefix}-{purpose}"

    def owns(self, name: str) -> bool:
        """Whether ``name`` is the prefix or starts with it and ``/`` or ``-``; tags decide the rest."""
        return name == self.prefix or name.startswith((f"{self.prefix}/", f"{self.prefix}-"))

    def tags(self, owner: str) -> dict[str, str]:
        """The tags of everything the lab creates."""
        return {KIT_TAG: self.prefix, OWNER_TAG: owner}


def names_for(env: Mapping[str, str]) -> Names:
    """The names for LAB_TRAINEE; LabError when it cannot be part of a repository name and a role name."""
    trainee = env.get("LAB_TRAINEE", "")
    if not trainee:
        return Names()
    if not TRAINEE.fullmatch(trainee):
        raise LabError(
            f"LAB_TRAINEE is '{trainee}'; it becomes part of repository and role names",
            "use 1 to 20 lower-case letters, digits and hyphens, for example LAB_TRAINEE=anna",
        )
    return Names(f"{PREFIX}-{trainee}")


def owner_of(identity: str, env: Mapping[str, str]) -> str:
    """The owner tag: LAB_TRAINEE, else the last part of the identity's ARN, in the characters every service allows."""
    return env.get("LAB_TRAINEE") or re.sub(r"[^\w.:/=+@-]", "-", identity.rsplit("/", 1)[-1])[:128]
