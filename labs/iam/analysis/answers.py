"""What the analysis says, as plain data."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labs.iam.conditions import Condition
from labs.iam.decision import PolicyKind, Request

Texts = str | Sequence[str]


class Truth(enum.Enum):
    """What a condition is over all requests."""

    ALWAYS = "always true"
    OPEN = "true for some requests"
    NEVER = "never true"


@dataclass(frozen=True)
class Wanted:
    """Access that is wanted: ``actions`` on ``resources``, both as a policy writes them, one or several.

    ``condition``: only under these conditions, as in a policy's Condition. ``principals``: in a resource-based policy,
    for whom, as in a policy's Principal; identity policies have none.
    """

    actions: Texts
    resources: Texts = "*"
    condition: Mapping[str, Mapping[str, Texts]] | None = None
    principals: str | Mapping[str, Texts] | None = None


@dataclass(frozen=True)
class Place:
    """A statement's place: its policy's name and kind, its index from 0, its Sid ("" without one).

    ``line``, ``column``: from 1, of what in the statement is meant; 0 when the policy's text is not known.
    """

    policy: str
    kind: PolicyKind
    index: int
    sid: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [f"{self.kind.value} {self.policy}".rstrip(), f"statement {self.index + 1}"]
        parts[1] += f" ({self.sid})" if self.sid else ""
        parts += [f"line {self.line}, column {self.column}"] if self.line else []
        return ", ".join(parts)


@dataclass(frozen=True)
class JudgedCondition:
    """A condition of a statement, and what it is over all requests."""

    condition: Condition
    truth: Truth

    def __str__(self) -> str:
        values = self.condition.values
        shown = values[0] if len(values) == 1 else "[" + ", ".join(values) + "]"
        return f"{self.condition.operator} {self.condition.key} {shown}"


@dataclass(frozen=True)
class Access:
    """Access that a statement gives, or may give.

    ``place``: the statement. ``actions``: the first actions it is, as AWS writes them; ``count``: how many in all.
    ``pattern``: the Action, as written, that covers the witness's. ``resources``: the statement's Resource, as written;
    under ``not_resources`` it is everything but these. ``conditions``: the statement's, each with its truth.
    ``witness``: a request that ``evaluate`` allows and, of ``excess``, that is not wanted. None: none could be made,
    and ``unclear`` says why; then it is not known whether there is such access.
    ``known``: the catalogue has these actions; if not, they are misspelt or newer than it.
    """

    place: Place
    actions: tuple[str, ...]
    count: int
    pattern: str
    resources: tuple[str, ...]
    not_resources: bool
    conditions: tuple[JudgedCondition, ...]
    witness: Request | None
    unclear: str = ""
    known: bool = True

    @property
    def certain(self) -> bool:
        """Whether there is a witness."""
        return self.witness is not None

    @property
    def open_conditions(self) -> tuple[JudgedCondition, ...]:
        """The conditions that not every request meets."""
        return tuple(each for each in self.conditions if each.truth is Truth.OPEN)


@dataclass(frozen=True)
class Lack:
    """Wanted access that is missing.

    ``certain``: whatever the condition keys are; else it is missing for some requests only: unless ``conditions`` hold
    (of Allow statements) or as long as a Deny's do. ``actions``, ``count``, ``unclear``: as in ``Access``. ``witness``:
    a request that is wanted and that ``evaluate`` refuses. ``resource``: what is wanted, as written. ``denied_by``: the
    statement that denies the witness, if one does.
    """

    actions: tuple[str, ...]
    count: int
    resource: str
    certain: bool
    conditions: tuple[JudgedCondition, ...]
    denied_by: Place | None
    witness: Request | None
    unclear: str = ""
