"""What an action has at hand: inputs, outputs, variables, masks, groups, the docker command.

Source: actions/toolkit, ``packages/core`` (inputs, files, commands), docker/actions-toolkit, ``util.ts`` (lists).
"""

import csv
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


class StepFailed(Exception):
    """The step fails; the text is the action's own."""


@dataclass(frozen=True)
class Done:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """What the docker actions quote of a failure."""
        return next((line.strip() for line in reversed(self.err.splitlines()) if line.strip()), "unknown error")


@dataclass
class Step:
    """One step of a job. ``env`` is its environment; what it exports is seen by its own commands at once."""

    inputs: Mapping[str, str]
    env: dict[str, str] = field(repr=False)

    @classmethod
    def of_environment(cls) -> "Step":
        """The step that this process runs for."""
        given = json.loads(os.environ.get("LAB_INPUTS") or "{}")
        env = {name: value for name, value in os.environ.items() if name != "LAB_INPUTS"}
        return cls({str(name): _text(value) for name, value in given.items()}, env)

    def get(self, name: str, required: bool = False) -> str:
        """An input, trimmed; StepFailed in the toolkit's words where a required one is not given."""
        value = self.inputs.get(name, "").strip()
        if required and not value:
            raise StepFailed(f"Input required and not supplied: {name}")
        return value

    def on(self, name: str, default: bool = False) -> bool:
        """A boolean input of YAML 1.2's core schema; StepFailed for any other text."""
        value = self.get(name)
        if value in _TRUE:
            return True
        if value in _FALSE or value == "":
            return default if value == "" else False
        raise StepFailed(
            f'Input does not meet YAML 1.2 "Core Schema" specification: {name}\n'
            "Support boolean input list: `true | True | TRUE | false | False | FALSE`"
        )

    def refuse(self, *names: str) -> None:
        """StepFailed for the first of these inputs that is given: the stand-in does not have it."""
        for name in names:
            if self.get(name):
                raise StepFailed(
                    f"The kit's stand-in does not have the input '{name}'; set LAB_ACTIONS to use the real action."
                )

    def number(self, name: str) -> int:
        """A whole number, 0 where there is none (JavaScript's ``parseInt(...) || 0``)."""
        digits = ""
        for char in self.get(name):
            if not char.isdecimal():
                break
            digits += char
        return int(digits or 0)

    def items(self, name: str, commas: bool = True) -> list[str]:
        """A list: one item a line, and where ``commas`` separate, several on one."""
        found: list[str] = []
        for line in self.get(name).splitlines():
            cells = next(csv.reader([line]), []) if commas else [line]
            found += [cell.strip() for cell in cells if cell.strip()]
        return found

    def say(self, text: str) -> None:
        print(text, flush=True)

    def error(self, text: str) -> None:
        self.say(f"::error::{_escaped(text)}")

    def warn(self, text: str) -> None:
        self.say(f"::warning::{_escaped(text)}")

    def notice(self, text: str) -> None:
        self.say(f"::notice::{_escaped(text)}")

    def mask(self, value: str) -> None:
        """Never shown in the log again."""
        for line in value.splitlines():
            if line.strip():
                self.say(f"::add-mask::{_escaped(line)}")

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Lines that GitHub folds."""
        self.say(f"::group::{title}")
        try:
            yield
        finally:
            self.say("::endgroup::")

    def output(self, name: str, value: str) -> None:
        """An output of the step."""
        self._append("GITHUB_OUTPUT", name, value)

    def export(self, name: str, value: str) -> None:
        """A variable for this and every later step of the job."""
        self.env[name] = value
        self._append("GITHUB_ENV", name, value)

    def _append(self, file: str, name: str, value: str) -> None:
        end = f"ghadelimiter_{uuid.uuid4()}"
        with Path(os.environ[file]).open("a", encoding="utf-8") as out:
            out.write(f"{name}<<{end}\n{value}\n{end}\n")

    def docker(self, *words: str, stdin: str = "", quiet: bool = False) -> Done:
        """Run the docker command of the machine; its lines go to the log as they come, unless ``quiet``."""
        return self.command("docker", *words, stdin=stdin, quiet=quiet)

    def command(self, *words: str, stdin: str = "", quiet: bool = False) -> Done:
        """Run a command as ``docker`` does; a quiet one may take a password on its standard input."""
        if quiet:
            done = subprocess.run(
                words, input=stdin, env=self.env, capture_output=True, text=True, errors="replace", check=False
            )
            return Done(done.returncode, done.stdout, done.stderr)
        self.say(f"[command]{' '.join(words)}")
        process = subprocess.Popen(
            words,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line)
        return Done(process.wait(), "".join(lines), "".join(lines))

    def client(self, service: str, region: str = "", keys: Mapping[str, str] | None = None) -> Any:
        """A boto3 client with the job's credentials, or with ``keys`` (``AccessKeyId`` ...)."""
        from labs.session import answers

        shown = keys or {}
        make: Any = answers.session(
            aws_access_key_id=shown.get("AccessKeyId") or self.env.get("AWS_ACCESS_KEY_ID") or None,
            aws_secret_access_key=shown.get("SecretAccessKey") or self.env.get("AWS_SECRET_ACCESS_KEY") or None,
            aws_session_token=(shown.get("SessionToken") if keys else self.env.get("AWS_SESSION_TOKEN")) or None,
            region_name=region or self.env.get("AWS_REGION") or self.env.get("AWS_DEFAULT_REGION") or None,
        ).client
        return make(service)

    @property
    def embedded(self) -> bool:
        """Whether ``docker`` is the kit's embedded engine."""
        return self.env.get("LAB_ENGINE_NAME") != "docker"


def words_of(error: Exception) -> str:
    """What an AWS SDK for JavaScript would give as the error's message."""
    from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message") or error)
    if isinstance(error, NoCredentialsError):
        return "Could not load credentials from any providers"
    if isinstance(error, NoRegionError):
        return "Region is missing"
    return str(error)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
