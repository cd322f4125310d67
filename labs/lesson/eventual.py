"""A bench whose clients answer for a moment as AWS does: what a check must cope with, and no test could wait for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from labs.lesson.bench import Bench

Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class _Client:
    """A client with one method whose answers are changed."""

    real: Any
    method: str
    change: Change

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        return (lambda **request: self.change(found(**request))) if name == self.method else found


def answering(bench: Bench, service: str, method: str, change: Change) -> Bench:
    """The bench, but what the checks read of ``service.method`` goes through ``change`` first."""

    def reader(name: str) -> Any:
        client = bench.reader(name)
        return _Client(client, method, change) if name == service else client

    return replace(bench, reader=reader)
