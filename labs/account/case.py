"""What is to be diagnosed: a task that was run, a service, or a task definition not yet run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
    newest; ``digests`` what its deployment's tags name, by container; ``unread`` what could not be had.
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
    digests: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[Finding, ...] = ()


def deployed(definition: Json, tasks: Iterable[Json], reason: str) -> dict[str, str]:
    """What the tags of one deployment name, by container: from the tasks that it has started, and from what one said.

    ``tasks`` as describe_tasks answers; ``reason`` names ``IMAGE:TAG@sha256:...`` when that image could not be pulled.
    """
    found = {}
    for each in definition.get("containerDefinitions") or ():
        said = re.search(re.escape(str(each.get("image", ""))) + r"@(sha256:[0-9a-f]{64})", reason)
        if said:
            found[str(each.get("name", ""))] = said[1]
    held = [each for task in tasks for each in task.get("containers", ()) if each.get("imageDigest")]
    return {str(each["name"]): str(each["imageDigest"]) for each in held} | found
