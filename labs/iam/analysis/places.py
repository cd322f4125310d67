"""Where a statement stands in its policy's text."""

from functools import lru_cache

from labs.iam.analysis.answers import Place
from labs.iam.decision import Policy
from labs.iam.positions import JsonPath, line_and_column, offset_of, statement_offsets
from labs.iam.statement import Statement


def place_of(policy: Policy, statement: Statement, element: str = "", number: int = 0) -> Place:
    """The place of a statement, or of an entry of one of its elements (``Action``, ``Resource``, from 0)."""
    line = column = 0
    if policy.text:
        start = _statements(policy.text)[statement.index]
        path: JsonPath = (element, number) if element else ()
        line, column = line_and_column(policy.text, start + offset_of(policy.text[start:], path))
    return Place(policy.name, policy.kind, statement.index, statement.sid, line, column)


@lru_cache(maxsize=64)
def _statements(text: str) -> tuple[int, ...]:
    return statement_offsets(text)
