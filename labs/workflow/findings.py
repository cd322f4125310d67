"""What a review finds: plain values, the same for the kit's own rules and for the linters."""

import enum
from dataclasses import dataclass


class Weight(enum.Enum):
    """What a finding means for the lab."""

    ERROR = "error"
    ADVICE = "advice"
    # Something that decides stands outside the file: neither right nor wrong can be said.
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Finding:
    """One thing about a workflow.

    ``id``: stable, in kebab-case; ``line``: from 1; ``what``: a sentence; ``next_step``: what to do, lower case, no
    full stop; ``found_by``: ``kit``, ``zizmor`` or ``jactionlint``; ``evidence``: where the rule comes from.
    """

    id: str
    line: int
    what: str
    next_step: str
    found_by: str = "kit"
    weight: Weight = Weight.ERROR
    evidence: str = ""


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that are wrong for certain."""
    return tuple(each for each in findings if each.weight is Weight.ERROR)
