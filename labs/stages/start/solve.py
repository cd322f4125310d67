"""Stage 00 as the solution does it: read the account's number and give it back."""

from dataclasses import replace

from labs.lesson.bench import Bench


def solve(bench: Bench) -> None:
    """Give the account's number. On real AWS only the trainee may confirm: LabError says how."""
    bench.target.require_confirmed()
    confirm(bench, bench.target.account)


def confirm(bench: Bench, typed: str) -> None:
    """Remember what was typed; LabError when it is not this account's number."""
    number = "".join(typed.split()).replace("-", "")
    bench.progress.put("start", replace(bench.progress.begin("start"), answer=number))
    if number:
        bench.target.confirm(number)


def reset(bench: Bench) -> None:
    """Nothing was created; the account stays confirmed, so that a reset never asks for it again."""
