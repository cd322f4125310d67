"""One thing about a trust policy or a role's policies, with the request that shows it."""

from dataclasses import dataclass

from labs import iam
from labs.workflow.findings import Weight


@dataclass(frozen=True)
class TrustFinding:
    """``what``: a sentence; ``next_step``: lower case, no full stop; ``place``: the statement, None where none is it.

    ``witness``: a request that is allowed and is not wanted; None for what keeps somebody out.
    """

    id: str
    what: str
    next_step: str
    weight: Weight = Weight.ERROR
    place: iam.Place | None = None
    witness: iam.Request | None = None
    evidence: str = ""

    @property
    def line(self) -> int:
        """The line in the policy's text, from 1; 0 where it is not known."""
        return self.place.line if self.place else 0
