"""``docker login`` and ``docker logout``, in Docker's words."""

import sys
from collections.abc import Sequence

from labs.engine.embedded.docker_credentials import Login
from labs.engine.embedded.flags import flags, parse
from labs.engine.embedded.reference import HUB
from labs.engine.embedded.registry_client import RegistryClient, RegistryError, Unauthorized
from labs.engine.embedded.workspace import Workspace
from labs.errors import LabError

TAKES = flags("username password", "password-stdin", "u=username p=password")


def login(arguments: Sequence[str], workspace: Workspace) -> int:
    """Check the user name and password against the registry and keep them in DOCKER_CONFIG."""
    given = parse(arguments, TAKES, "login", 0, 1)
    host = workspace.resolved(_host(given.words[0] if given.words else HUB))
    if given.on("password-stdin"):
        if not given.one("username"):
            raise LabError(
                "Must provide --username with --password-stdin",
                f"docker login --username AWS {host}",
                id="login-needs-username",
            )
        if given.one("password"):
            raise LabError("--password and --password-stdin are mutually exclusive", id="two-passwords-given")
        password = sys.stdin.read().rstrip("\r\n")
    else:
        password = given.one("password")
        if password:
            workspace.say("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
    if not given.one("username") or not password:
        words = "Error: Cannot perform an interactive login from a non TTY device"
        raise LabError(
            words,
            "pipe the password in: ... | docker login --username AWS --password-stdin HOST",
            id="login-not-interactive",
        )
    _verify(host, Login(given.one("username"), password))
    workspace.credentials.save(host, Login(given.one("username"), password))
    workspace.out("Login Succeeded")
    return 0


def _verify(host: str, account: Login) -> None:
    registry = RegistryClient(host, account)
    try:
        answer = registry.request("GET", "/v2/")
        answer.read()
    except Unauthorized as error:
        what = f"Error response from daemon: {error.what}"
        raise LabError(what, "check the user name and the password", id=error.id) from error
    except RegistryError as error:
        raise LabError(f"Error response from daemon: {error.what}", error.next_step, id=error.id) from error
    finally:
        registry.close()
    if answer.status != 200:
        words = f"login attempt to {registry.url('/v2/')} failed with status: {answer.line}"
        hint = "get a new password with: aws ecr get-login-password, or labs login-password"
        raise LabError(f"Error response from daemon: {words}", hint, id="login-refused")


def logout(arguments: Sequence[str], workspace: Workspace) -> int:
    """Forget the login for a registry."""
    given = parse(arguments, flags(), "logout", 0, 1)
    host = _host(given.words[0] if given.words else HUB)
    workspace.out(f"Removing login credentials for {host}")
    if not workspace.credentials.forget(workspace.resolved(host)):
        workspace.say("Not logged in to " + host)
    return 0


def _host(text: str) -> str:
    return text.split("://", 1)[-1].split("/", 1)[0].lower()
