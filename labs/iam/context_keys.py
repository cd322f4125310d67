"""Which condition keys a policy looks at: those of its conditions and of its policy variables.

Source: IAM API reference, GetContextKeysForCustomPolicy ("context keys are variables maintained by AWS"; they are used
in the Condition element and as policy variables).
"""

from collections.abc import Iterator

from labs.iam.decision import Policy
from labs.iam.statement import Statement
from labs.iam.variables import names_in


def context_keys(policy: Policy) -> tuple[str, ...]:
    """The keys as written, each once (in whatever case), in the order in which they stand."""
    found: dict[str, str] = {}
    for statement in policy.statements:
        for key in _of_statement(statement, policy.version != "2008-10-17"):
            found.setdefault(key.lower(), key)
    return tuple(found.values())


def _of_statement(statement: Statement, variables: bool) -> Iterator[str]:
    texts = list(statement.resources.written) if statement.resources is not None else []
    for condition in statement.conditions:
        yield condition.key
        texts += condition.values
    if variables:
        for text in texts:
            yield from names_in(text)
