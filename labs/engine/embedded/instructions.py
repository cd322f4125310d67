"""The instructions that only change an image's configuration, as functions over plain data.

Source: the Dockerfile reference and the OCI image configuration (config.md); error words from BuildKit
(frontend/dockerfile/instructions/parse.go) where it has some.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from labs.engine.embedded.dockerfile import Instruction, parse_error, plain_error
from labs.engine.embedded.lexer import WordError, expand, split

SHELL = ["/bin/sh", "-c"]
# what BuildKit gives an image FROM scratch
DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SIGNALS = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP "
    "TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
)
_REAL_TIME = [f"RTMIN+{number}" for number in range(1, 16)] + [f"RTMAX-{number}" for number in range(1, 15)]
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def pairs(instruction: Instruction, variables: Mapping[str, str], escape: str) -> list[tuple[str, str]]:
    """ENV and LABEL: ``k=v k2="v 2"`` or the old ``k rest of the line``; values and names expanded."""
    words = split(instruction.value, escape)
    if words and "=" not in words[0]:
        key, _, rest = instruction.value.partition(" ")
        if not rest.strip():
            raise plain_error(instruction.line, f"{instruction.name} must have two arguments")
        return [(word(instruction, key, variables, escape), word(instruction, rest.strip(), variables, escape))]
    found = []
    for each in words:
        key, equals, value = each.partition("=")
        if not equals:
            words_ = f'Syntax error - can\'t find = in "{each}". Must be of the form: name=value'
            raise plain_error(instruction.line, words_)
        if not key:
            raise parse_error(instruction.line, f"{instruction.name} names can not be blank")
        found.append((word(instruction, key, variables, escape), word(instruction, value, variables, escape)))
    return found


def arguments(instruction: Instruction, variables: Mapping[str, str], escape: str) -> list[tuple[str, str | None]]:
    """ARG: name and default (None without one), in order; one line sees only what was known before it."""
    found: list[tuple[str, str | None]] = []
    for each in split(instruction.value, escape):
        key, equals, value = each.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", key):
            raise parse_error(instruction.line, "ARG names can not be blank" + (f" or contain '{key}'" if key else ""))
        found.append((key, word(instruction, value, variables, escape) if equals else None))
    return found


def word(instruction: Instruction, text: str, variables: Mapping[str, str], escape: str) -> str:
    """One expanded word; a bad substitution names its line."""
    try:
        return expand(text, variables, escape)
    except WordError as error:
        raise plain_error(
            instruction.line, f"failed to process {json.dumps(text, ensure_ascii=False)}: {error}"
        ) from error


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
    if words is None:
        raise parse_error(instruction.line, "SHELL requires the arguments to be in JSON form")
    if not words:
        raise parse_error(instruction.line, "SHELL requires at least one argument")
    return words


def signal(instruction: Instruction, text: str) -> str:
    """STOPSIGNAL: any number but nought, or a name that Linux has, with or without SIG; as written.

    Source: github.com/moby/sys/signal, ParseSignal.
    """
    number = re.fullmatch(r"[+-]?\d+", text)
    if int(text) != 0 if number else text.upper().removeprefix("SIG") in [*_SIGNALS.split(), *_REAL_TIME]:
        return text
    raise plain_error(instruction.line, f"invalid signal: {text}", "write STOPSIGNAL like SIGTERM or 15")


def ports(instruction: Instruction, words: list[str]) -> list[str]:
    """EXPOSE: ``8080``, ``53/udp``, ``7000-7002``; each as ``port/protocol``. A host's ``8080:80`` is port 80."""
    found: list[str] = []
    for each in words:
        port, slash, protocol = each.rpartition(":")[2].partition("/")
        protocol = protocol if slash else "tcp"
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", port)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        wrong = f"invalid proto: {protocol}" if protocol.lower() not in ("tcp", "udp", "sctp") else ""
        if not first <= last < 65536:
            wrong = f"invalid containerPort: {port}" if port else f"no port specified: {each}<empty>"
        if wrong:
            raise plain_error(instruction.line, wrong, "write EXPOSE like 8080 or 53/udp")
        found.extend(f"{number}/{protocol.lower()}" for number in range(first, last + 1))
    return found


def health(instruction: Instruction, config: Mapping[str, Any]) -> dict[str, Any]:
    """HEALTHCHECK: times in nanoseconds, as the image configuration has them."""
    kind, _, rest = instruction.value.partition(" ")
    if kind.upper() == "NONE":
        if rest.strip():
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
        if not re.fullmatch(r"[+-]?\d+", retries):
            raise parse_error(instruction.line, f'strconv.ParseInt: parsing "{retries}": invalid syntax')
        if int(retries) < 0:
            raise parse_error(instruction.line, f"--retries cannot be negative ({retries})")
        out["Retries"] = int(retries)
    return {key: value for key, value in out.items() if value or key == "Test"}


def duration(instruction: Instruction, flag: str, text: str) -> int:
    """Go's duration, in nanoseconds: ``30s``, ``1m30s``, ``1.5s``."""
    bare = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    if bare == "0":
        return 0
    parts = re.findall(r"(\d+(?:\.\d*)?)([^\d.]*)", bare)
    wrong = "invalid" if "".join(number + unit for number, unit in parts) != bare or not parts else ""
    for _, unit in parts:
        if not wrong and unit not in _UNITS:
            wrong = f'unknown unit "{unit}" in' if unit else "missing unit in"
    if wrong:
        raise parse_error(instruction.line, f'time: {wrong} duration "{text}"', f"write --{flag} like 30s or 1m30s")
    total = round(sum(float(number) * _UNITS[unit] for number, unit in parts)) * (-1 if text.startswith("-") else 1)
    if total and total < 10**6:
        raise parse_error(instruction.line, f'Interval "{flag}" cannot be less than 1ms')
    return total
