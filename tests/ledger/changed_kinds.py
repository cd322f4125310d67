"""A kind that behaves otherwise for one test."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from labs.ledger import kinds


def change(patch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    """Give the kind of this name other ``fields``; the rest of the kit sees it among all others."""
    changed = [replace(kind, **fields) if kind.name == name else kind for kind in kinds.known()]
    known = kinds.Kinds([kinds.Room("tests", tuple(changed))])
    patch.setattr(kinds, "known", lambda: known)


def failing(error: Exception) -> Callable[..., Any]:
    """A function that raises ``error``, whatever it is called with."""

    def fail(*_: object) -> None:
        raise error

    return fail
