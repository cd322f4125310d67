"""The instructions that only change an image's configuration, as functions over plain data.

Source: the Dockerfile reference and the OCI image configuration (config.md); error words from BuildKit
(frontend/dockerfile/instructions/parse.go) where it has some.
"""

import re
from collections.abc import Mapping
from typing import Any

from labs.engine.embedded.dockerfile import Instruction, parse_error
from labs.engine.embedded.lexer import WordError, expand, split

SHELL = ["/bin/sh", "-c"]
# what BuildKit gives an image FROM scratch
DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def pairs(instruction: Instruction, variables: Mapping[str, str], escape: str) -> list[tuple[str, str]]:
    """ENV and LABEL: ``k=v k2="v 2"`` or the old ``k rest of the line``; values and names expanded."""
    words = split(instruction.value, escape)
    if words and "=" not in words[0]:
        key, _, rest = instruction.value.partition(" ")
        if not rest.strip():
            raise parse_error(instruction.line, f"{instruction.name} must have two arguments")
        return [(key, word(instruction, rest.strip(), variables, escape))]
    found = []
    for each in words:
        key, equals, value = each.partition("=")
        if not equals:
            words_ = f'Syntax error - can\'t find = in "{each}". Must be of the form: name=value'
            raise parse_error(instruction.line, words_)
        if not key:
            raise parse_error(instruction.line, f"{instruction.name} names can not be blank")
        name = word(instruction, key, variables, escape) if instruction.name == "LABEL" else key
        found.append((name, word(instruction, value, variables, escape)))
    return found


def arguments(instruction: Instruction, variables: Mapping[str, str], escape: str) -> list[tuple[str, str | None]]:
    """ARG: name and default (None without one), in order; one line sees only what was known before it."""
    found: list[tuple[str, str | None]] = []
    for each in split(instruction.value, escape):
        key, equals, value = each.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", key):
            raise parse_error(instruction.line, f"ARG names can not be blank or contain '{key}'")
        found.append((key, word(instruction, value, variables, escape) if equals else None))
    return found


def word(instruction: Instruction, text: str, variables: Mapping[str, str], escape: str) -> str:
    """One expanded word; a bad substitution names its line."""
    try:
        return expand(text, variables, escape)
    except WordError as error:
        raise parse_error(instruction.line, f'failed to process "{text}": {error}') from error


def set_env(config: dict[str, Any], key: str, value: str) -> None:
    """Set one variable of the image, in the place that it had."""
    env: list[str] = list(config.get("Env") or [])
    at = next((i for i, each in enumerate(env) if each.partition("=")[0] == key), len(env))
    env[at : at + 1] = [f"{key}={value}"]
    config["Env"] = env


def command(instruction: Instruction, config: Mapping[str, Any]) -> list[str]:
    """CMD, ENTRYPOINT: the exec form, or the shell form behind SHELL."""
    words = instruction.words_json()
    if words is not None:
        return words
    return [*(config.get("Shell") or SHELL), instruction.value]


def shell(instruction: Instruction) -> list[str]:
    """SHELL: a JSON array only."""
    words = instruction.words_json()
    if not words:
        raise parse_error(instruction.line, "SHELL requires the arguments to be in JSON form")
    return words


def ports(instruction: Instruction, words: list[str]) -> list[str]:
    """EXPOSE: ``8080``, ``53/udp``, ``7000-7002``; each as ``port/protocol``."""
    found: list[str] = []
    for each in words:
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", each.lower())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not match or not 0 < first <= last < 65536:
            raise parse_error(instruction.line, f"invalid containerPort: {each}", "write EXPOSE like 8080 or 53/udp")
        found.extend(f"{port}/{match[3] or 'tcp'}" for port in range(first, last + 1))
    return found


def health(instruction: Instruction, config: Mapping[str, Any]) -> dict[str, Any]:
    """HEALTHCHECK: times in nanoseconds, as the image configuration has them."""
    kind, _, rest = instruction.value.partition(" ")
    if kind.upper() == "NONE":
        if rest.strip() or instruction.flags:
            raise parse_error(instruction.line, "HEALTHCHECK NONE takes no arguments")
        return {"Test": ["NONE"]}
    if kind.upper() != "CMD":
        raise parse_error(instruction.line, f'Unknown type "{kind}" in HEALTHCHECK (try CMD)')
    inner = Instruction("CMD", rest.strip(), instruction.line, instruction.end)
    if not inner.value:
        raise parse_error(instruction.line, "Missing command after HEALTHCHECK CMD")
    words = inner.words_json()
    out: dict[str, Any] = {"Test": ["CMD", *words] if words is not None else ["CMD-SHELL", inner.value]}
    fields = {
        "interval": "Interval",
        "timeout": "Timeout",
        "start-period": "StartPeriod",
        "start-interval": "StartInterval",
    }
    for flag, key in fields.items():
        if instruction.flag(flag):
            out[key] = duration(instruction, flag, instruction.flag(flag))
    if retries := instruction.flag("retries"):
        if not retries.isdigit():
            raise parse_error(instruction.line, f'--retries must be a number, not "{retries}"')
        out["Retries"] = int(retries)
    return {key: value for key, value in out.items() if value or key == "Test"}


def duration(instruction: Instruction, flag: str, text: str) -> int:
    """Go's duration, in nanoseconds: ``30s``, ``1m30s``, ``1.5s``."""
    parts = re.findall(r"(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)", text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        hint = f"Write --{flag} like 30s or 1m30s."
        raise parse_error(instruction.line, f'time: invalid duration "{text}"', hint)
    total = round(sum(float(number) * _UNITS[unit] for number, unit in parts))
    if 0 < total < 10**6:
        raise parse_error(instruction.line, f"Interval for `--{flag}` cannot be less than 1ms")
    return total
