"""Cleaning as the course does it: the receipt is kept, and stages that went with it are forgotten."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labs.errors import LabError
from labs.files import read_json, write_json
from labs.ledger import cleanup
from labs.ledger.ledger import State
from labs.ledger.receipt import Receipt
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stages
from labs.session import home as places
from labs.session.docker_login import forget_passwords
from labs.session.target import Target
from labs.verdict import Status


def clean(bench: Bench, say: Callable[[str], None] = print) -> Receipt:
    """Remove what the lab created in the account, keep the receipt, and forget the stages that are gone with it.

    LabError when the account is not confirmed or cannot be asked.
    """
    receipt = clean_account(bench.target, say)
    forget(bench)
    return receipt


def clean_account(target: Target, say: Callable[[str], None] = print) -> Receipt:
    """The same without a look at the stages, for where no engine is found: a check needs one."""
    target.require_confirmed()
    receipt = cleanup.clean(target, say)
    forget_passwords(target.home)
    _keep(target, receipt)
    return receipt


def remaining(bench: Bench) -> int:
    """How many resources the ledger has that are not known to be gone."""
    return sum(each.state is not State.GONE for each in bench.target.ledger.entries())


def forget(bench: Bench) -> None:
    """A stage whose own check no longer passes is no longer passed: later stages must not build on it."""
    for each in stages():
        if not each.lasting and bench.progress.of(each.name).passed:
            report = runner.ask(each, bench)
            # What cannot be looked at now says nothing about what is there.
            if report.verdict.status in (Status.FAIL, Status.NOT_YET):
                bench.progress.forget(each.name)


def receipt_file(home: Path) -> Path:
    """Where the last receipt is kept."""
    return places.work(home) / "receipt.json"


def _keep(target: Target, receipt: Receipt) -> None:
    row: dict[str, Any] = {
        "account": receipt.account,
        "region": receipt.region,
        "target": receipt.target,
        "created": receipt.created,
        "gone": receipt.gone,
        "left": [[each.kind, each.id, each.reason] for each in receipt.left],
        "read_at": receipt.read_at.isoformat(),
        "cost": receipt.cost.total_line() if receipt.cost else "",
    }
    write_json(receipt_file(target.home), row)


@dataclass(frozen=True)
class Kept:
    """What the check needs of the last receipt; ``left``: kind, id and reason of each."""

    created: int
    gone: int
    left: tuple[tuple[str, str, str], ...]
    read_at: datetime
    cost: str


def kept(bench: Bench, since: datetime) -> Kept | None:
    """The last receipt of this account and region, if it was read since a moment. LabError when it is damaged."""
    row = read_json(receipt_file(bench.home))
    target = bench.target
    if not row or (row.get("account"), row.get("region")) != (target.account, target.region):
        return None
    try:
        left = tuple((str(kind), str(id), str(reason)) for kind, id, reason in row["left"])
        read_at = datetime.fromisoformat(row["read_at"]).astimezone(UTC)
        found = Kept(int(row["created"]), int(row["gone"]), left, read_at, str(row["cost"]))
    except (KeyError, TypeError, ValueError) as error:
        raise LabError(
            f"{receipt_file(bench.home).name} cannot be read.", "run lab.clean() again", id="receipt-unreadable"
        ) from error
    return found if found.read_at >= since else None
