"""The names and tags of what the lab creates: how it is told apart from everything else in an account."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from labs.errors import LabError

PREFIX = "fargate-lab"
KIT_TAG = "fargate-lab-kit"
OWNER_TAG = "owner"
# What EC2 and its console call a resource.
NAME_TAG = "Name"
EXPIRES_TAG = "expires-at"
# Finds a resource whose id the account chose in an answer that never arrived.
ENTRY_TAG = "fargate-lab-entry"
LIFETIME = timedelta(hours=8)
_LONGEST_H = 24 * 31
# What botocore calls the session of a role when nobody says: another in each process, and nobody else's.
GENERATED = re.compile(r"botocore-session-\d+")
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
        """Whether ``name`` is the prefix or starts with it and ``/`` or ``-``; tags decide the rest.

        Log groups and parameters may have one more ``/`` before it.
        """
        name = name.removeprefix("/")
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
            id="trainee-name-malformed",
        )
    return Names(f"{PREFIX}-{trainee}")


def owner_of(identity: str, env: Mapping[str, str]) -> str:
    """The owner tag: LAB_TRAINEE, else the last part of the identity's ARN, in the characters every service allows."""
    return env.get("LAB_TRAINEE") or re.sub(r"[^\w.:/=+@-]", "-", identity.rsplit("/", 1)[-1])[:128]


def lifetime(env: Mapping[str, str]) -> timedelta:
    """LAB_HOURS, by default 8: how long after its creation a resource counts as forgotten.

    LabError when it is not a number of hours.
    """
    given = env.get("LAB_HOURS", "").strip()
    if not given:
        return LIFETIME
    try:
        hours = float(given)
    except ValueError:
        hours = math.nan
    if not 0 < hours <= _LONGEST_H:
        raise LabError(
            f"LAB_HOURS is '{given}'; it is how many hours the lab may stay, up to {_LONGEST_H}.",
            "set it to a number, for example LAB_HOURS=8",
            id="lifetime-malformed",
        )
    return timedelta(hours=hours)


def stamp(moment: datetime) -> str:
    """A moment as the tags and the ledger write it: ``2026-11-23T20:15:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime | None:
    """The moment that ``stamp`` wrote; None when it is not one."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
