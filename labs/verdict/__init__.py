"""Verdicts: what a check says, the catalogue of its messages, and the oracle of expected failures.

``run_gates`` gives a ``Report``, ``Catalogue`` the words behind a message id, ``expect_denied`` the judgement of an
intended refusal. Knows no stage and no target: evidence comes in as plain values.
"""

from labs.verdict.gates import Gate, Report, looking, run_gates
from labs.verdict.messages import BadCatalogue, Catalogue, Message
from labs.verdict.oracle import OracleAnswer, OracleOutcome, expect_denied
from labs.verdict.trail import Event, read_trail
from labs.verdict.verdict import Status, Verdict

__all__ = [
    "BadCatalogue",
    "Catalogue",
    "Event",
    "Gate",
    "Message",
    "OracleAnswer",
    "OracleOutcome",
    "Report",
    "Status",
    "Verdict",
    "expect_denied",
    "looking",
    "read_trail",
    "run_gates",
]
