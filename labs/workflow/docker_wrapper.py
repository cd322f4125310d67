"""``docker`` of a run with a Docker Engine: ECR's host name of the lab stands for the local registry.

A program by itself: ``docker_wrapper.py DOCKER HOST LOCAL WORD ...``. A name that only AWS's DNS knows cannot be
reached by the engine; the wrapper writes the local registry in its place, in every word. A builder in a container
(``buildx create --driver docker-container``) is put on the host's network, where the local registry answers.
"""

import os
import sys
from collections.abc import Sequence

_HOST_NETWORK = "network=host"


def translated(words: Sequence[str], host: str, local: str) -> list[str]:
    """The words for the real docker command."""
    found = [word.replace(host, local) for word in words]
    if _creates_container(found) and not any("network=" in word for word in found):
        place = found.index("create") + 1
        found[place:place] = ["--driver-opt", _HOST_NETWORK]
    return found


def _creates_container(words: Sequence[str]) -> bool:
    if list(words[:2]) != ["buildx", "create"]:
        return False
    drivers = [word.partition("=")[2] for word in words if word.startswith("--driver=")]
    drivers += [words[at + 1] for at, word in enumerate(words[:-1]) if word == "--driver"]
    return (drivers or ["docker-container"])[-1] == "docker-container"


if __name__ == "__main__":
    os.execv(sys.argv[1], ["docker", *translated(sys.argv[4:], sys.argv[2], sys.argv[3])])
