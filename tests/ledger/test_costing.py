"""The ledger as the bill sees it, and the price table that LAB_PRICES names."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.ledger import costing
from labs.ledger.ledger import Ledger
from labs.session.target import Target

T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINE = """
currency = "USD"
[rate.nat-gateway]
unit = "hour"
billed = "second"
[rate.nat-gateway.usd]
us-east-1 = {usd = 100}
"""


@pytest.fixture
def gateway(account: Target) -> Target:
    """A ledger with a NAT gateway since 09:00."""
    ledger = Ledger(account.ledger.file, lambda: T0)
    ledger.created(ledger.intend("ec2 nat gateway", "", "us-east-1"), "nat-1")
    return account


def test_the_bill_runs_from_the_ledgers_times(gateway: Target) -> None:
    bill = costing.bill(gateway, {}, T0 + timedelta(minutes=61))
    assert bill.so_far == pytest.approx(2 * 0.045)
    assert bill.more == pytest.approx(12 * 0.045)


def test_what_is_gone_costs_nothing_more(gateway: Target) -> None:
    gateway.ledger.gone(1, at=T0 + timedelta(minutes=10))
    bill = costing.bill(gateway, {}, T0 + timedelta(hours=5))
    assert (bill.so_far, bill.more) == (pytest.approx(0.045), 0)


def test_what_was_never_made_costs_nothing(account: Target) -> None:
    account.ledger.intend("ec2 nat gateway", "", "us-east-1")
    assert costing.bill(account, {}).lines == ()


def test_lab_prices_names_another_table(gateway: Target, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    bill = costing.bill(gateway, {"LAB_PRICES": str(file)}, T0 + timedelta(minutes=30))
    assert bill.so_far == pytest.approx(50)
    assert str(file) in str(bill)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"[rate"])
def test_a_price_table_that_cannot_be_read_is_one_sentence(
    account: Target, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LabError, match=r"mine\.toml"):
        costing.bill(account, {"LAB_PRICES": str(file)})
