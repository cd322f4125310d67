"""The ``docker`` command of the embedded engine: Docker's words for what the lab uses, one sentence for the rest."""

import os
import sys
from collections.abc import Callable, Sequence

from labs.engine.embedded.build_error import BuildError
from labs.engine.embedded.flags import HelpWanted, UsageError, flags, parse
from labs.engine.embedded.workspace import Workspace, no_context
from labs.errors import LabError
from labs.printable import printable_lines

Run = Callable[[Sequence[str], Workspace], int]

# What stands before the command, docker's and buildx's own.
_GLOBAL = flags(
    "config context log-level",
    "debug version",
    "c=context D=debug H=host l=log-level v=version",
    words_last=True,
    idle={"debug": "", "log-level": ""},
    refused="host tls tlscacert tlscert tlskey tlsverify",
)
_BUILDX = flags("builder", "debug", "D=debug", words_last=True, idle={"debug": ""})
_LEVELS = ("debug", "info", "warn", "error", "fatal")
# What a real docker obeys and this one cannot: (variable, the values that would ask for nothing)
_IDLE_VARIABLES = (
    ("DOCKER_HOST", ("",)),
    ("DOCKER_CONTEXT", ("", "default")),
    ("DOCKER_BUILDKIT", ("", "1", "true")),
    ("DOCKER_CONTENT_TRUST", ("", "0", "false")),
    ("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", ("",)),
)


def first_line() -> str:
    """The first line on stderr of every command, so that it is not mistaken for Docker."""
    if os.environ.get("LAB_ENGINE", "").strip().lower() == "embedded":
        return "embedded engine: LAB_ENGINE=embedded"
    # home/bin/docker says why the kit is not using an engine; called directly, the usual reason is said.
    return os.environ.get("LAB_ENGINE_LINE") or "embedded engine: no Docker Engine found"


def main(argv: Sequence[str]) -> int:
    """Run one docker command and return its exit code; never a traceback for what a person can fix."""
    print(first_line(), file=sys.stderr, flush=True)
    words = list(argv)
    env = dict(os.environ)
    plugin, workspace = False, Workspace(env)
    try:
        words = _before_the_command(words, env)
        plugin = bool(words) and words[0] in ("buildx", "build", "builder")
        return _find(words)(workspace)
    except HelpWanted as help_:
        workspace.out(str(help_))
        return 0
    except LabError as error:
        sys.stdout.flush()
        _print_error(error, plugin and not isinstance(error, UsageError))
        return 1 if error.exit_code == LabError.exit_code else error.exit_code
    except BrokenPipeError:
        raise  # the reader of the output has gone; labs.cli ends without a word
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{where}{error.strerror or error}", file=sys.stderr)
        return 1


def _before_the_command(words: list[str], env: dict[str, str]) -> list[str]:
    """The command and its words, when docker's own flags have been obeyed; what has no effect is said."""
    for name, nothing in _IDLE_VARIABLES:
        if env.get(name, "") not in nothing:
            print(f"embedded engine: {name} has no effect", file=sys.stderr, flush=True)
    if not words or words[0] in ("--help", "-h"):
        return words
    given = parse(words, _GLOBAL, "", 0)
    if given.on("version"):
        return ["--version"]
    if given.one("config"):
        env["DOCKER_CONFIG"] = given.one("config")
    if given.one("context", "default") != "default":
        raise no_context(given.one("context"))
    if given.one("log-level", "info").lower() not in _LEVELS:
        raise UsageError(
            f"unable to parse logging level: {given.one('log-level')}",
            "write one of " + ", ".join(_LEVELS),
            id="unknown-log-level",
        )
    rest = list(given.words)
    if rest[:1] == ["buildx"] and len(rest) > 1 and rest[1] not in ("--help", "-h"):
        inner = parse(rest[1:], _BUILDX, "buildx", 0)
        if inner.one("builder"):
            env["BUILDX_BUILDER"] = inner.one("builder")
        rest = ["buildx", *inner.words]
    return rest


