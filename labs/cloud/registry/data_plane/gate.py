"""Who comes in: the token, the IAM decisions of a call, and its lines in the trail."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from labs.cloud.contract import Access, Caller, Trail, TrailEvent
from labs.cloud.registry.data_plane.messages import RegistryRequest
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.call_actions import Action
from labs.cloud.registry.rules.registry_errors import EcrError, Fault
from labs.cloud.registry.store.registry_store import EcrStore
from labs.cloud.registry.store.tokens import TokenState, of_this_request

# What the API reports inside a successful answer is not an error in the trail either.
_ANSWERED = {
    ("BatchCheckLayerAvailability", Fault.BLOB_MISSING),
    ("BatchGetImage", Fault.IMAGE_MISSING),
    ("BatchDeleteImage", Fault.IMAGE_MISSING),
    ("BatchDeleteImage", Fault.IMAGE_REFERENCED),
}


class NotAuthorized(Exception):
    """No credential, a wrong one, or one whose principal is gone: 401."""


class Expired(Exception):
    """A token past its twelve hours: 403."""


class Denied(Exception):
    """IAM says no: 403 with AWS's sentence."""


class RegistryGate:
    """Checks credentials against the store and decisions against ``access``."""

    def __init__(self, store: EcrStore, access: Access, trail: Trail) -> None:
        self._store = store
        self._access = access
        self._trail = trail

    def admit(self, request: RegistryRequest) -> "Visit":
        """The visit of an authenticated caller. Raises NotAuthorized, Expired."""
        state, caller = self._store.tokens.find(request.header("Authorization"))
        if state is TokenState.EXPIRED:
            raise Expired
        if caller is None or not self._access.alive(caller):
            raise NotAuthorized
        address = request.environ.get("REMOTE_ADDR", "")
        caller = of_this_request(caller, self._store.region, address, request.header("User-Agent"))
        return Visit(self._store, self._access, self._trail, caller)

    def admit_anybody(self) -> "Visit":
        """The visit of a reader of the public mirror: nothing is asked, nothing written down."""
        return Visit(self._store, self._access, self._trail, None)


class Visit:
    """One request of one caller (None: nobody in particular, who may do everything that gets here)."""

    def __init__(self, store: EcrStore, access: Access, trail: Trail, caller: Caller | None) -> None:
        self._store = store
        self._access = access
        self._trail = trail
        self.caller = caller
        self._events: list[TrailEvent] = []

    def require(self, actions: Sequence[Action], name: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Decide each action on the repository, existing or not (name "": on "*"). Raises Denied."""
        for action in actions:
            refused = self._decide(action, name, parameters or {})
            if refused:
                raise Denied(refused)

    def allows(self, action: Action, name: str, parameters: Mapping[str, Any] | None = None) -> bool:
        """The same as a question."""
        return not self._decide(action, name, parameters or {})

    def _decide(self, action: Action, name: str, parameters: Mapping[str, Any]) -> str:
        if self.caller is None:
            return ""
        service = "ecr-public" if spelling.is_public(name) else "ecr"
        resource = self._store.arn(name) if name else "*"
        repository = self._store.repositories.get(name) if name else None
        decision = self._access.decide(
            self.caller,
            f"{service}:{action.name}",
            resource,
            repository.tag_context if repository else {},
            self._store.policy_of(repository, name) if name else None,
        )
        event = TrailEvent(
            caller=self.caller,
            event_source=f"{service}.amazonaws.com",
            event_name=action.name,
            region=self._store.region,
            request=_parameters(action, name, self._store.account, parameters),
            resources=(resource,) if name else (),
            read_only=action.read_only,
        )
        if decision.allowed:
            self._events.append(event)
            return ""
        refused = self._access.sentence(self.caller, f"{service}:{action.name}", resource, decision)
        self._events.append(replace(event, error_code="AccessDenied", error_message=refused))
        return refused

    def write_down(self, error: EcrError | None = None) -> None:
        """Record the decisions, before the answer leaves; a later failure belongs to the last of them."""
        events, self._events = self._events, []
        if error is not None and events:
            last = events[-1]
            if not last.error_code and (last.event_name, error.fault) not in _ANSWERED:
                events[-1] = replace(last, error_code=error.fault.api_code, error_message=error.message)
        for event in events:
            self._trail.record(event)


def _parameters(action: Action, name: str, account: str, given: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {key: given[key] for key in action.parameters if given.get(key) not in (None, "", [])}
    return {"repositoryName": name, "registryId": account, **chosen} if name else chosen
