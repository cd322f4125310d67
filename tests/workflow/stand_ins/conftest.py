"""A step as a stand-in sees it, without a job around it: what it says, its outputs, its docker commands."""

from typing import Any

import pytest

from labs.workflow.stand_ins.step import Done, Step


class Recorded(Step):
    """A step whose outputs, variables and commands are kept; ``answers`` are those of docker, by their first words."""

    def __init__(self, inputs: dict[str, str], env: dict[str, str]) -> None:
        super().__init__(inputs, env)
        self.said: list[str] = []
        self.outputs: dict[str, str] = {}
        self.exported: dict[str, str] = {}
        self.commands: list[tuple[str, ...]] = []
        self.stdin: list[str] = []
        self.answers: dict[str, Done] = {}
        self.clients: dict[str, Any] = {}

    def say(self, text: str) -> None:
        self.said.append(text)

    def output(self, name: str, value: str) -> None:
        self.outputs[name] = value

    def export(self, name: str, value: str) -> None:
        self.exported[name] = self.env[name] = value

    def command(self, *words: str, stdin: str = "", quiet: bool = False) -> Done:
        self.commands.append(words)
        self.stdin.append(stdin)
        line = " ".join(words)
        return next((done for start, done in self.answers.items() if line.startswith(start)), Done(0, "", ""))

    def client(self, service: str, region: str = "", keys: Any = None) -> Any:
        return self.clients[service]


@pytest.fixture
def step(tmp_path):
    """Makes a step with these inputs."""

    def make(env=None, **inputs):
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        return Recorded(named, {"GITHUB_WORKSPACE": str(tmp_path), "RUNNER_TEMP": str(tmp_path), **(env or {})})

    return make
