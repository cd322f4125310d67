"""Task definitions with one thing wrong in a container: what the wrong answers of stage 05 register."""

from collections.abc import Callable
from typing import Any

from labs.lesson.bench import BOTH, Bench
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
