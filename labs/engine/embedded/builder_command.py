"""``docker buildx ls|inspect|create|use|rm|version``, ``docker context``, ``docker version`` and ``docker info``.

The course itself needs none of them; a pipeline's actions ask for them before they build, and so do people.
"""

import json
from collections.abc import Sequence

from labs.engine.embedded.build_error import BuildError
from labs.engine.embedded.builders import NAME, OWN, Builders
from labs.engine.embedded.flags import flags, parse
from labs.engine.embedded.platforms import native
from labs.engine.embedded.template import render
from labs.engine.embedded.workspace import Workspace, no_context
from labs.errors import LabError
from labs.version import kit_version

# What its flags and words were compared with.
BUILDX_VERSION = "v0.13.1"
_CONTEXT = {
    "Name": "default",
    "Metadata": {},
    "Endpoints": {"docker": {"Host": "", "SkipTLSVerify": False}},
    "TLSMaterial": {},
    "Storage": {"MetadataPath": "<IN MEMORY>", "TLSPath": "<IN MEMORY>"},
}
_DRIVERS = ("docker-container", "docker", "kubernetes", "remote")
# It executes nothing while building, so every platform builds; these two are the lab's.
PLATFORMS = "linux/amd64, linux/arm64"


def overview(arguments: Sequence[str], workspace: Workspace) -> int:
    """``docker buildx`` alone: actions ask it to learn whether buildx is there."""
    if arguments and arguments[0] not in ("--help", "-h"):
        raise LabError(
            f"docker buildx {arguments[0]} needs a Docker Engine: the embedded engine does not have it",
            "docker --help lists the commands that are served",
            id="buildx-command-not-served",
        )
    workspace.out("Usage: docker buildx COMMAND")
    workspace.out("")
    workspace.out("The embedded engine of the Fargate Lab Kit, in buildx's words. Commands:")
    for name in ("build", "create", "imagetools create", "imagetools inspect", "inspect", "ls", "rm", "use", "version"):
        workspace.out(f"  {name}")
    return 0


def ls(arguments: Sequence[str], workspace: Workspace) -> int:
    """The list of builders."""
    parse(arguments, flags("", "", refused="format"), "buildx ls", 0, 0)
    builders = Builders.of(workspace.env)
    workspace.out(f"{'NAME/NODE':<16} {'DRIVER/ENDPOINT':<16} {'STATUS':<9} {'BUILDKIT':<9} PLATFORMS")
    current = builders.known(builders.current)
    for name in (NAME, *builders.names()):
        workspace.out(f"{name + ('*' if name == current else ''):<16} {NAME}")
        node, endpoint = f" \\_ {_node(name)}", " \\_ this Python"
        workspace.out(f"{node:<16} {endpoint:<16} {'running':<9} {'none':<9} {PLATFORMS}")
    return 0


def inspect(arguments: Sequence[str], workspace: Workspace) -> int:
    """The builder and its platforms."""
    given = parse(arguments, flags("builder", "bootstrap"), "buildx inspect", 0, 1)
    name = Builders.of(workspace.env).known(given.words[0] if given.words else given.one("builder"))
    workspace.out(f"Name:          {name}")
    workspace.out(f"Driver:        {NAME}")
    workspace.out("")
    workspace.out("Nodes:")
    workspace.out(f"Name:      {_node(name)}")
    workspace.out("Status:    running")
    workspace.out(f"Version:   Fargate Lab Kit {kit_version()}")
    workspace.out(f"Platforms: {PLATFORMS}")
    return 0


def _node(name: str) -> str:
    """buildx numbers the nodes of a builder that somebody made."""
    return name if name == NAME else f"{name}0"


def create(arguments: Sequence[str], workspace: Workspace) -> int:
    """Remember a name; underneath there is one builder, and it builds for several platforms."""
    takes = flags(
        "name driver driver-opt platform buildkitd-flags buildkitd-config config node",
        "use bootstrap append",
        idle=dict.fromkeys(("driver-opt", "platform", "buildkitd-flags", "buildkitd-config", "config", "node"), ""),
        refused="leave timeout",
    )
    given = parse(arguments, takes, "buildx create", 0, 1)
    if given.one("driver", _DRIVERS[0]) not in _DRIVERS:
        raise BuildError(
            f'failed to find driver "{given.one("driver")}"',
            "write --driver docker-container; nothing starts one here",
            id="no-such-builder-driver",
        )
    if given.one("driver") == "docker":
        raise BuildError(
            'additional instances of driver "docker" cannot be created',
            "leave --driver out",
            id="second-docker-driver",
        )
    for endpoint in given.words:
        workspace.say(f"embedded engine: the endpoint {endpoint} has no effect")
    name = given.one("name")
    if not name or name in OWN:
        workspace.say("embedded engine: it has one builder, which builds for every platform; none was created")
        workspace.out(NAME)
        return 0
    Builders.of(workspace.env).create(name, given.on("use"), given.on("append"))
    workspace.say(f"embedded engine: {name} is another name of its one builder, which builds for every platform")
    workspace.out(name)
    return 0


def use(arguments: Sequence[str], workspace: Workspace) -> int:
    """Make a builder the current one."""
    takes = flags("builder", "default global", idle=dict.fromkeys(("default", "global"), ""))
    given = parse(arguments, takes, "buildx use", 0, 1)
    Builders.of(workspace.env).use(given.words[0] if given.words else given.one("builder"))
    return 0


def remove(arguments: Sequence[str], workspace: Workspace) -> int:
    """Forget builders; without a name the current one."""
    idle = dict.fromkeys(("force", "keep-daemon", "keep-state"), "")
    takes = flags("builder", " ".join(idle), "f=force", idle=idle, refused="all-inactive timeout")
    given = parse(arguments, takes, "buildx rm")
    builders = Builders.of(workspace.env)
    for name in given.words or (given.one("builder") or builders.current,):
        builders.remove(name)
        workspace.say(f"{name} removed")
    return 0


def buildx_version(arguments: Sequence[str], workspace: Workspace) -> int:
    """A line that actions can read as buildx's: the version whose flags and words the engine follows."""
    parse(arguments, flags(), "buildx version", 0, 0)
    workspace.say(f"embedded engine: not buildx; it answers as buildx {BUILDX_VERSION} would")
    workspace.out(f"github.com/docker/buildx {BUILDX_VERSION} fargate-lab-kit-{kit_version()}")
    return 0


def context_inspect(arguments: Sequence[str], workspace: Workspace) -> int:
    """The one context there is, ``default``; it has no engine behind it."""
    given = parse(arguments, flags("format", "", "f=format"), "context inspect", 0)
    for name in given.words:
        _context(name)
    if given.one("format") not in ("", "json"):
        workspace.out(render(given.one("format"), _CONTEXT))
    else:
        workspace.out(json.dumps([_CONTEXT], indent=4))
    return 0


def context_ls(arguments: Sequence[str], workspace: Workspace) -> int:
    """The list of contexts."""
    given = parse(arguments, flags("format", "quiet", "q=quiet"), "context ls", 0, 0)
    if given.on("quiet"):
        workspace.out("default")
        return 0
    workspace.out(f"{'NAME':<12} {'DESCRIPTION':<40} DOCKER ENDPOINT")
    workspace.out(f"{'default *':<12} {'The embedded engine of the kit':<40} none")
    return 0


def context_show(arguments: Sequence[str], workspace: Workspace) -> int:
    """The name of the context in use."""
    parse(arguments, flags(), "context show", 0, 0)
    workspace.out("default")
    return 0


def _context(name: str) -> None:
    if name != "default":
        raise no_context(name)


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
