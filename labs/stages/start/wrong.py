"""Known mistakes of stage 00."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from labs import oci
from labs.engine import Engine, RunningApp
from labs.errors import LabError
from labs.ledger.lab_account import TargetName
from labs.lesson.bench import Bench
from labs.lesson.runner import confirm
from labs.lesson.stage import Wrong
from labs.stages.start.solve import solve


@dataclass(frozen=True)
class _Powerless:
    """The engine of a machine whose CPU is neither of the two and has no emulation."""

    real: Engine

    @property
    def name(self) -> str:
        return self.real.name

    @property
    def line(self) -> str:
        return self.real.line

    def environment(self, home: Path) -> dict[str, str]:
        return self.real.environment(home)

    def runnable(self, platform: oci.Platform) -> str:
        return f"This machine cannot run {platform}: it has another CPU and no emulation."

    def run(self, image: str, platform: oci.Platform, env: Mapping[str, str]) -> RunningApp:
        raise LabError(self.runnable(platform), id="platform-cannot-run")

    def archive(self, image: str, destination: Path) -> Path:
        return self.real.archive(image, destination)


def _nothing_typed(bench: Bench) -> None:
    confirm(bench.target, "")


def _another_account(bench: Bench) -> None:
    with contextlib.suppress(LabError):
        confirm(bench.target, "444455556666")


def _typed(change: Callable[[str], str], first: bool = False) -> Callable[[Bench], None]:
    """Something was typed in place of the number; ``first``: after the number itself."""

    def do(bench: Bench) -> None:
        if first:
            solve(bench)
        with contextlib.suppress(LabError):
            confirm(bench.target, change(bench.target.account))

    return do


def _not_this_identity(bench: Bench) -> Bench:
    """On AWS an account is confirmed for an identity: with other credentials it is asked again."""
    solve(bench)
    return replace(bench, target=replace(bench.target, name=TargetName.AWS, identity=f"{bench.target.identity}-two"))


def _no_engine(bench: Bench) -> Bench:
    return replace(bench, engine=_Powerless(bench.engine))


def _credentials_changed(bench: Bench) -> Bench:
    solve(bench)
    return replace(bench, target=replace(bench.target, account="444455556666"))


def _region_changed(bench: Bench) -> Bench:
    solve(bench)
    other = "eu-west-1" if bench.target.region != "eu-west-1" else "eu-west-3"
    return replace(bench, target=replace(bench.target, region=other))


WRONG = (
    Wrong("the cell was run as it came", "start.not_confirmed", _nothing_typed),
    Wrong("the number of another account", "start.other_account", _another_account),
    Wrong("the number with a digit missing", "start.other_account", _typed(lambda account: account[:-1])),
    Wrong(
        "two digits the wrong way round",
        "start.other_account",
        _typed(lambda a: a[:-2] + a[-1] + ("0" if a[-1] == a[-2] else a[-2])),
    ),
    Wrong("the caller's ARN", "start.other_account", _typed(lambda account: f"arn:aws:iam::{account}:user/me")),
    Wrong("the name of a profile", "start.other_account", _typed(lambda _: "workshop")),
    Wrong("the name of the variable", "start.other_account", _typed(lambda _: "Account")),
    Wrong("the number in brackets", "start.other_account", _typed(lambda account: f"<{account}>")),
    Wrong("the number, and then nothing", "start.not_confirmed", _typed(lambda _: " ", first=True)),
    Wrong("the number, and then another", "start.other_account", _typed(lambda _: "444455556666", first=True)),
    Wrong("confirmed with other credentials of the account", "start.not_confirmed", _not_this_identity),
    Wrong("the number in groups of four", "start.pass", _typed(lambda a: f"{a[:4]}-{a[4:8]}-{a[8:]}")),
    Wrong("the number with spaces", "start.pass", _typed(lambda account: f" {account[:4]} {account[4:]} ")),
    Wrong("a machine that can run neither platform", "start.nothing_runs", _no_engine),
    Wrong("credentials changed after the first cell", "start.account_changed", _credentials_changed),
    Wrong("region changed after the first cell", "start.region_changed", _region_changed),
)
