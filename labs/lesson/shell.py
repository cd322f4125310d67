"""The docker command as a stage's solution uses it: the same command line as in the notebook."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labs.errors import LabError
from labs.lesson.bench import Bench

TIMEOUT_S = 900
AWS_PATIENCE_S = 60


# How the embedded engine, as every command of the kit, begins the line that says what to do.
_NEXT = "Next: "


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code and what it said, stdout and stderr together."""

    code: int
    output: str


def docker(bench: Bench, *words: str, log: Path | None = None, stdin: str = "") -> Done:
    """Run ``docker WORDS`` in the lab's environment; ``log`` keeps its words as ``tee`` would.

    A failure is an answer, not an exception; LabError only when the command cannot be started or does not end.
    """
    environment = {**bench.env, **bench.shell()}
    try:
        done = subprocess.run(
            ["docker", *words],
            env=environment,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise LabError(
            "There is no docker command on the PATH.", "run: labs doctor", id="docker-command-missing"
        ) from None
    except subprocess.TimeoutExpired as error:
        raise LabError(
            f"docker {words[0]} did not end within {TIMEOUT_S // 60} minutes.",
            "try again",
            id="docker-command-too-long",
        ) from error
    if log is not None:
        log.write_text(done.stdout)
    return Done(done.returncode, done.stdout)


def must(done: Done, doing: str) -> Done:
    """The same, or LabError with the client's last line, and its own advice, when the command failed."""
    if done.code == 0:
        return done
    lines = [line.strip() for line in done.output.splitlines() if line.strip()]
    advice = [line.removeprefix(_NEXT) for line in lines if line.startswith(_NEXT)]
    said = [line for line in lines if not line.startswith(_NEXT)]
    raise LabError(
        f"{doing} failed: {said[-1] if said else f'exit code {done.code}'}",
        advice[-1] if advice else "run: labs doctor",
        id="docker-step-failed",
    )


def patiently(bench: Bench, attempt: Callable[[], Done]) -> Done:
    """The outcome of an attempt; on AWS, where IAM takes seconds to know a change, tried again until a deadline."""
    deadline = time.monotonic() + (AWS_PATIENCE_S if bench.on_aws and not bench.env.get("AWS_ENDPOINT_URL") else 0)
    while True:
        done = attempt()
        if done.code == 0 or time.monotonic() > deadline:
            return done
        time.sleep(5)


def build(bench: Bench, *words: str, platforms: Sequence[str], log: Path | None = None) -> Done:
    """``docker buildx build`` of the trainee's app for these platforms."""
    return docker(
        bench,
        *("buildx", "build", "--platform", ",".join(platforms)),
        *("--build-arg", f"PYTHON_IMAGE={bench.python_image}"),
        *words,
        str(bench.app),
        log=log,
    )
