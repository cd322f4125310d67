"""What cleaning says: the outcome for each resource, and the receipt."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from labs.cost import Bill
from labs.printable import printable


class Outcome(StrEnum):
    """The outcome for one resource."""

    GONE = "gone"
    LEFT = "left"
    NOT_OURS = "not ours"
    WOULD_GO = "would go"


@dataclass(frozen=True)
class Item:
    """One resource and its outcome; ``reason`` is empty when it simply went."""

    kind: str
    id: str
    outcome: Outcome
    reason: str = ""

    def __str__(self) -> str:
        reason = f"  ({self.reason})" if self.reason else ""
        return f"  {self.outcome:<8}  {self.kind:<27}  {printable((self.id or '(no id yet)') + reason)}"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was created, what of it is gone, what is left: counted in the account after the last delete.

    ``cost`` is what it has cost by the ledger's times; None when the price table cannot be read. ``not_read`` are kinds
    that these credentials may not list and of which, by the ledger, the lab has made nothing.
    """

    account: str
    region: str
    target: str
    created: int
    gone: int
    left: tuple[Item, ...]
    read_at: datetime
    cost: Bill | None = None
    not_read: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [
            f"Receipt for account {self.account}, region {self.region}, target {self.target}",
            f"  created {self.created}, gone {self.gone}, left {len(self.left)}",
            *([f"  {self._cost_line()}"] if self.cost else []),
            f"  re-read from the account at {self.read_at:%Y-%m-%d %H:%M:%S} UTC",
            *([f"  not looked for, for lack of permission: {', '.join(self.not_read)}"] if self.not_read else []),
            *(str(item) for item in self.left),
        ]
        return "\n".join(lines)

    def _cost_line(self) -> str:
        assert self.cost is not None
        if self.target == "local":
            return f"cost {self.cost.total_line()} on AWS; nothing on the local AWS"
        return f"cost {self.cost.total_line()}"
