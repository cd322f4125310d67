"""Words as the lab prints them."""

import pytest

from labs.ui import text


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("Run the task again.", "run the task again"),
        ("In sg-1, allow inbound tcp 443 from sg-2.", "in sg-1, allow inbound tcp 443 from sg-2"),
        ("lab.reset() starts over", "lab.reset() starts over"),
        ("Say which: --group sg-...", "say which: --group sg-..."),
        ("", ""),
    ],
)
def test_what_follows_next_begins_with_a_small_letter_and_has_no_full_stop(sentence: str, step: str) -> None:
    assert text.as_next(sentence) == step
