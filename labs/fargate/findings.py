"""What a diagnosis finds: one line a step or cause, and what is known of the task besides its start."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from labs.fargate.steps import ContainerEnd


class FindingStatus(enum.Enum):
    """What a finding says of its step."""

    PASS = "PASS"
    FAIL = "FAIL"
    CANNOT_CHECK = "CANNOT CHECK"


@dataclass(frozen=True)
class Finding:
    """One step's or one cause's line.

    ``cause`` is one sentence; ``evidence`` lines of proof: the question and its answer, then each hop or the rule that
    decided; ``next_action`` the one change, "" for a PASS; ``text_id`` the text of AWS it leads to, "" for none;
    ``why``: of a CANNOT CHECK, what kept it from being checked.
    """

    status: FindingStatus
    step: str
    cause: str
    evidence: tuple[str, ...] = ()
    next_action: str = ""
    rule: str = ""
    text_id: str = ""
    why: str = ""


@dataclass(frozen=True)
class Told:
    """What DescribeTasks says of a task: ``lastStatus``, ``stoppedReason``, ``stopCode``, each container's end.

    All empty for a task that never ran. ``reason`` may also be a container's own, or that of a service's event.
    ``again`` is how it is tried again.
    """

    reason: str = ""
    status: str = ""
    stop_code: str = ""
    containers: Mapping[str, ContainerEnd] = field(default_factory=dict)
    again: str = "Run the task again."

    @property
    def runs(self) -> bool:
        """Whether it runs now."""
        return self.status == "RUNNING"
