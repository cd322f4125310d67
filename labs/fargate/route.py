"""The way from the task's interface to a host: ``labs.network``'s path, and what a start wants to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from labs import iam, network
from labs.fargate.task import TaskSpec

Reach = Callable[[network.Snapshot, network.ProposedInterface, network.Destination], network.Path]


@dataclass(frozen=True)
class HostRoute:
    """A path. ``policy``: that of the VPC endpoint on the way, if any; ``policy_error``: why it cannot be read.

    ``source_ip``: the address that AWS sees, that of the NAT gateway on the way; "" where it is not known.
    """

    path: network.Path
    policy: iam.Policy | None = None
    policy_error: str = ""
    source_ip: str = ""

    @property
    def endpoint(self) -> str:
        """The id of the endpoint on the way, "" for none."""
        return self.path.endpoint.id if self.path.endpoint else ""

    @property
    def vpc(self) -> str:
        """The endpoint's VPC, "" for none."""
        return self.path.endpoint.vpc if self.path.endpoint else ""

    @property
    def dial(self) -> str:
        """The end of the client's error, as Go's net package words it (``net.OpError``)."""
        blocked, host = self.path.blocked_at, self.path.destination.host
        if (blocked is not None and blocked.step is network.PathStep.DNS) or not self.path.address:
            return f"tcp: lookup {host}: i/o timeout"
        return f"tcp {self.path.address}:{self.path.destination.port}: i/o timeout"

    @property
    def words(self) -> str:
        """The answer in one sentence."""
        if self.path.blocked_at is not None:
            return self.path.blocked_at.reason
        if self.path.unchecked:
            return self.path.unchecked[0].reason
        return f"open, through the endpoint {self.endpoint}" if self.endpoint else "open"


@dataclass(frozen=True)
class Router:
    """Finds routes from one interface, and each only once."""

    snapshot: network.Snapshot
    source: network.ProposedInterface
    reach: Reach = network.reach
    _known: dict[tuple[str, int], HostRoute] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, task: TaskSpec, snapshot: network.Snapshot) -> Router:
        """From the interface that the task will have."""
        place = task.placement
        return cls(snapshot, network.ProposedInterface(place.subnet, place.groups, place.public_ip))

    def to(self, host: str, port: int = 443) -> HostRoute:
        """The route to ``host``, a name or an address."""
        if (host, port) not in self._known:
            self._known[host, port] = self._find(network.Destination(host, port))
        return self._known[host, port]

    def _find(self, destination: network.Destination) -> HostRoute:
        try:
            path = self.reach(self.snapshot, self.source, destination)
            return replace(_route(path), source_ip=self._source_ip(path))
        except network.UnknownSource as error:
            # The interface step has already said so; from nowhere there is no path to look at.
            where = self.source.subnet
            hop = network.Hop(network.PathStep.SOURCE, network.HopVerdict.CANNOT_CHECK, where, "", str(error))
            return HostRoute(network.Path(None, (hop,), None, where, destination))

    def _source_ip(self, path: network.Path) -> str:
        """One with several addresses takes any, so none is known then; nor is a task's own, which it gets later."""
        nats = self.snapshot.nat_gateways or {}
        passed = next((nats[hop.resource] for hop in path.hops if hop.resource in nats), None)
        return passed.public_addresses[0] if passed is not None and len(passed.public_addresses) == 1 else ""


def _route(path: network.Path) -> HostRoute:
    endpoint = path.endpoint
    # An endpoint without a document of its own has AWS's default, which allows everything.
    if endpoint is None or not endpoint.policy:
        return HostRoute(path)
    try:
        return HostRoute(path, iam.parse_policy(endpoint.policy, iam.PolicyKind.ENDPOINT, endpoint.id))
    except iam.MalformedPolicy as error:
        return HostRoute(path, policy_error=f"the policy of {endpoint.id} cannot be read: {error}")
