"""The hook between boto3 and the ledger: on every client that a Target gives out.

Before a create call leaves this machine it is named by the lab's prefix, tagged and written down; what the ledger could
not take back is refused. botocore's events used: ``before-parameter-build``, ``before-call``, ``after-call``.
"""

import secrets
import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.failures import denied
from labs.ledger import kinds
from labs.ledger.kind import Kind
from labs.ledger.ledger import Entry, Ledger, State
from labs.ledger.names import ENTRY_TAG, EXPIRES_TAG, LIFETIME, Names, stamp

_NOTE = "fargate_lab_entry"
# The answer to a create call that does not prove that nothing was made: a retry may have met its own first try.
_ALREADY_THERE = ("AlreadyExists", "Duplicate", "Conflict", "ResourceExists")


# "Eventual consistency in the Amazon EC2 API" (EC2 developer guide): describe it again, waiting longer each time.
SEEN_S, _SEEN_TRIES = 15.0, 8
# With the pauses below, half a minute.
_ROLE_TRIES = 7
# They change nothing.
_READING = ("Assume", "BatchCheck", "BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Simulate")


def _young(entry: Entry, now: datetime) -> bool:
    if entry.state is not State.CREATED or entry.created_at is None:
        return False
    return (now - entry.created_at).total_seconds() < SEEN_S


def role_not_seen_yet(response: Any, attempts: int, **_: object) -> float | None:
    """Seconds until ECS is asked again, which cannot assume a role yet; the first time a line says so.

    [field] awslabs/fargatecli#35: the first call in an account makes ECS's service-linked role, and comes too early
    for it. IAM is eventually consistent (IAM user guide), so a role of one's own may be too young as well.
    """
    error = response[1].get("Error", {}) if response else {}
    words = str(error.get("Message", ""))
    if "nable to assume the" not in words or attempts > _ROLE_TRIES:
        return None
    if attempts == 1:
        which = "its service-linked role" if "service linked" in words else "the role"
        print(f"ECS cannot assume {which} yet; a new role takes some seconds. Trying again ...", file=sys.stderr)
    return min(1.0 * 1.5**attempts, 6.0)


@dataclass
class _CreateCall:
    """A create call on its way."""

    kind: Kind
    id: str
    token: str
    facts: Mapping[str, Any]
    n: int = 0


@dataclass(frozen=True)
class _DeleteCall:
    """A delete call on its way."""

    kind: Kind
    params: Mapping[str, Any]


@dataclass(frozen=True)
class _CostCall:
    """A call on its way that changes what a resource costs."""

    kind: Kind
    id: str
    facts: Mapping[str, Any]


