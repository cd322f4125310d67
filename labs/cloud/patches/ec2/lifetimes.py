"""What passes by time: an endpoint becomes available, and what is deleted is gone a moment later.

AWS takes minutes for both. Here a second is enough to see the state and to make a program wait for it. The state is
worked out from the time of the call, so a read stores nothing and a replay sees what the first run saw.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from labs.cloud import pace
from labs.cloud.protocols.services import is_read_only
from labs.cloud.store import determinism

PENDING_S = DELETING_S = 1.0
# A deleted NAT gateway is listed for about an hour (VPC user guide, "Work with NAT gateways").
LISTED = timedelta(hours=1)


def pending() -> timedelta:
    """How long a new endpoint is not available yet."""
    return timedelta(seconds=pace.shown(PENDING_S))


def deleting() -> timedelta:
    """How long what was deleted is still there."""
    return timedelta(seconds=pace.shown(DELETING_S))


def apply() -> None:
    """Before a call that changes something, what is gone leaves moto's books."""
    from moto.ec2.responses import EC2Response

    response: Any = EC2Response
    original = response.call_action

    def call_action(self: Any) -> Any:
        if not is_read_only("ec2", self._get_action() or "Describe"):
            settle(self.ec2_backend)
        return original(self)

    response.call_action = call_action


def gone(resource: Any, at: datetime | None = None) -> bool:
    """Whether a resource has left; ``gone_at`` is naive UTC, as moto keeps its times."""
    when = getattr(resource, "gone_at", None)
    return when is not None and (at or determinism.naive_present()) >= when


def living(resources: Iterable[Any]) -> list[Any]:
    """Those that are still there."""
    now = determinism.naive_present()
    return [resource for resource in resources if not gone(resource, now)]


def settle(backend: Any) -> None:
    """Drop what is gone, its addresses and its tags. Only calls that change something do this."""
    now = determinism.naive_present()
    for endpoint in list(backend.vpc_end_points.values()):
        if gone(endpoint, now):
            del backend.vpc_end_points[endpoint.id]
            backend.tags.pop(endpoint.id, None)
    for interface in list(backend.enis.values()):
        if gone(interface, now):
            backend.delete_network_interface(interface.id)
            backend.tags.pop(interface.id, None)
    for gateway in list(backend.nat_gateways.values()):
        if gone(gateway, now):
            del backend.nat_gateways[gateway.id]
            backend.tags.pop(gateway.id, None)
