"""Stage 00: the machine, the engine, the identity and the region are known. Nothing is created."""

from labs import oci
from labs.lesson.bench import PLATFORMS, Bench
from labs.verdict import Gate, Report, Verdict, run_gates


def _engine(bench: Bench) -> Verdict | None:
    reasons = [bench.engine.runnable(oci.Platform.parse(text)) for text in PLATFORMS]
    if all(reasons):
        return bench.say("start.nothing_runs", line=bench.engine.line, reason=reasons[0])
    return None


def _identity(bench: Bench) -> Verdict | None:
    """Asked anew: credentials and region may have changed since the first cell."""
    sts = bench.reader("sts")
    now = str(sts.get_caller_identity()["Account"])
    if now != bench.target.account:
        return bench.say("start.account_changed", now=now, before=bench.target.account)
    if sts.meta.region_name != bench.target.region:
        return bench.say("start.region_changed", now=sts.meta.region_name, before=bench.target.region)
    return None


def _account(bench: Bench) -> Verdict | None:
    typed = bench.progress.of("start").answer
    if not typed:
        return bench.say("start.not_confirmed")
    if typed != bench.target.account:
        return bench.say("start.other_account", typed=typed)
    if not bench.target.confirmed:
        return bench.say("start.not_confirmed")
    return None


def _passed(bench: Bench) -> Verdict:
    here = [text for text in PLATFORMS if not bench.engine.runnable(oci.Platform.parse(text))]
    return bench.say(
        "start.pass",
        account=bench.target.account,
        region=bench.target.region,
        engine=bench.engine.name,
        platforms=" and ".join(here) or "neither platform",
    )


GATES = (Gate("engine", _engine), Gate("identity", _identity), Gate("account", _account))


def check(bench: Bench) -> Report:
    """Ask the gates of stage 00."""
    return run_gates("start", GATES, bench, _passed)
