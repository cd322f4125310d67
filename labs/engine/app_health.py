"""Whether a started app answers, and the error when it does not: the same for a container and for a process."""

import urllib.request

from labs.errors import LabError

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str) -> bool:
    """Whether ``url`` answers 200 on /healthz; False for an app that has no address any more."""
    if not url:
        return False
    try:
        with _NO_PROXY.open(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def not_ready(what: str, log: str) -> LabError:
    """``what`` became of the app, and the last lines of its log."""
    last = " | ".join(log.strip().splitlines()[-3:]) or "nothing"
    return LabError(
        f"{what}; it wrote: {last}",
        "fix the app or its Dockerfile, build again and run this again",
        id="app-not-ready",
    )
