"""What is to be diagnosed: a task that was run, a service, or a task definition not yet run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.fargate.findings import Finding, Told

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a task stands or will stand: subnets, groups, and whether it has a public address.

    Empty subnets: not known. ``groups`` None: not known; empty: the VPC's default group.
    """

    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    public: bool = False

    @classmethod
    def of(cls, network: Json | None) -> Place:
        """Read ``networkConfiguration``."""
        raw = (network or {}).get("awsvpcConfiguration") or {}
        public = raw.get("assignPublicIp") == "ENABLED"
        return cls(tuple(raw.get("subnets") or ()), tuple(raw.get("securityGroups") or ()), public)

    @property
    def network(self) -> dict[str, Any]:
        """As run_task takes it."""
        public = "ENABLED" if self.public else "DISABLED"
        place = {"subnets": list(self.subnets), "securityGroups": list(self.groups or ()), "assignPublicIp": public}
        return {"awsvpcConfiguration": place}


@dataclass(frozen=True)
class Case:
    """One start to look into.

    ``title`` names it; ``definition`` is describe_task_definition's answer; ``place`` where it starts; ``told`` what a
    task of it said; ``state`` in words; ``task`` describe_tasks' answer, None when none ran; ``events`` a service's
    newest; ``unread`` what could not be had.
    """

    title: str
    cluster: str
    definition: Json
    place: Place
    told: Told = field(default_factory=Told)
    state: str = ""
    task: Json | None = None
    task_id: str = "TASK_ID"
    overrides: Json | None = None
    platform_version: str = "LATEST"
    exec_enabled: bool = False
    events: tuple[str, ...] = ()
    unread: tuple[Finding, ...] = ()
