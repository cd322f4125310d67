"""What the lab costs: a small dated price table, and arithmetic over what the ledger knows. Pure.

``estimate`` makes the bill; ``builtin`` and ``parse`` read a price table. Knows nothing of AWS's APIs or of the
ledger's files.
"""

from labs.cost.bill import OVERNIGHT, Bill, Line, Period, Unpriced, Usage, estimate
from labs.cost.prices import PriceTable, builtin, parse

__all__ = ["OVERNIGHT", "Bill", "Line", "Period", "PriceTable", "Unpriced", "Usage", "builtin", "estimate", "parse"]
