"""Logs of runs, written in each form that people have them."""

from collections.abc import Iterable

SET_UP = ("Current runner version: '2.336.0'", "Prepare workflow directory", "Complete job name: push")
_WELL, _BADLY = "\u2705  Success", "\u274c  Failure"
END = ("Cleaning up orphan processes",)


def uses(action: str, *inputs: str) -> tuple[str, ...]:
    """What the runner shows before a step with an action."""
    return (f"##[group]Run {action}", "with:", *(f"  {each}" for each in inputs), "##[endgroup]")


def job_log(*steps: Iterable[str], end: bool = True) -> str:
    """A job's log as GitHub keeps it, its steps one after the other."""
    lines = [*SET_UP, *(line for step in steps for line in step), *(END if end else ())]
    return "".join(f"2026-11-30T10:00:{place % 60:02}.1234567Z {line}\n" for place, line in enumerate(lines))


def gh_log(steps: Iterable[tuple[str, Iterable[str]]], job: str = "push", whole: bool = True) -> str:
    """``gh run view --log``; ``steps`` are titles and lines."""
    named = [("Set up job", SET_UP[:2]), *steps, ("Complete job", END)] if whole else list(steps)
    lines = [(title, line) for title, lines in named for line in lines]
    return "".join(f"{job}\t{title}\t2026-11-30T10:00:00.0000000Z {line}\n" for title, line in lines)


def act_log(*steps: tuple[str, Iterable[str], bool], job: str = "lab/push") -> str:
    """act's output; ``steps`` are titles, raw lines and whether they went well."""
    lines = ["\u2b50 Run Set up job", "  \u2705  Success - Set up job"]
    for title, said, well in steps:
        lines.append(f"\u2b50 Run Main {title}")
        lines += [f"  \u2757  {each}" if each.startswith("::error") else f"  | {each}" for each in said]
        lines.append(f"  {_WELL if well else _BADLY} - Main {title} [1.2ms]")
    lines.append(f"\U0001f3c1  Job {'succeeded' if all(well for *_, well in steps) else 'failed'}")
    return "".join(f"[{job}] {line}\n" for line in lines)


def page_text(*steps: Iterable[str]) -> str:
    """What one copies from GitHub's page: no times, marks as words."""
    words = {"##[group]": "", "##[error]": "Error: ", "##[warning]": "Warning: ", "##[endgroup]\n": ""}
    text = "\n".join(line for step in steps for line in step) + "\n"
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
