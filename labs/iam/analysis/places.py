"""Where a statement stands in its policy's text."""

from labs.iam.analysis.answers import Place
from labs.iam.decision import Policy
from labs.iam.positions import JsonPath, line_and_column, offset_of
from labs.iam.statement import Statement


def place_of(policy: Policy, statement: Statement, element: str = "", number: int = 0) -> Place:
    """The place of a statement, or of an entry of one of its elements (``Action``, ``Resource``, from 0)."""
    line = column = 0
    if policy.text:
        listed: JsonPath = ("Statement", statement.index)
        single = policy.text[offset_of(policy.text, ("Statement",))] == "{"
        path = (*(("Statement",) if single else listed), *((element, number) if element else ()))
        line, column = line_and_column(policy.text, offset_of(policy.text, path))
    return Place(policy.name, policy.kind, statement.index, statement.sid, line, column)
