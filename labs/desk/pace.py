"""When to look at the gates again: at once after a change, else ever more seldom, and never as a burden. Pure.

Every look leaves calls in the trail, and a check reads a bounded number of them: who looked every few seconds for an
hour would push the evidence out of sight. AWS allows two lookups of CloudTrail a second in an account and Region
(CloudTrail API reference, LookupEvents).
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Pace:
    """Seconds: between two looks after a change; without one, the first pause and the longest."""

    changed_s: float
    quiet_s: float
    longest_s: float


LOCAL = Pace(changed_s=2.0, quiet_s=10.0, longest_s=300.0)
ON_AWS = Pace(changed_s=15.0, quiet_s=15.0, longest_s=600.0)
# What may resolve itself is waited for at the first pause, this many times.
PATIENT = 30
# A look that takes long may not take more than this part of the time.
SHARE = 0.1


@dataclass(frozen=True)
class Looked:
    """The last look: when it ended (monotonic seconds), how long it took, how many in a row have found the same."""

    ended_s: float
    took_s: float
    same: int = 0
    waits: bool = False


def after(before: Looked | None, *, ended_s: float, took_s: float, same: bool, waits: bool) -> Looked:
    """The last look, after one more; ``same``: it found what the one before did, and nothing had changed."""
    again = before.same + 1 if before is not None and same else 0
    return Looked(ended_s, took_s, again, waits)


def unrest(last: Looked) -> Looked:
    """After a change: the pauses begin anew."""
    return replace(last, same=0)


def pause_s(pace: Pace, last: Looked, *, changed: bool) -> float:
    """Seconds from the end of the last look to the next."""
    if changed:
        return max(pace.changed_s, last.took_s)
    doubled = 0 if last.waits and last.same < PATIENT else last.same
    quiet = min(pace.quiet_s * 2.0 ** min(doubled, 16), pace.longest_s)
    return max(quiet, last.took_s / SHARE)


def due(pace: Pace, last: Looked | None, now_s: float, *, changed: bool) -> bool:
    """Whether it is time to look."""
    return last is None or now_s - last.ended_s >= pause_s(pace, last, changed=changed)