def _print_error(error: LabError, plugin: bool) -> None:
    excerpt = error.excerpt if isinstance(error, BuildError) else ""
    lines = [f"{printable_lines(excerpt)}{'ERROR: ' if plugin else ''}{error.what}"]
    if error.next_step:
        # In a workflow the actions quote the last line as what went wrong.
        lines.insert(0 if os.environ.get("GITHUB_ACTIONS") == "true" else 1, f"Next: {error.next_step}")
    print("\n".join(lines), file=sys.stderr)


def _find(words: Sequence[str]) -> Callable[[Workspace], int]:
    """The longest command of the table that the words begin with."""
    for length in (3, 2, 1):
        names = " ".join(words[:length])
        if len(words) >= length and names in COMMANDS:
            rest = list(words[length:])
            run = COMMANDS[names]
            return lambda workspace: run()(rest, workspace)
    if not words or words[0] in ("--help", "-h"):
        return _overview
    if words[0] == "help":
        return _find([*words[1:], "--help"])
    if words[0] in ("--version", "-v"):
        return lambda workspace: _version(["--short"], workspace)
    shown = " ".join(word for word in words[:2] if not word.startswith("-"))
    raise LabError(
        f"docker {shown} needs a Docker Engine: the embedded engine does not have it",
        "docker --help lists the commands that are served",
        id="docker-command-not-served",
    )


def _overview(workspace: Workspace) -> int:
    workspace.out("The embedded engine of the Fargate Lab Kit has these docker commands:")
    for each in COMMANDS:
        workspace.out(f"  docker {each}")
    workspace.out("Anything else needs a Docker Engine. docker COMMAND --help lists a command's flags.")
    return 0


def _build() -> Run:
    from labs.engine.embedded import build_command

    return build_command.run


def _login() -> Run:
    from labs.engine.embedded import login_command

    return login_command.login


def _logout() -> Run:
    from labs.engine.embedded import login_command

    return login_command.logout


def _images(name: str) -> Callable[[], Run]:
    def load() -> Run:
        from labs.engine.embedded import images_command

        run: Run = getattr(images_command, name)
        return run

    return load


def _tools(name: str) -> Callable[[], Run]:
    def load() -> Run:
        from labs.engine.embedded import imagetools_command

        run: Run = getattr(imagetools_command, name)
        return run

    return load


def _builder(name: str) -> Callable[[], Run]:
    def load() -> Run:
        from labs.engine.embedded import builder_command

        run: Run = getattr(builder_command, name)
        return run

    return load


def _containers(name: str) -> Callable[[], Run]:
    def load() -> Run:
        from labs.engine.embedded import run_command

        run: Run = getattr(run_command, name)
        return run

    return load


def _version(arguments: Sequence[str], workspace: Workspace) -> int:
    from labs.engine.embedded import builder_command

    return builder_command.version(arguments, workspace)


# command: what loads its function, so that a login does not load the builder
COMMANDS: dict[str, Callable[[], Run]] = {
    "build": _build,
    "image build": _build,
    "builder build": _build,
    "buildx build": _build,
    "buildx ls": _builder("ls"),
    "buildx inspect": _builder("inspect"),
    "buildx create": _builder("create"),
    "buildx use": _builder("use"),
    "buildx rm": _builder("remove"),
    "buildx version": _builder("buildx_version"),
    "buildx": _builder("overview"),
    "buildx imagetools inspect": _tools("inspect"),
    "buildx imagetools create": _tools("create"),
    "login": _login,
    "logout": _logout,
    "push": _images("push"),
    "image push": _images("push"),
    "pull": _images("pull"),
    "image pull": _images("pull"),
    "images": _images("images"),
    "image ls": _images("images"),
    "image inspect": _images("inspect"),
    "inspect": _images("inspect"),
    "image save": _images("save"),
    "save": _images("save"),
    "tag": _images("tag"),
    "image tag": _images("tag"),
    "rmi": _images("remove"),
    "image rm": _images("remove"),
    "run": _containers("run"),
    "context inspect": _builder("context_inspect"),
    "context ls": _builder("context_ls"),
    "context show": _builder("context_show"),
    "version": _builder("version"),
    "info": _builder("info"),
}
