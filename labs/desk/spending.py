"""What the lab has cost so far, in one line, from the ledger alone: no call is made for it."""

from collections.abc import Mapping
from pathlib import Path

from labs.errors import LabError
from labs.ledger.costing import bill_by_ledger
from labs.ledger.lab_account import TargetName
from labs.ledger.ledger import Ledger


def so_far(home: Path, target: TargetName, env: Mapping[str, str]) -> str:
    """The line; of the account whose ledger was written last, where there are several."""
    files = sorted(home.glob(f"ledger-{target.value}-*.jsonl"), key=lambda file: file.stat().st_mtime)
    nothing = "nothing" if target is TargetName.AWS else "nothing on the local AWS"
    if not files:
        return f"{nothing} so far"
    try:
        bill = bill_by_ledger(Ledger(files[-1]), env)
    except LabError as error:
        return f"not known: {error.what}"
    without = f", without {len(bill.unpriced)} of unknown price" if bill.unpriced else ""
    amount = f"at most {bill.so_far:.2f} USD" if bill.lines else "nothing that is billed by the hour"
    if target is TargetName.AWS:
        return f"{amount} so far{without}, by list prices"
    return f"{nothing}; on AWS it would be {amount} so far{without}"
