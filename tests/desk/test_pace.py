"""How often the gates are looked at: at once after a change, ever more seldom without one."""

import pytest

from labs.desk import pace
from labs.desk.pace import LOCAL, ON_AWS, Pace

pytestmark = pytest.mark.unit


def looks_within(seconds: float, rhythm: Pace, *, took_s: float = 0.2, waits: bool = False) -> int:
    """How many looks there are in that time when nothing changes."""
    now_s, count, last = 0.0, 0, None
    while now_s < seconds:
        if pace.due(rhythm, last, now_s, changed=False):
            now_s += took_s
            count += 1
            last = pace.after(last, ended_s=now_s, took_s=took_s, same=last is not None, waits=waits)
        now_s += 0.5
    return count


@pytest.mark.parametrize("rhythm", [LOCAL, ON_AWS])
@pytest.mark.parametrize("waits", [True, False])
def test_an_hour_without_a_change_leaves_the_evidence_in_the_trails_reach(rhythm: Pace, waits: bool) -> None:
    # A check reads forty pages of fifty events; a look makes about ten calls.
    assert looks_within(3600, rhythm, waits=waits) <= 60


def test_what_may_resolve_itself_is_waited_for() -> None:
    assert looks_within(120, LOCAL, waits=True) >= 10
    assert looks_within(120, LOCAL, waits=False) <= 6


@pytest.mark.parametrize(("rhythm", "least_s"), [(LOCAL, 2.0), (ON_AWS, 15.0)])
def test_a_change_is_looked_at_at_once_but_never_without_a_pause(rhythm: Pace, least_s: float) -> None:
    last = pace.after(None, ended_s=100.0, took_s=0.1, same=False, waits=False)
    assert not pace.due(rhythm, last, 100.0 + least_s - 0.1, changed=True)
    assert pace.due(rhythm, last, 100.0 + least_s, changed=True)


@pytest.mark.parametrize("took_s", [0.1, 3.0, 40.0])
def test_looks_never_take_more_than_a_tenth_of_a_quiet_hour(took_s: float) -> None:
    assert looks_within(3600, LOCAL, took_s=took_s, waits=True) * took_s <= 0.12 * 3600 + took_s


def test_after_a_change_the_pauses_begin_anew() -> None:
    last = None
    for turn in range(8):
        last = pace.after(last, ended_s=float(turn), took_s=0.1, same=True, waits=False)
    assert pace.pause_s(LOCAL, last, changed=False) == LOCAL.longest_s
    assert pace.pause_s(LOCAL, pace.unrest(last), changed=False) == LOCAL.quiet_s
