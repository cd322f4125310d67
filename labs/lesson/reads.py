"""What a check reads, call by call: heard from botocore's event ``before-call`` on the clients that the check is given.

Source: botocore's documentation, "Extending boto3" (the events of a client).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from labs.lesson.bench import Bench


@dataclass
class Reads:
    """Operations and how often each was asked, in the order of the first time."""

    counts: Counter[str] = field(default_factory=Counter)

    def lines(self) -> tuple[str, ...]:
        """``ecr:DescribeImages`` or ``ecr:BatchGetImage, 3 times``, one for each operation."""
        return tuple(name if count == 1 else f"{name}, {count} times" for name, count in self.counts.items())

    def _hear(self, model: Any, **_: object) -> None:
        self.counts[f"{model.service_model.service_name}:{model.name}"] += 1


@contextmanager
def heard(bench: Bench) -> Iterator[tuple[Bench, Reads]]:
    """The same bench, whose readers tell what they are asked as long as the block lasts."""
    reads = Reads()
    clients: dict[str, Any] = {}

    def reader(service: str) -> Any:
        if service not in clients:
            clients[service] = bench.reader(service)
            clients[service].meta.events.register_first(
                "before-call.*.*", reads._hear, unique_id=f"labs-reads-{id(reads)}"
            )
        return clients[service]

    try:
        yield replace(bench, reader=reader), reads
    finally:
        for client in clients.values():
            client.meta.events.unregister("before-call.*.*", reads._hear, unique_id=f"labs-reads-{id(reads)}")
