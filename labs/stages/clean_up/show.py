"""What the notebook of stage 07 shows: the cost, kind by kind."""

from labs.cost import Line
from labs.ledger import costing
from labs.lesson.bench import Bench
from labs.ui import text


def cost(bench: Bench) -> str:
    """What the lab has cost on AWS since its last receipt, and what it will by tomorrow morning, in USD."""
    bill = costing.bill(bench.target, bench.env)
    hours = bill.ahead.total_seconds() / 3600
    kinds: dict[str, list[Line]] = {}
    for line in sorted(bill.lines, key=lambda line: line.kind):
        kinds.setdefault(line.kind, []).append(line)
    rows = [_row(kind, kinds[kind]) for kind in sorted(kinds, key=lambda kind: -sum(each.more for each in kinds[kind]))]
    rows.append(("total", "", f"{bill.so_far:.2f}", f"{bill.more:.2f}"))
    shown = [text.table(("USD on AWS", "how many", "so far", f"in {hours:g} more hours"), rows), ""]
    shown += [f"Not included: {len(bill.unpriced)} of unknown price."] if bill.unpriced else []
    shown.append(f"List {bill.dated()}; at most, without tax. Each item: labs clean --dry-run")
    return "\n".join(shown)


def _row(kind: str, lines: list[Line]) -> tuple[str, str, str, str]:
    so_far, more = sum(each.so_far for each in lines), sum(each.more for each in lines)
    return kind, str(len({each.id for each in lines})), f"{so_far:.2f}", f"{more:.2f}"
