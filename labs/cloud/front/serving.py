"""The local AWS on a port, from a state folder, until it is told to stop."""

import gc
from collections.abc import Callable, Mapping
from pathlib import Path

from labs.cloud.front.assembly import LocalAws
from labs.cloud.wire import server
from labs.errors import LabError


def serve(
    state: Path,
    *,
    host: str,
    port: int,
    account: str | None,
    region: str | None,
    referenced_layer_rule: bool,
    ready: Callable[[Mapping[str, str]], None],
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` gets endpoint, account, region and the administrator's keys.

    ``port`` 0 is the one that this state had before, or a free one. LabError for what stands in the way.
    """
    cloud = LocalAws(state, account, region, referenced_layer_rule=referenced_layer_rule)
    try:
        listening = server.listen(host, _port(cloud, host, port), cloud)
        bound = server.port_of(listening)
        cloud.host = f"{_spelled(host)}:{bound}"
        cloud.remember_port(bound)
        facts = {
            "endpoint": f"http://{cloud.host}",
            "account": cloud.identity.account,
            "region": cloud.identity.region,
            "access_key_id": cloud.admin.access_key_id,
            "secret_access_key": cloud.admin.secret,
        }

        def announce() -> None:
            cloud.folder.announce(facts)
            ready(facts)
            cloud.start()
            # moto and what it read stay to the end: not to be searched for garbage with every call's own.
            gc.freeze()

        server.serve(listening, announce)
    finally:
        cloud.close()


def _port(cloud: LocalAws, host: str, port: int) -> int:
    before = cloud.identity.port
    if not port and before and not server.is_free(host, before):
        raise LabError(
            f"Port {before}, which this state used before and its image names carry, is in use.",
            "stop the program that uses it, or give another with --port (image names then change)",
            id="own-port-in-use",
        )
    return port or before


def _spelled(host: str) -> str:
    """The host as it stands in a URL; "any address" is reached over loopback."""
    if host in ("0.0.0.0", "::", "localhost"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
