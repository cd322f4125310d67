from datetime import date

import pytest

from labs.cost import builtin, parse
from labs.errors import LabError

ONE = """
currency = "USD"
[rate.x]
unit = "hour"
billed = "second"
[rate.x.usd]
eu-west-1 = {usd = 1.5, read = 2026-11-01}
"""


def test_the_kits_table_holds_the_prices_that_were_read_with_their_dates() -> None:
    table = builtin()
    endpoint = table.rates["interface-endpoint"]
    assert (endpoint.prices["us-east-1"].usd, endpoint.prices["us-east-1"].read) == (0.01, date(2026, 8, 20))
    assert (endpoint.prices["ap-northeast-1"].usd, endpoint.prices["ap-northeast-1"].read) == (0.014, None)
    assert "ap-northeast-1" not in table.rates["fargate-arm-vcpu"].prices


def test_a_table_of_ones_own_has_the_same_form() -> None:
    table = parse(ONE, "mine.toml")
    assert table.name == "mine.toml"
    assert table.rates["x"].prices["eu-west-1"].usd == 1.5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("currency = ", "Invalid value"),
        ("", "currency must be 'USD'"),
        ('currency = "EUR"', "currency must be 'USD'"),
        ('currency = "USD"\nrate = 1', "rate is not a table"),
        ('currency = "USD"\n[rate.x]\nbilled = "second"', "rate.x has no unit"),
        ('currency = "USD"\n[rate.x]\nunit = "h"\nbilled = "day"', "billed is 'day'"),
        (ONE.replace("1.5", "-1"), "rate.x.usd.eu-west-1 has no price"),
        (ONE.replace("1.5", '"1.5"'), "rate.x.usd.eu-west-1 has no price"),
        (ONE.replace("1.5", "nan"), "rate.x.usd.eu-west-1 has no price"),
        (ONE.replace("2026-11-01", "'x'"), "read is not a date"),
    ],
)
def test_a_damaged_table_says_where(text: str, why: str) -> None:
    with pytest.raises(LabError, match=r"mine\.toml is not a price table") as told:
        parse(text, "mine.toml")
    assert why in told.value.what
    assert "LAB_PRICES" in told.value.next_step
