"""AWS's words when RegisterTaskDefinition or RunTask refuses."""

from __future__ import annotations

from dataclasses import dataclass

from labs.aws_texts import Text, texts
from labs.fargate.texts import TEXTS

CLIENT = "ClientException"
REFUSALS = texts("ecs_refusals")


@dataclass(frozen=True)
class Refusal:
    """One refusal. ``code`` and ``message`` are what the API answers; ``text`` is where the words come from."""

    code: str
    message: str
    text: Text


def refusal(id: str, **values: str) -> Refusal:
    """The refusal with its placeholders filled; ``role.trust`` too, which RunTask answers as a ClientException."""
    text = REFUSALS.get(id) or TEXTS[id]
    return Refusal(text.code or CLIENT, text.render(values), text)
