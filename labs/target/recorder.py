"""The hook between boto3 and the ledger: on every client that a Target gives out.

Before a create call leaves this machine it is named by the lab's prefix, tagged and written down; what the ledger could
not take back is refused. botocore's events used: ``before-parameter-build``, ``before-call``, ``after-call``.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from labs.errors import LabError
from labs.target import kinds
from labs.target.ledger import Ledger
from labs.target.names import Names

_NOTE = "fargate_lab_entry"
# The answer to a create call that does not prove that nothing was made: a retry may have met its own first try.
_ALREADY_THERE = ("AlreadyExists", "Duplicate", "Conflict")


class Recorder:
    """Writes what one lab creates into its ledger. ``allow`` raises LabError while creating is not yet allowed."""

    def __init__(self, ledger: Ledger, names: Names, tags: Mapping[str, str], allow: Callable[[], None]) -> None:
        self._ledger = ledger
        self._names = names
        self._tags = dict(tags)
        self._allow = allow

    def watch(self, client: Any, region: str) -> None:
        """Follow every call of a boto3 client of a region."""
        events = client.meta.events
        # Last, so that nothing changes the request after it was read.
        events.register_last("before-parameter-build", self._prepare)
        events.register_last("before-call", lambda **event: self._write_down(region, **event))
        events.register_first("after-call", self._conclude)

    def _prepare(self, params: MutableMapping[str, Any], model: Any, context: dict[str, Any], **_: object) -> None:
        service, operation = model.service_model.service_name, model.name
        kind = kinds.made_by(service, operation)
        if kind is None:
            if kinds.leaves_something(service, operation):
                raise LabError(
                    f"{service}:{operation} was not sent: the ledger does not know how to take it back.",
                    "add its kind to labs/target/kinds.py and labs/target/removal.py",
                )
            gone = kinds.removed_by(service, operation)
            if gone is not None:
                context[_NOTE] = (gone, gone.id_of(params), None)
            return
        self._allow()
        name = str(params.get(kind.named_by[0], "")) if kind.named_by else ""
        if kind.named_by and name and not self._names.owns(name):
            raise LabError(
                f"{service}:{operation} was not sent: the name '{name}' does not begin with '{self._names.prefix}'.",
                f"name it {self._names.prefix}-something (a repository {self._names.prefix}/something)",
            )
        kind.tag(params, self._tags)
        context[_NOTE] = (kind, kind.id_of(params), None)

    def _write_down(self, region: str, model: Any, context: dict[str, Any], **_: object) -> None:
        kind, id, _n = context.get(_NOTE, (None, "", None))
        if kind is not None and kind.create == model.name:
            context[_NOTE] = (kind, id, self._ledger.intend(kind.name, id, region))

    def _conclude(self, http_response: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        kind, id, n = context.get(_NOTE, (None, "", None))
        if kind is None:
            return
        code = str(parsed.get("Error", {}).get("Code", ""))
        status = int(http_response.status_code)
        if n is None:
            if status < 300 or code in kind.absent:
                self._ledger.gone_by_id(kind.name, id)
        elif status < 300:
            self._ledger.created(n, kind.id_from(parsed))
        elif status < 500 and not any(word in code for word in _ALREADY_THERE):
            self._forget(n, code)

    def _forget(self, n: int, code: str) -> None:
        """A refused call made nothing; but a resource that was there before (a policy put twice) still is."""
        entry = next((entry for entry in self._ledger.entries() if entry.n == n), None)
        if entry is not None and not entry.was_created:
            self._ledger.gone(n, f"not created: {code}")
