"""Where the lines of a picture end."""

import pytest

from labs.ui import svg

pytestmark = pytest.mark.unit
WORDS = "a task at {}, the interface endpoint of ecr.api at {}, and another at {}; nothing in 10.0.0.0/16 beside"


@pytest.mark.parametrize("width", range(60, 700, 7))
def test_an_address_with_fewer_digits_ends_no_line_elsewhere(width: int) -> None:
    one = svg.wrapped(WORDS.format("10.0.1.4", "10.0.2.9", "10.0.1.5"), width, 12)
    other = svg.wrapped(WORDS.format("10.0.1.104", "10.0.2.99", "10.0.1.254"), width, 12)
    assert len(one) == len(other)
    assert [line.count(" ") for line in one] == [line.count(" ") for line in other]
    assert "\x00" not in "".join([*one, *other])


def test_other_numbers_are_as_wide_as_they_are() -> None:
    assert svg.wrapped("10.0.0.0/16 1.2.3 1.2.3.4.5", 1000, 12) == ["10.0.0.0/16 1.2.3 1.2.3.4.5"]
