"""Task definitions with one thing wrong in a container: what the wrong answers of stage 05 register."""

import base64
from collections.abc import Callable
from typing import Any

from labs.lesson.bench import BOTH, Bench
from labs.lesson.stage import Wrong
from labs.stages.fargate.solve import (
    container,
    definition,
    make_log_group,
    make_roles,
    put_secret,
    register,
    write_policies,
)
from labs.subjects.tasks.app_secret import app_secret

Body = dict[str, Any]


def roles_ready(bench: Bench) -> None:
    """All that a definition names is there."""
    put_secret(bench)
    make_log_group(bench)
    write_policies(bench)
    make_roles(bench)


def container_with(change: Callable[[Bench], Body]) -> Callable[[Bench], None]:
    """A definition whose container has other fields; None takes one away."""

    def do(bench: Bench) -> None:
        roles_ready(bench)
        body = {name: value for name, value in container(bench, BOTH, **change(bench)).items() if value is not None}
        register(bench, definition(bench, BOTH, containerDefinitions=[body]))

    return do


def plain(name: str, value: str) -> Callable[[Bench], None]:
    """Beside the secret by reference, another one in plain text."""
    return container_with(
        lambda _: {"environment": [{"name": "PORT", "value": "8080"}, {"name": name, "value": value}]}
    )


def innocent_name(bench: Bench) -> None:
    """The app's secret under a name that says nothing."""
    plain("GREETING", app_secret(bench))(bench)


def command(word: str) -> Callable[[Bench], None]:
    """A program that is given its secret on its command line."""
    return container_with(lambda bench: {"command": [word.format(secret=app_secret(bench))]})


def in_plain_text(field: str, spelt: str) -> Callable[[Bench], None]:
    """A secret in a field of the definition; ``spelt`` may name the app's by how it is written."""

    def change(bench: Bench) -> Body:
        secret = app_secret(bench)
        ways = {"secret": secret, "hex": secret.encode().hex()}
        ways |= {"base64": _base64(secret), "wrapped": _base64(f'{{"app": "{secret}"}}')}
        value = spelt.format(**ways)
        fields: dict[str, Body] = {
            "environment": {"environment": [{"name": "GREETING", "value": value}]},
            "dockerLabels": {"dockerLabels": {"app.settings": value}},
            "command": {"entryPoint": ["sh", "-c"], "command": [value]},
            "option": {"command": ["--db-password", value]},
            "healthCheck": {"healthCheck": {"command": ["CMD-SHELL", value]}},
        }
        return fields[field]

    return container_with(change)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def second_container(bench: Bench) -> None:
    """A container beside the app, with a secret of its own."""
    roles_ready(bench)
    beside = {
        "name": "agent",
        "image": f"{bench.repository}:{BOTH}",
        "essential": False,
        "environment": [{"name": "API_TOKEN", "value": "t0ps3cret"}],
    }
    register(bench, definition(bench, BOTH, containerDefinitions=[container(bench, BOTH), beside]))


PLAIN_SECRETS = (
    Wrong("another secret in the environment", "service.secret_in_environment", plain("DB_PASSWORD", "hunter2")),
    Wrong(
        "a password inside an address",
        "service.secret_in_environment",
        plain("DATABASE_URL", "postgresql://app:hunter2@db.internal/app"),
    ),
    Wrong("the secret under an innocent name", "service.secret_in_environment", innocent_name),
    Wrong("the secret as an argument", "service.secret_in_environment", command("--secret={secret}")),
    Wrong("a password as an argument", "service.secret_in_environment", command("--db-password=hunter2")),
    Wrong(
        "the secret in a label of the container",
        "service.secret_in_environment",
        container_with(lambda bench: {"dockerLabels": {"app.settings": app_secret(bench)}}),
    ),
    *(
        Wrong(mistake, "service.secret_in_environment", in_plain_text(field, spelt))
        for mistake, field, spelt in (
            ("the secret in base64", "environment", "{base64}"),
            ("the secret in the middle of something in base64", "environment", "{wrapped}"),
            ("the secret in hexadecimal", "environment", "{hex}"),
            ("settings in JSON with the secret", "environment", '{{"greeting": "hello", "key": "{secret}"}}'),
            ("settings in JSON with another password", "environment", '{{"db": {{"password": "hunter2"}}}}'),
            ("a connection string with a password", "environment", "Server=db;User Id=app;Password=hunter2;"),
            ("a token of GitHub's under an innocent name", "environment", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
            ("a secret's base64 in a label", "dockerLabels", "{base64}"),
            ("the secret set by a shell", "command", "export API_KEY={secret}; exec python app.py"),
            ("a password set by a shell", "command", "DB_PASSWORD=hunter2 exec python app.py"),
            ("a password behind its option", "option", "hunter2"),
            ("the secret in the health check", "healthCheck", "curl -H 'X-Key: {secret}' localhost:8080"),
        )
    ),
    Wrong("the secret in the environment of a second container", "service.secret_in_environment", second_container),
)
