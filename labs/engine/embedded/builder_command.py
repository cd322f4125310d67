"""``docker buildx ls|inspect|create|use|version``, ``docker version`` and ``docker info``: the one builder there is.

The course itself needs none of them; a pipeline's actions ask for them before they build, and so do people.
"""

from collections.abc import Sequence

from labs.engine.embedded.build import native
from labs.engine.embedded.flags import flags, parse
from labs.engine.embedded.template import render
from labs.engine.embedded.workspace import Workspace
from labs.errors import LabError
from labs.version import kit_version

NAME = "embedded"
# It executes nothing while building, so every platform builds; these two are the lab's.
PLATFORMS = "linux/amd64, linux/arm64"


def ls(arguments: Sequence[str], workspace: Workspace) -> int:
    """The list of builders."""
    parse(arguments, flags("format"), "buildx ls", 0, 0)
    workspace.out(f"{'NAME/NODE':<16} {'DRIVER/ENDPOINT':<16} {'STATUS':<9} {'BUILDKIT':<9} PLATFORMS")
    workspace.out(f"{NAME + '*':<16} {NAME}")
    node, endpoint = f" \\_ {NAME}", " \\_ this Python"
    workspace.out(f"{node:<16} {endpoint:<16} {'running':<9} {'none':<9} {PLATFORMS}")
    return 0


def inspect(arguments: Sequence[str], workspace: Workspace) -> int:
    """The builder and its platforms."""
    given = parse(arguments, flags("builder", "bootstrap"), "buildx inspect", 0, 1)
    _known(given.words[0] if given.words else given.one("builder", NAME))
    workspace.out(f"Name:          {NAME}")
    workspace.out(f"Driver:        {NAME}")
    workspace.out("")
    workspace.out("Nodes:")
    workspace.out(f"Name:      {NAME}")
    workspace.out("Status:    running")
    workspace.out(f"Version:   Fargate Lab Kit {kit_version()}")
    workspace.out(f"Platforms: {PLATFORMS}")
    return 0


def create(arguments: Sequence[str], workspace: Workspace) -> int:
    """There is one builder, and it builds for several platforms: nothing has to be made."""
    takes = flags("name driver driver-opt platform buildkitd-flags config node", "use bootstrap append leave")
    parse(arguments, takes, "buildx create", 0, 1)
    workspace.say("embedded engine: it has one builder, which builds for every platform; none was created")
    workspace.out(NAME)
    return 0


def use(arguments: Sequence[str], workspace: Workspace) -> int:
    """The one builder is always in use."""
    _known(parse(arguments, flags("", "default global"), "buildx use", 1, 1).words[0])
    return 0


def _known(name: str) -> None:
    if name not in (NAME, "default", ""):
        raise LabError(
            f'no builder "{name}" found', f"the embedded engine has one builder: {NAME}", id="no-such-builder"
        )


def buildx_version(arguments: Sequence[str], workspace: Workspace) -> int:
    """The version line, in the place of buildx's."""
    parse(arguments, flags(), "buildx version", 0, 0)
    workspace.out(f"Fargate Lab Kit embedded engine {kit_version()} (not buildx)")
    return 0


def version(arguments: Sequence[str], workspace: Workspace) -> int:
    """``docker version`` and ``docker --version``."""
    given = parse(arguments, flags("format", "short", "f=format"), "version", 0, 0)
    if given.on("short"):
        workspace.out(f"Fargate Lab Kit embedded engine version {kit_version()} (not Docker)")
        return 0
    side = {"Version": kit_version(), "Os": native().os, "Arch": native().architecture}
    if given.one("format"):
        workspace.out(render(given.one("format"), {"Client": side, "Server": side}))
        return 0
    workspace.out("Client: Fargate Lab Kit embedded engine (not Docker)")
    workspace.out(f" Version:   {side['Version']}")
    workspace.out(f" OS/Arch:   {native()}")
    workspace.out("")
    workspace.out("Server: none. Building, pushing and pulling happen in this command; apps run as processes.")
    return 0


def info(arguments: Sequence[str], workspace: Workspace) -> int:
    """``docker info``, the few lines that are true here."""
    given = parse(arguments, flags("format", "", "f=format"), "info", 0, 0)
    found = {
        "ServerVersion": kit_version(),
        "Name": NAME,
        "Driver": NAME,
        "OSType": native().os,
        "Architecture": native().architecture,
        "Images": len(workspace.store.names()),
        "Containers": 0,
    }
    if given.one("format"):
        workspace.out(render(given.one("format"), found))
        return 0
    workspace.out("Client: Fargate Lab Kit embedded engine (not Docker)")
    workspace.out(f" Version: {found['ServerVersion']}")
    workspace.out(f" Images: {found['Images']}")
    workspace.out(f" OSType: {found['OSType']}")
    workspace.out(f" Architecture: {found['Architecture']}")
    return 0