@dataclass(kw_only=True)
class Recorder:
    """Writes what one lab creates into its ledger.

    ``owns`` says whether what carries some tags is this lab's.
    ``allow`` raises LabError while creating is not yet allowed; ``lifetime`` is how far ahead ``expires-at`` lies.
    ``on_aws``: EC2 may answer for some seconds as if what was made were not there.
    """

    ledger: Ledger
    names: Names
    tags: Mapping[str, str]
    owns: Callable[[Mapping[str, str]], bool]
    allow: Callable[[], None]
    lifetime: timedelta = LIFETIME
    on_aws: bool = False
    _seen: set[str] = field(default_factory=set)

    def watch(self, client: Any, region: str) -> None:
        """Follow every call of a boto3 client of a region."""
        events = client.meta.events
        # Last, so that nothing changes the request after it was read.
        events.register_last("before-parameter-build", lambda **event: self._prepare(client, **event))
        events.register_last("before-call", lambda **event: self._write_down(region, **event))
        events.register_first("after-call", lambda **event: self._conclude(region, **event))
        if self.on_aws and client.meta.service_model.service_name == "ec2":
            events.register_first("needs-retry", lambda **event: self._not_seen_yet(region, **event))
        if self.on_aws and client.meta.service_model.service_name == "ecs":
            events.register_first("needs-retry", role_not_seen_yet)

    def _prepare(
        self, client: Any, params: MutableMapping[str, Any], model: Any, context: dict[str, Any], **_: object
    ) -> None:
        service, operation = model.service_model.service_name, model.name
        known = kinds.known()
        kind = known.made_by(service, operation)
        if kind is not None:
            self.allow()
            self._must_be_ours(client, f"{service}:{operation}", kind, params)
            context[_NOTE] = self._tagged(client, kind, params)
            return
        if filled := known.filled_by(service, operation):
            kind, parameter = filled
            self._content_must_be_ours(client, f"{service}:{operation}", kind, params.get(parameter))
            return
        if known.leaves_something(service, operation):
            raise LabError(
                f"{service}:{operation} was not sent: the ledger does not know how to take it back.",
                "list what it makes in the kinds.py of the stage that needs it",
                id="call-makes-unknown-kind",
            )
        if gone := known.removed_by(service, operation):
            context[_NOTE] = _DeleteCall(gone, dict(params))
        elif changed := known.changed_by(service, operation):
            kind, change = changed
            context[_NOTE] = _CostCall(kind, kind.joined(params, change.named_by), change.facts_of(params))

    def _tagged(self, client: Any, kind: Kind, params: MutableMapping[str, Any]) -> _CreateCall:
        """Put the lab's tags into the request."""
        id, facts = kind.id_of(params), kind.facts_of(params)
        if kind.overwrite and params.get(kind.overwrite):
            self._must_be_there(client, kind, id)
            return _CreateCall(kind, id, "", facts)
        # Where the account chooses the id, the tag finds the resource whose answer was lost.
        token = "" if id else secrets.token_hex(8)
        more = {EXPIRES_TAG: stamp(datetime.now(UTC) + self.lifetime)} | ({ENTRY_TAG: token} if token else {})
        kind.tagging.put(params, {**self.tags, **more})
        return _CreateCall(kind, id, token, facts)

    def _must_be_ours(self, client: Any, call: str, kind: Kind, params: Mapping[str, Any]) -> None:
        if kind.prefixed:
            self._must_have_prefix(call, kind.name_in(params))
        for name in kind.parents:
            if params.get(name):
                self._parent_must_be_ours(client, call, kind, str(params[name]))

    def _content_must_be_ours(self, client: Any, call: str, kind: Kind, given: Any) -> None:
        if not isinstance(given, str) or not given:
            return
        if kind.prefixed:
            self._must_have_prefix(call, kind.short(given))
        else:
            self._parent_must_be_ours(client, call, kind, given)

    def _must_have_prefix(self, call: str, name: str) -> None:
        # A name that is missing is left to boto3, which says so itself.
        if name and not self.names.owns(name):
            raise LabError(
                f"{call} was not sent: the name '{name}' does not begin with '{self.names.prefix}'.",
                f"name it {self.names.prefix}-something (a repository {self.names.prefix}/something)",
                id="name-without-prefix",
            )

    def _parent_must_be_ours(self, client: Any, call: str, kind: Kind, id: str) -> None:
        """What is made inside somebody else's VPC, table or group would change it."""
        if id in self._seen or any(each.id == id and each.was_created for each in self.ledger.entries()):
            return
        try:
            tags = kind.whose(client, id) if kind.whose else kind.tags_now(client, id)
        except ClientError as error:
            if not denied(error):
                # It does not exist, or AWS is busy: the call itself will say so.
                return
            raise LabError(
                f"{call} was not sent: whether {id} is this lab's cannot be read: {error}",
                "ask for the permission to describe it, or use what the lab made",
                id="parent-unreadable",
            ) from error
        if tags is None:
            return
        if not self.owns(tags):
            raise LabError(
                f"{call} was not sent: {id} is not this lab's; it does not carry its tags.",
                "use a VPC that the lab has made, and what is in it",
                id="parent-not-the-labs",
            )
        self._seen.add(id)

    def _must_be_there(self, client: Any, kind: Kind, id: str) -> None:
        """A call that overwrites takes no tags: what is not there yet would stay unmarked."""
        tags = kind.tags_now(client, id)
        if tags is None or not self.owns(tags):
            what = "does not exist yet" if tags is None else "is not this lab's"
            raise LabError(
                f"{kind.service}:{kind.creates[0]} was not sent: it would overwrite '{id}', which {what}.",
                f"leave out {kind.overwrite} the first time" if tags is None else "choose another name",
                id="overwrites-what-is-not-the-labs",
            )

    def _write_down(self, region: str, model: Any, context: dict[str, Any], **_: object) -> None:
        call = context.get(_NOTE)
        if isinstance(call, _CreateCall):
            call.n = self.ledger.intend(call.kind.name, call.id, region, call.token, call.facts)

    def _conclude(
        self,
        region: str,
        model: Any,
        http_response: Any,
        parsed: Mapping[str, Any],
        context: dict[str, Any],
        **_: object,
    ) -> None:
        if not model.name.startswith(_READING):
            self.ledger.touch()
        call = context.get(_NOTE)
        code, status = str(parsed.get("Error", {}).get("Code", "")), int(http_response.status_code)
        if isinstance(call, _CreateCall):
            if status < 300:
                self._made(call, parsed, region)
            elif status < 500 and not any(word in code for word in _ALREADY_THERE):
                self._forget(call.n, code)
        elif isinstance(call, _DeleteCall) and (status < 300 or call.kind.means_absent(code)):
            for id in call.kind.ids_deleted(call.params, parsed):
                self.ledger.gone_by_id(call.kind.name, id)
        elif isinstance(call, _CostCall) and status < 300 and call.facts:
            self.ledger.changed(call.kind.name, call.id, call.facts)

    def _not_seen_yet(
        self, region: str, response: Any, operation: Any, request_dict: Mapping[str, Any], attempts: int, **_: object
    ) -> float | None:
        """Seconds until EC2 is asked again, where its answer does not know yet what it has made a moment ago."""
        if not response or attempts > _SEEN_TRIES:
            return None
        now, asked = datetime.now(UTC), str(request_dict.get("body"))
        young = [each for each in self.ledger.entries() if each.id and each.region == region and _young(each, now)]
        code = str(response[1].get("Error", {}).get("Code", ""))
        if code.startswith("Invalid") and ".NotFound" in code:
            unseen = any(each.id in asked for each in young)
        else:
            noun = operation.name.removeprefix("Describe").removesuffix("s")
            kind = kinds.known().made_by("ec2", f"Create{noun}")
            listed = kind is not None and not code and f"{noun}Id." not in asked and f"{noun}Id'" not in asked
            unseen = any(
                kind and listed and each.kind == kind.name and each.id not in str(response[1]) for each in young
            )
        return min(0.5 * 1.5**attempts, 3.0) if unseen else None

    def _made(self, call: _CreateCall, answer: Mapping[str, Any], region: str) -> None:
        if not call.kind.answer:
            self.ledger.created(call.n)
            return
        ids = call.kind.ids_from(answer)
        if not ids:
            # RunTask answers 200 with the reasons in "failures" when nothing could be placed.
            self._forget(call.n, "the answer names none")
            return
        self.ledger.created(call.n, ids[0])
        for id in ids[1:]:
            self.ledger.created(self.ledger.intend(call.kind.name, id, region, call.token, call.facts))

    def _forget(self, n: int, code: str) -> None:
        """A refused call made nothing; but a resource that was there before (a policy put twice) still is."""
        entry = next((entry for entry in self.ledger.entries() if entry.n == n), None)
        if entry is not None and not entry.was_created and entry.state is not State.GONE:
            self.ledger.gone(n, f"not created: {code}")
