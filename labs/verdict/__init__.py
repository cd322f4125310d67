"""Verdicts: what a check says, the catalogue of its messages, and the oracle of expected failures."""

from labs.verdict.catalogue import BadCatalogue, Catalogue, Message
from labs.verdict.gates import Gate, Report, run_gates
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
    "read_trail",
    "run_gates",
]
